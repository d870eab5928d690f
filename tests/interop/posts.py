"""`sluice post` and `sluice ping` against a gateway of the original. A case returns what is wrong, as lines."""

import json
import os
import subprocess

TIMEOUT_SECONDS = 60


class Sluice:
    def __init__(self, program, uri, folder):
        self.program, self.uri, self.folder = program, uri, folder

    def run(self, command, *arguments, stdin=''):
        words = [self.program, command, self.uri, *arguments]
        return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS)

    def post(self, *arguments, stdin=''):
        """The lines of JSON that come out."""
        done = self.run('post', *arguments, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError('exit code %d: %s' % (done.returncode, done.stderr.strip()))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def file(self, name, lines):
        path = os.path.join(self.folder, name)
        with open(path, 'w') as out:
            out.writelines(line + '\n' for line in lines)
        return path


def same(what, expected, got):
    assert expected == got, '%s: expected %.300r, got %.300r' % (what, expected, got)


TARGET_TAGGER = ('--target-executor', 'tagger')
TARGET_PLAIN = ('--target-executor', 'plain')


class Posts:
    def texts(self, sluice):
        got = sluice.post('/try', '--text', 'one', '--text', 'zwei ü', *TARGET_TAGGER)
        same('texts', ['one|T', 'zwei ü|T'], [doc['text'] for doc in got])
        same('tags', [{'T': 1.0}, {'T': 1.0}], [doc['tags'] for doc in got])

    def documents_of_each_kind(self, sluice):
        sent = [
            {'id': 'text', 'text': 'Grüße'},
            {'id': 'tags', 'text': 't', 'tags': {'a': 1.5, 'b': [True, None, 'x'], 'c': {'d': 2.0}}},
            {'id': 'embedding', 'embedding': [0.5, -1.0, 3.25]},
            {'id': 'tensor', 'tensor': [[1.0, 2.0], [3.0, 4.0]]},
            {'id': 'fields', 'text': 't', 'uri': 'u', 'mime_type': 'text/plain', 'modality': 'm', 'weight': 0.5, 'location': [1.0, 2.0]},
            {'id': 'scores', 'text': 't', 'scores': {'cos': {'value': 0.5, 'op_name': 'cosine'}}},
            {'id': 'chunks', 'text': 't', 'chunks': [{'id': 'c', 'text': 'chunk', 'parent_id': 'chunks', 'granularity': 1}]},
            {'id': 'matches', 'text': 't', 'matches': [{'id': 'm', 'text': 'match', 'adjacency': 1}]},
        ]
        path = sluice.file('documents.jsonl', [json.dumps(doc) for doc in sent])
        got = {doc['id']: doc for doc in sluice.post('/try', '--jsonl', path, *TARGET_PLAIN)}
        same('ids', sorted(doc['id'] for doc in sent), sorted(got))
        for doc in sent:
            for field, value in doc.items():
                if field in ('chunks', 'matches'):
                    same(doc['id'], [one['text'] for one in value], [one['text'] for one in got[doc['id']][field]])
                elif field == 'scores':
                    same(doc['id'], 0.5, got[doc['id']]['scores']['cos']['value'])
                else:
                    same('%s of %s' % (field, doc['id']), value, got[doc['id']].get(field))

    def blob(self, sluice):
        path = os.path.join(sluice.folder, 'blob')
        with open(path, 'wb') as out:
            out.write(bytes(range(256)))
        sent = sluice.post('/try', '--file', path, *TARGET_PLAIN)
        assert sent and sent[0].get('blob'), 'no blob came back'

    def two_batches(self, sluice):
        path = sluice.file('lines', ['line %d' % i for i in range(5)])
        got = sluice.post('/try', '--lines', path, '--request-size', '3', '--responses', '--results-in-order', *TARGET_TAGGER)
        same('documents per response', [3, 2], [len(one['data']) for one in got])

    def pipe(self, sluice):
        got = sluice.post('/try', '--lines', '-', '--request-size', '10', *TARGET_TAGGER, stdin=''.join('%d\n' % i for i in range(1000)))
        same('texts', sorted('%d|T' % i for i in range(1000)), sorted(doc['text'] for doc in got))

    def parameters(self, sluice):
        got = sluice.post('/try', '--text', 'x', '--parameters', '{"a": 1, "seen__b": "c"}', '--target-executor', 'seen')
        same('parameters seen', {'a': 1.0, 'b': 'c'}, json.loads(got[0]['tags']['seen.params']))

    def results_map(self, sluice):
        got = sluice.post('/try', '--text', 'x', '--text', 'y', '--responses', '--target-executor', 'results')
        same('results', {'results/rep-0': {'by': 'results', 'count': 2.0}}, got[0]['parameters']['__results__'])

    def an_error(self, sluice):
        done = sluice.run('post', '/try', '--text', 'BAD', *TARGET_TAGGER)
        assert done.returncode not in (0, 2), 'exit code %d' % done.returncode
        assert 'cannot take BAD' in done.stderr, 'stderr: ' + done.stderr

    def gzip(self, sluice):
        same('texts', ['x' * 1000 + '|T'], [d['text'] for d in sluice.post('/try', '--text', 'x' * 1000, '--compression', 'Gzip', *TARGET_TAGGER)])

    def deflate(self, sluice):
        same('texts', ['x' * 1000 + '|T'], [d['text'] for d in sluice.post('/try', '--text', 'x' * 1000, '--compression', 'Deflate', *TARGET_TAGGER)])

    def unary(self, sluice):
        same('texts', ['x|T'], [d['text'] for d in sluice.post('/try', '--text', 'x', '--no-stream', *TARGET_TAGGER)])

    def prefetch(self, sluice):
        got = sluice.post('/try', '--lines', '-', '--request-size', '1', '--prefetch', '2', *TARGET_TAGGER, stdin='a\nb\nc\nd\n')
        same('texts', ['a|T', 'b|T', 'c|T', 'd|T'], sorted(doc['text'] for doc in got))

    def nothing_to_send(self, sluice):
        got = sluice.post('/try', '--none', '--responses', *TARGET_PLAIN)
        same('responses', 1, len(got))

    def ping(self, sluice):
        done = sluice.run('ping')
        same('exit code of ping', 0, done.returncode)


def names():
    return [name for name in vars(Posts) if not name.startswith('_')]


def run(name, program, uri, folder):
    try:
        getattr(Posts(), name)(Sluice(program, uri, folder))
    except AssertionError as error:
        return [str(error)]
    except (OSError, subprocess.TimeoutExpired, KeyError, IndexError, ValueError) as error:
        return ['%s: %s' % (type(error).__name__, error)]
    return []
