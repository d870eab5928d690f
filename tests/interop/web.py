"""The other doors: HTTP, WebSocket, GraphQL, each with TLS too. What the unmodified client gets from both gateways, what our
tools get from the original's, and what other clients rely on: client-go as it is written, curl as it is installed."""

import base64
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess

import posts
from cases import run_asynchronous

TIMEOUT_SECONDS = 60
# Of cases.py and posts.py, those that mean something over JSON or message by message.
CLIENT_CASES = ['documents_for_json', 'two_batches', 'whole_chain', 'targets', 'parameters', 'parameters_for_one', 'results_map',
                'an_error', 'an_error_raises', 'in_order', 'prefetch', 'many', 'nothing_to_send', 'empty_inputs', 'parameters_only',
                'shorthands', 'ready', 'async_post', 'async_concurrent_posts', 'async_ready']
# On WebSocket the client may be through before it has looked at the error: it then raises nothing, with either gateway.
CHANCE_ON_WEBSOCKET = ['an_error_raises']
POST_CASES = ['texts', 'documents_of_each_kind', 'blob', 'two_batches', 'pipe', 'parameters', 'results_map', 'an_error', 'prefetch',
              'nothing_to_send', 'ping']


def client_cases(protocol):
    return [name for name in CLIENT_CASES if protocol != 'websocket' or name not in CHANCE_ON_WEBSOCKET]


# ---- mutate ----

DOCS = '''mutation($data: [StrawberryDocumentInput!], $on: String! = "/try") {
  docs(data: $data, execEndpoint: $on, targetExecutor: "tagger") { id text tags chunks { id text } }
}'''


class Mutations:
    def variables(self, client):
        return client.mutate(mutation=DOCS, variables={'data': [{'id': 'a', 'text': 'one'}, {'id': 'b', 'text': 'zwei ü'}], 'on': '/try'})

    def literals(self, client):
        return client.mutate(mutation='mutation { docs(data: [{id: "a", text: "one"}], targetExecutor: "plain") { id text embedding } }')

    def a_query(self, client):
        return client.mutate(mutation='{ docs(data: {id: "a", text: "one"}, targetExecutor: "tagger") { __typename id text } }')

    def aliases_and_fragments(self, client):
        return client.mutate(mutation='mutation { first: docs(data: [{id: "a", text: "x"}], targetExecutor: "plain") { ...f } } '
                                      'fragment f on StrawberryDocument { key: id text }')

    def refused(self, client):
        try:
            return client.mutate(mutation='mutation { docs(data: [{id: "a"}]) { nothing } }')
        except Exception as error:  # the class is part of the answer
            return [type(error).__name__, 'nothing' in str(error)]


def mutations():
    return [*(name for name in vars(Mutations) if not name.startswith('_')), 'async_variables']


def run_mutation(name, port, **options):
    from jina import Client
    try:
        if name == 'async_variables':
            variables = {'data': [{'id': 'a', 'text': 'one'}], 'on': '/try'}
            answer = run_asynchronous(lambda: Client(port=port, asyncio=True, **options),
                                      lambda client: client.mutate(mutation=DOCS, variables=variables))
        else:
            answer = getattr(Mutations(), name)(Client(port=port, **options))
        if isinstance(answer, dict):
            answer.pop('headers', None)  # those of HTTP, which the client adds
        return answer
    except Exception as error:  # a gateway that makes the client fail is a finding, not an end
        return 'raised %s: %s' % (type(error).__name__, error)


# ---- our tools against the original ----

class Mutate:
    def __init__(self, program, uri):
        self.program, self.uri = program, uri

    def run(self, *arguments):
        return subprocess.run([self.program, 'mutate', self.uri, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_SECONDS)

    def variables(self):
        done = self.run('--query', DOCS, '--variables', json.dumps({'data': [{'id': 'a', 'text': 'one'}], 'on': '/try'}))
        posts.same('exit code', 0, done.returncode)
        posts.same('text', 'one|T', json.loads(done.stdout)['data']['docs'][0]['text'])

    def refused(self):
        done = self.run('--query', 'mutation { docs(data: [{id: "a"}]) { nothing } }')
        posts.same('exit code', 1, done.returncode)
        assert 'nothing' in done.stderr, 'stderr: ' + done.stderr


def our_mutations():
    return ['variables', 'refused']


def run_our_mutation(case, program, uri):
    return problems_of(getattr(Mutate(program, uri), case))


# ---- client-go, as it is written ----

GO_BODY = {'header': {'request_id': 'go', 'exec_endpoint': '/try', 'target_executor': 'tagger'},
           'data': {'docs': [{'id': 'g', 'text': 'from go', 'mimeType': 'text/plain', 'parentId': ''}]}}


def ask(door, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection('127.0.0.1', door.port, timeout=TIMEOUT_SECONDS)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b'null')


def read_exactly(stream, size):
    data = b''
    while len(data) < size:
        piece = stream.recv(size - len(data))
        assert piece, 'the connection ended'
        data += piece
    return data


def read_text(stream):
    """The next message; only whole text messages are expected."""
    first, second = read_exactly(stream, 2)
    size = second & 0x7F
    if size > 125:
        size = struct.unpack('>H' if size == 126 else '>Q', read_exactly(stream, 2 if size == 126 else 8))[0]
    posts.same('first byte of the frame', 0x81, first)
    return json.loads(read_exactly(stream, size))


def go_http_post(doors):
    """POST /post, the endpoint in the header only, documents under data.docs in camelCase."""
    status, answer = ask(doors['http'], 'POST', '/post', json.dumps(GO_BODY), [('Content-Type', 'application/json')])
    posts.same('status', 200, status)
    posts.same('text', 'from go|T', answer['data'][0]['text'])
    posts.same('executors', ['gateway', 'plain', 'tagger'], [route['executor'] for route in answer['routes']][:3])


def go_http_health(doors):
    status, answer = ask(doors['http'], 'GET', '/dry_run')
    posts.same('status and code', (200, 0), (status, answer['code']))


def go_websocket_health(doors):
    status, answer = ask(doors['websocket'], 'GET', '/dry_run')
    posts.same('status and code', (200, 0), (status, answer['code']))


def go_info(doors):
    for protocol in ('http', 'websocket'):
        status, answer = ask(doors[protocol], 'GET', '/status')
        posts.same('status of ' + protocol, 200, status)
        posts.same('maps of ' + protocol, ['envs', 'jina'], sorted(answer))


def go_websocket_post(doors):
    """JSON as text, no sub-protocol, no end marker: two requests on one connection that is then just closed."""
    with socket.create_connection(('127.0.0.1', doors['websocket'].port), TIMEOUT_SECONDS) as stream:
        stream.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                       b'Sec-WebSocket-Key: ' + base64.b64encode(os.urandom(16)) + b'\r\n\r\n')
        head = b''
        while b'\r\n\r\n' not in head:
            head += read_exactly(stream, 1)
        posts.same('status', b'HTTP/1.1 101', head[:12])
        assert b'sec-websocket-protocol' not in head.lower(), 'a sub-protocol that nobody asked for'
        for _ in range(2):
            text = json.dumps(GO_BODY).encode()
            mask = os.urandom(4)
            stream.sendall(struct.pack('>BBH', 0x81, 0x80 | 126, len(text)) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(text)))
            posts.same('text', 'from go|T', read_text(stream)['data'][0]['text'])


# ---- curl ----

def curl(*arguments, stdin=None):
    done = subprocess.run(['curl', '--silent', '--show-error', '--noproxy', '*', '--max-time', str(TIMEOUT_SECONDS), *arguments],
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, 'curl: ' + done.stderr.decode()
    return done.stdout


def request_of(count, text='x'):
    return json.dumps({'data': [{'id': str(i), 'text': text} for i in range(count)], 'targetExecutor': 'tagger'}).encode()


def check_texts(answer, count):
    posts.same('number of documents', count, len(json.loads(answer)['data']))
    posts.same('end of the text', '|T', json.loads(answer)['data'][0]['text'][-2:])


def curl_post(doors):
    check_texts(curl('--json', request_of(2).decode(), 'http://127.0.0.1:%d/post' % doors['http'].port), 2)


def curl_large(doors):
    """Above 1 MB curl waits for 100 Continue."""
    check_texts(curl('--data-binary', '@-', '--header', 'Content-Type: application/json', '--header', 'Expect: 100-continue',
                     'http://127.0.0.1:%d/post' % doors['http'].port, stdin=request_of(2000, 'x' * 1000)), 2000)


def curl_chunked(doors):
    check_texts(curl('--data-binary', '@-', '--header', 'Content-Type: application/json', '--header', 'Transfer-Encoding: chunked',
                     'http://127.0.0.1:%d/post' % doors['http'].port, stdin=request_of(3)), 3)


def curl_https(doors):
    check_texts(curl('--cacert', os.environ['SSL_CERT_FILE'], '--json', request_of(1).decode(),
                     'https://localhost:%d/post' % doors['https'].port), 1)


def curl_redirect(doors):
    check_texts(curl('--location', '--json', request_of(1).decode(), 'http://127.0.0.1:%d/post/' % doors['http'].port), 1)


OTHERS = {'go-http-post': go_http_post, 'go-http-health': go_http_health, 'go-websocket-health': go_websocket_health,
          'go-info': go_info, 'go-websocket-post': go_websocket_post, 'curl-post': curl_post, 'curl-large': curl_large,
          'curl-chunked': curl_chunked, 'curl-https': curl_https, 'curl-redirect': curl_redirect}


def problems_of(call, *arguments):
    try:
        call(*arguments)
    except (AssertionError, OSError, ssl.SSLError, ValueError, KeyError, IndexError, TypeError, subprocess.TimeoutExpired,
            http.client.HTTPException) as error:
        return ['%s: %s' % (type(error).__name__, error)]
    return []
