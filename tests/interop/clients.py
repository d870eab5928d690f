"""Our client (interop-client, a program of the build tree) against both gateways: each of its cases must get the same from either."""

import json
import os
import subprocess

TIMEOUT_SECONDS = 120
LONG_MESSAGE = 300

# What the original cannot do (matrix.py): as it answers another case, with this endpoint.
ENDPOINT_OF_OURS = ('endpoint-umlauts', 'inputs-array', '/größe/世界')

# Where it must not be success that both answer with: the case -> its status.
STATUS = {'error': 'executor failed'}


class Program:
    def __init__(self, build):
        self.path = os.path.join(build, 'tests', 'interop', 'interop-client')

    def cases(self):
        """Name -> marks."""
        done = subprocess.run([self.path, '--list'], stdout=subprocess.PIPE, text=True, check=True)
        return {words[0]: words[1:] for words in map(str.split, done.stdout.splitlines())}

    def names(self, protocol):
        left_out = {'http': ('not-over-json', 'grpc-only'), 'websocket': ('grpc-only',)}.get(protocol, ())
        return [name for name, marks in self.cases().items() if not set(marks) & set(left_out)]

    def run(self, case, door):
        """The value that the case prints, or a text that says why there is none."""
        try:
            done = subprocess.run([self.path, door.uri, case] + ([os.environ['SSL_CERT_FILE']] if door.tls else []),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return 'no answer within %d s' % TIMEOUT_SECONDS
        if done.returncode != 0:
            return 'exit code %d: %s' % (done.returncode, done.stderr[-LONG_MESSAGE:])
        return comparable(case, json.loads(done.stdout))


def comparable(case, value):
    """Answers that may come in any order are sorted by their documents; ids that were made up are not compared."""
    if not case.endswith('order') and 'responses' in value:
        value['responses'].sort(key=lambda one: json.dumps(one.get('documents', [])[:1]))
    forget_ids(case, value)
    return value


def forget_ids(case, value):
    made_up = case in ('inputs-texts', 'inputs-blobs', 'inputs-rows', 'inputs-tensors')
    for response in value.get('responses', []) if made_up else []:
        for document in response.get('documents', []):
            document['id'] = 'made up'
        response['documents'].sort(key=json.dumps)


def problems(program, case, theirs, ours, differences):
    """What is wrong, as lines. `theirs`, `ours`: doors."""
    own, (ours_alone, instead, endpoint) = program.run(case, ours), ENDPOINT_OF_OURS
    original = program.run(instead if case == ours_alone else case, theirs)
    for response in original.get('responses', []) if case == ours_alone and isinstance(original, dict) else []:
        response['endpoint'] = endpoint
    if isinstance(original, str) or isinstance(own, str):
        return ['the original: %.300r, ours: %.300r' % (original, own)]
    lines = differences(original, own)
    if original.get('status') != STATUS.get(case, 'ok'):
        lines.append('the case does not work with the original: %.500r' % original)
    return lines
