"""The two sides of a comparison: Flows of the original and of ours with the same executors, and their doors."""

import contextlib
import json
import os
import socket

from harness import Product

# name, plugin in the build tree, class of the original, uses_with
EXECUTORS = [
    ('plain', 'lib/sluice/plugins/echo.so', 'Plain', {}),
    ('tagger', 'lib/sluice/plugins/tag.so', 'Tagger', {'label': 'T', 'fail_on': 'BAD'}),
    ('results', 'tests/plugins/twin_results.so', 'Results', {}),
    ('seen', 'tests/plugins/twin_echo.so', 'Echo', {}),
]

PROTOCOLS = ('grpc', 'http', 'websocket')
SECURE = {'grpc': 'grpcs', 'http': 'https', 'websocket': 'wss'}
PLAIN = {name: protocol for protocol, name in SECURE.items()}  # of a door's name, the protocol
SCHEMES = {'grpc': 'grpc', 'http': 'http', 'websocket': 'ws'}


class Door:
    """A port of a gateway: protocol, with TLS or without."""

    def __init__(self, protocol, port, tls=False):
        self.protocol, self.port, self.tls = protocol, port, tls
        self.name = SECURE[protocol] if tls else protocol

    def client_options(self):
        """For the Python client."""
        return {'host': 'localhost', 'protocol': self.protocol, 'tls': self.tls} if self.protocol != 'grpc' or self.tls else {}

    @property
    def uri(self):
        """For ours. The certificate is for localhost."""
        scheme = SCHEMES[self.protocol] + ('s' if self.tls else '')
        return '%s://%s:%d' % (scheme, 'localhost' if self.tls else '127.0.0.1', self.port)


def certificate_settings():
    folder = os.path.dirname(os.environ['SSL_CERT_FILE'])
    return {'ssl_certfile': os.path.join(folder, 'server.pem'), 'ssl_keyfile': os.path.join(folder, 'server.key')}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(('127.0.0.1', 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def original(protocols, tls=False, **options):
    """Doors of a running Flow of the original, by name."""
    from jina import Flow
    import executors
    ports = free_ports(len(protocols))
    if len(protocols) > 1:
        options.update(protocol=list(protocols), port=ports)
    else:
        options.update(protocol=protocols[0], port=ports[0])
    if tls:  # of the gateway alone: given to the Flow they would be its executors' too, which then never become ready
        flow = Flow().config_gateway(**options, **certificate_settings())
    else:
        flow = Flow(**options)
    for name, _, class_name, with_ in EXECUTORS:
        flow = flow.add(name=name, uses=getattr(executors, class_name), uses_with=with_)
    with flow:
        doors = [Door(protocol, port, tls) for protocol, port in zip(protocols, ports)]
        yield {door.name: door for door in doors}


def our_executors(build):
    for name, plugin, class_name, with_ in EXECUTORS:
        library = os.path.join(build, plugin)
        lines = ['uses_with: ' + json.dumps(with_)] if with_ else []
        yield (name, json.dumps({'jtype': class_name, 'py_modules': [library]}), *lines)


@contextlib.contextmanager
def ours(build, folder, gateway=''):
    """Doors of ours, by name: every protocol, plain and with TLS. `gateway`: more lines for its settings."""
    tls = ''.join('  %s: %s\n' % pair for pair in certificate_settings().items())
    servers = []
    try:
        for more in (gateway, gateway + tls):
            servers.append(Product(build, folder).start(list(our_executors(build)), more, ','.join(PROTOCOLS)))
        yield {door.name: door for server, secure in zip(servers, (False, True))
               for door in (Door(protocol, server.ports[protocol], secure) for protocol in PROTOCOLS)}
    except BaseException:
        for server in servers:
            server.stop(check=False)
        raise
    for server in servers:
        server.stop()
