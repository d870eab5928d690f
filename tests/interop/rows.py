"""The rows of a run, in phases: one Flow of the original runs at a time, beside one of ours with every protocol, plain and
with TLS. A row's name is FAMILY-DOOR-CASE.

- client, matrix: what the unmodified Client gets (cases.py, matrix.py), of both gateways. Doors with TLS are ours; the
  original's is then the plain one.
- ours, post, mutate-ours: what our client (client_cases.c), `sluice post` and `sluice mutate` get, of both gateways or of the
  original's.
- mutate, and those of web.OTHERS: GraphQL, client-go, curl. json: Jina's models and ours. recall: vector_index and NumPy.
"""

import fnmatch
import os
import re

import sides
from asker import Asker
from harness import Product

# Where the answers differ and have to: row -> (what each line says, why). docs/compatibility.md lists them as well.
DEVIATIONS = {
    'client-grpc*-profiling': ('division by zero',
                               'the client divides by the time inside the gateway in whole milliseconds, which rounds to 0 here'),
}

# What the old gateway and its executors do otherwise, whatever the row: each differing line must be one of these.
LINES_OF_3_5 = [
    (r"target: theirs '.+', ours ''$", 'gives target_executor back'),
    (r"seen\.params: theirs '\{\"__results__\"", 'passes results on to later executors'),
    (r"seen\.params: theirs '.*\bseen__", 'knows no parameters for one executor'),
]

# What version 3.5.0 of the client cannot be asked, by family; the rest of the cases is asked.
NOT_IN_3_5 = {
    'client': ('*unary*', 'in_order', 'prefetch', 'ready', 'profiling', 'dry_run', 'async_ready', 'an_error_raises', 'metadata_and_timeout'),
    # Of contents it makes documents with its own settings as tags; without an endpoint it fails.
    'matrix': ('inputs-texts', 'inputs-blobs', 'inputs-rows', 'endpoint-empty', '*order*', 'prefetch', 'unary*', 'attempts', 'timeout', 'ready', 'callbacks-*'),
    'ours': ('ready', 'profile', 'info', '*unary*', '*order*'),
    'post': ('unary', 'ping', 'parameters'),
}


def fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def differences(theirs, ours, path=''):
    """Where two values differ, as lines."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [line for key in sorted(set(theirs) | set(ours))
                for line in differences(theirs.get(key, '(absent)'), ours.get(key, '(absent)'), '%s.%s' % (path, key))]
    if isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)) and len(theirs) == len(ours):
        return [line for i, pair in enumerate(zip(theirs, ours)) for line in differences(*pair, '%s[%d]' % (path, i))]
    return [] if theirs == ours else ['%s: theirs %.300r, ours %.300r' % (path or 'value', theirs, ours)]


def compare(original, own, raises=None):
    """The same of a client's values, which are texts when it raised. `raises`: the class that it must raise with both."""
    if raises is not None:
        return [] if all(isinstance(one, str) and one.startswith('raised %s:' % raises) for one in (original, own)) else \
            ['not both raised %s: theirs %.300r, ours %.300r' % (raises, original, own)]
    lines = differences(original, own)
    if isinstance(original, str) and original.startswith(('raised', 'broken')):
        lines.append('the case does not work with the original: ' + original)
    return lines


class Results:
    def __init__(self, version, python):
        self.rows, self.left_out = [], []
        self.prefix = '' if version == '3.34' else version + '-'
        self.place = 'python%s-' % python if python else ''

    def add(self, name, problems):
        known, reason = next((one for pattern, one in DEVIATIONS.items() if fnmatch.fnmatchcase(self.prefix + name, pattern)), ('', ''))
        deviates = bool(problems and known and all(known in line for line in problems))
        if problems and self.prefix == '3.5-':
            kinds = [next((words for pattern, words in LINES_OF_3_5 if re.search(pattern, line)), None) for line in problems]
            deviates, reason = None not in kinds, 'the old gateway ' + ', '.join(sorted(set(filter(None, kinds))))
        if deviates:
            problems = []
        self.rows.append({'name': self.place + self.prefix + name, 'measured': len(problems), 'floor': None, 'ratio': None, 'target': '0 differences',
                          'met': not problems, 'differences': problems[:20], 'deviation': reason if deviates else None})
        print('%-6s %s%s' % ('FAILED' if problems else 'ok', self.place + self.prefix + name, ' (deviation: %s)' % reason if deviates else ''), flush=True)
        for line in problems[:8]:
            print('       ' + line)


class Families:
    """What can be asked over a door; `run` methods take the doors of both sides and give what is wrong, as lines."""

    def __init__(self, version, build, folder):
        self.asker = Asker()
        import cases
        import clients
        import matrix
        import posts
        import web
        self.version, self.folder = version, folder
        self.cases, self.matrix, self.posts, self.web, self.clients = cases, matrix, posts, web, clients
        self.sluice = os.path.join(build, 'bin', 'sluice')
        self.program = clients.Program(build)

    def names(self, family, door):
        protocol = sides.PLAIN.get(door, door)
        names = {'client': lambda: self.cases.names() if protocol == 'grpc' else self.web.client_cases(protocol),
                 'matrix': lambda: self.matrix.names(protocol), 'ours': lambda: self.program.names(protocol),
                 'post': lambda: self.posts.names() if protocol == 'grpc' else self.web.POST_CASES,
                 'mutate': self.web.mutations, 'mutate-ours': self.web.our_mutations}[family]()
        return [name for name in names if self.version != '3.5' or not fits(name, NOT_IN_3_5.get(family, ()))]

    def ask(self, module, function, case, door):
        """What the unmodified Client gets there."""
        return self.asker.ask(module, function, case, door.port, **door.client_options())

    def run(self, family, case, theirs, ours):
        if family == 'client':
            return compare(self.ask('cases', 'run', case, theirs), self.ask('cases', 'run', case, ours))
        if family == 'matrix':
            return compare(self.ask('matrix', 'expected', case, theirs), self.ask('matrix', 'run', case, ours),
                           self.matrix.RAISES.get((theirs.protocol, case)))
        if family == 'mutate':
            return compare(self.ask('web', 'run_mutation', case, theirs), self.ask('web', 'run_mutation', case, ours))
        if family == 'ours':
            return self.clients.problems(self.program, case, theirs, ours, differences)
        if family == 'post':
            return self.posts.run(case, self.sluice, theirs.uri, self.folder)
        return self.web.run_our_mutation(case, self.sluice, theirs.uri)


# Of each phase: the original's protocols, whether with TLS, its other options; families and doors.
PHASES = {
    '3.34': [
        (('grpc',), False, {}, (('client', 'grpc'), ('client', 'grpcs'), ('matrix', 'grpc'), ('ours', 'grpc'), ('post', 'grpc'))),
        (('http', 'websocket'), False, {'expose_graphql_endpoint': True}, (
            ('client', 'http'), ('client', 'https'), ('client', 'websocket'), ('client', 'wss'), ('matrix', 'http'), ('matrix', 'websocket'),
            ('ours', 'http'), ('ours', 'websocket'), ('post', 'http'), ('post', 'websocket'), ('mutate', 'http'), ('mutate', 'https'),
            ('mutate-ours', 'http'))),
        # One by one, so that a failure names its protocol.
        (('grpc',), True, {}, (('ours', 'grpcs'), ('post', 'grpcs'))),
        (('http',), True, {'expose_graphql_endpoint': True}, (('ours', 'https'), ('post', 'https'), ('mutate-ours', 'https'))),
        (('websocket',), True, {}, (('ours', 'wss'), ('post', 'wss'))),
    ],
    '3.5': [((protocol,), False, {}, tuple((family, protocol) for family in ('client', 'matrix', 'ours', 'post')))
            for protocol in sides.PROTOCOLS],
}


def door_of(doors, name):
    """The door of that name, or the plain one of its protocol: TLS on one side is enough."""
    return doors.get(name) or doors[sides.PLAIN[name]]


def run_phase(results, families, phase, own, wanted, self_check):
    protocols, tls, more, rows = phase
    chosen = [(family, door, case) for family, door in rows for case in families.names(family, door)
              if wanted(results.prefix + '%s-%s-%s' % (family, door, case))]
    if not chosen:
        return
    with sides.original(protocols, tls, **more) as theirs:
        for family, door, case in chosen:
            other = theirs if self_check else own
            results.add('%s-%s-%s' % (family, door, case), families.run(family, case, door_of(theirs, door), door_of(other, door)))


def run(version, options, folder, wanted):
    version, _, python = version.partition('@')
    results = Results(version, python)
    if version == '3.34' and not options.self_check:
        import json_models
        for name in json_models.names():
            if wanted('json-' + name):
                results.add('json-' + name, json_models.run(name, options.build))
    families = Families(version, options.build, folder)
    gateway = '  expose_graphql_endpoint: true\n' + ('  compatibility: "3.5"\n' if version == '3.5' else '')
    with sides.ours(options.build, folder, gateway) as own:
        for phase in PHASES[version]:
            run_phase(results, families, phase, own, wanted, options.self_check)
        for name, call in families.web.OTHERS.items() if version == '3.34' and not python and not options.self_check else ():
            if wanted(name):
                results.add(name, families.web.problems_of(call, own))
    if version == '3.34' and not options.self_check:
        import recall
        for name in recall.names():
            if wanted('recall-' + name):
                results.add('recall-' + name, recall.run(name, Product(options.build, folder)))
    families.asker.stop()
    return results
