"""Random requests in JSON: good ones, ones with values of the wrong kind, and broken text."""

import json
import random

ODD = [None, True, False, 0, 1, 2, -1, 3.7, 1.0, 0.1, 1e300, 2**31, 2**32, 2**63, 2**64, 10**25, -5, '', 'a', '3', ' 4 ', '2.5',
       '1e3', 'nan', 'inf', 'x', 'true', 'AAE=', 'AAE', 'AA==', '\u00e9', '\U0001f600', [], [1], [1, 2], [1, 2.5], [True, 2], [None],
       [[1, 2], [3, 4]], [[1, 2], [3]], [[1], 2], [1, [2]], [[], []], [[[1.5], [2]]], [2**63], [-1, 2**63], {}, {'a': 1},
       {'a': 1, 'b': 0}, 'ab', ['ab'], [['a', 1]], [['value', 1]], {'value': 3}, 'image/png', 'png', 'x.png', 'x.tar.gz', 'data:,x',
       'a/b.TXT', '.png', 'http://h/a.svgz', 'x.JPEG', 'data:image/gif;base64,AA']
GOOD = {'id': ['a', 'b', 5], 'parent_id': ['p'], 'granularity': [1, '2'], 'adjacency': [2], 'blob': ['AAE='],
        'tensor': [[1, 2], [[1.5, 2], [3, 4]], [True]], 'mime_type': ['png', 'image/png', 'foo/bar'],
        'text': ['hello', '\u00e9\U0001f600', 1.5], 'weight': [0.5, '2'], 'uri': ['x.png', 'http://h/a.mp3', 'a.unk'],
        'tags': [{'a': 1, 'b': [1, 0, 'x', None, {'k': 2}], 'c': {'d': True}}], 'offset': [1.25], 'location': [[1, 2.5], ['3', 4]],
        'embedding': [[0.1, 1]], 'modality': ['m'], 'evaluations': [{'r': {'value': 1}}],
        'scores': [{'c': {'value': 0.1, 'op_name': 'o', 'ref_id': 5}}], '_metadata': [{'k': {'x': 1}}], 'foo': [1]}
FIELDS = list(GOOD) + ['chunks', 'matches']
TOP = {'parameters': {'a': 1, 'b': [1, 2.5]}, 'execEndpoint': '/x', 'exec_endpoint': '/y', 'targetExecutor': 't',
       'target_executor': 'u', 'header': 1, 'zzz': 2}
LETTERS = b'{}[]",:\\u0123456789eE+-. \n\tntfaINdDcC8/x\x00\x1f\x7f'


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        roll = self.random.random()
        if roll < 0.8 or depth == 3:
            return self.random.choice(ODD)
        if roll < 0.9:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(['a', 'b', 'value', 'op_name', 'docs', 'id']): self.value(depth + 1)
                for _ in range(self.random.randrange(3))}

    def document(self, depth, odd):
        document = {}
        for field in self.random.sample(FIELDS, self.random.choice([0, 1, 1, 2, 2, 2, 3, 5, 8])):
            if self.random.random() < odd:
                document[field] = self.value()
            elif field in GOOD:
                document[field] = self.random.choice(GOOD[field])
            elif depth < 2:
                document[field] = [self.document(depth + 1, odd) for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.9:
            document.setdefault('id', 'i%d' % self.random.randrange(1000))
        return document

    def documents(self, odd, most):
        return [self.document(0, odd) for _ in range(self.random.randrange(most))]

    def body(self):
        odd = self.random.choice([0, 0, 0.05, 0.3])
        roll = self.random.random()
        body = {}
        if roll < 0.6:
            body['data'] = self.documents(odd, 4)
        elif roll < 0.75:
            body['data'] = {'docs': self.documents(odd, 3)}
        elif roll < 0.9:
            body['data'] = self.value()
        for key, usual in TOP.items():
            if self.random.random() < 0.2:
                body[key] = self.value() if self.random.random() < 0.5 else usual
        return body

    def broken(self, text):
        text = bytearray(text)
        for _ in range(self.random.randrange(1, 3)):
            if not text:
                break
            at, roll = self.random.randrange(len(text)), self.random.random()
            if roll < 0.4:
                del text[at]
            elif roll < 0.7:
                text[at] = self.random.choice(LETTERS)
            elif roll < 0.9:
                text.insert(at, self.random.choice(LETTERS))
            else:
                del text[at:]
        return bytes(text)

    def text(self):
        value = self.body() if self.random.random() > 0.03 else self.value()
        text = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode()
        return self.broken(text) if self.random.random() < 0.25 else text
