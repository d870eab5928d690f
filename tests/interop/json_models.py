"""Random requests in JSON: Jina's own models and our reader must refuse the same with the same words, and accept the same.

Each text goes through what Jina's HTTP gateway does with a body (json, FastAPI's and pydantic's checks, its request generator)
and through common/json (json_requests.c). One case per seed.
"""

import base64
import json
import os
import re
import struct
import subprocess

import json_texts

SEEDS = 4
TEXTS = 1000
FINDINGS_MAX = 100          # we tell no more

MISSING = {'detail': [{'loc': ['body'], 'msg': 'field required', 'type': 'value_error.missing'}]}


class Original:
    """What Jina's gateway does with a body."""

    def __init__(self):
        from fastapi.exceptions import RequestValidationError
        from jina.clients.request import request_generator
        from jina.logging.predefined import default_logger
        from jina.serve.runtimes.gateway.models import JinaEndpointRequestModel
        from pydantic import BaseConfig
        from pydantic.fields import ModelField
        default_logger.critical = lambda *_, **__: None
        self.generate = request_generator
        self.failure = RequestValidationError
        self.field = ModelField(name='body', type_=JinaEndpointRequestModel, class_validators=None, model_config=BaseConfig,
                                required=True)

    def answer(self, text):
        if not text:
            return 422, MISSING
        try:
            body = json.loads(text)
        except json.JSONDecodeError as error:
            context = {'msg': error.msg, 'doc': error.doc, 'pos': error.pos, 'lineno': error.lineno, 'colno': error.colno}
            return 422, {'detail': [{'loc': ['body', error.pos], 'msg': str(error), 'type': 'value_error.jsondecode',
                                     'ctx': context}]}
        except Exception:
            return 400, None
        if body is None:
            return 422, MISSING
        try:
            value, errors = self.field.validate(body, {}, loc=('body',))
            if errors:
                detail = self.failure(errors if isinstance(errors, list) else [errors]).errors()
                # Pythons before 3.9 name the function in it.
                return 422, {'detail': json.loads(re.sub(r'[\w.]+\(\) (keywords must be strings)', r'\1', json.dumps(detail)))}
            values = value.dict()
            if values['data'] is not None and 'docs' in values['data']:
                values['data'] = values['data']['docs']
            return 200, next(self.generate(**values)).proto.SerializeToString()
        except Exception as error:
            return 500, repr(error)


class Ours:
    def __init__(self, build):
        self.process = subprocess.Popen([os.path.join(build, 'tests', 'interop', 'json-requests')], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def answer(self, text):
        self.process.stdin.write(struct.pack('<I', len(text)) + text)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('json-requests ended at %r' % text)
        answer = json.loads(line)
        if answer['status'] == 200:
            return 200, base64.b64decode(answer['message'])
        return answer['status'], json.loads(answer['body']) if answer['status'] == 422 else None

    def stop(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError('json-requests ended with %d' % self.process.returncode)


def readable(message):
    """The message without what is made up and what differs on purpose (docs/compatibility.md)."""
    from google.protobuf.json_format import MessageToDict
    from jina.proto import jina_pb2
    request = jina_pb2.DataRequestProto()
    request.ParseFromString(message)
    request.data.docs.SetInParent()
    value = MessageToDict(request, preserving_proto_field_name=True)
    value.get('header', {}).pop('request_id', None)

    def clean(documents, level):
        for document in documents:
            for key in ('id', 'parent_id'):
                if re.fullmatch('[0-9a-f]{32}', document.get(key, '')):
                    document[key] = 'made up'
            if level > 1:  # Jina loses count
                document.pop('granularity', None), document.pop('adjacency', None)
            for key in ('scores', 'evaluations'):  # Jina drops scores without fields
                document[key] = {name: score for name, score in document.get(key, {}).items() if score}
            document.pop('_metadata', None)  # the smart union goes on inside: "true" becomes true
            clean(document.get('chunks', []), level + 1)
            clean(document.get('matches', []), level + 1)

    clean(value.get('data', {}).get('docs', {}).get('docs', []), 0)
    return value


def deviates(theirs, ours):
    """Differences on purpose."""
    return (ours[0] == 422 and 'text stands in it' in json.dumps(ours[1])  # arrays of text
            or theirs[0] == 200 and b'|O' in theirs[1] and ours[0] == 500  # arrays of Python objects
            or theirs[0] == 200 and ours[0] == 500 and b'numpy' not in theirs[1])  # documents made of the keys of `data`


def same(theirs, ours):
    if theirs[0] != ours[0]:
        return False
    if theirs[0] == 422:
        return theirs[1]['detail'][:FINDINGS_MAX] == ours[1]['detail']
    return theirs[0] != 200 or readable(theirs[1]) == readable(ours[1])


def names():
    return ['models-%d' % seed for seed in range(1, SEEDS + 1)]


def run(name, build):
    """What differs, as lines."""
    texts, original, ours = json_texts.Texts(int(name.split('-')[1])), Original(), Ours(build)
    problems, kinds = [], set()
    for _ in range(TEXTS):
        text = texts.text()
        theirs, answer = original.answer(text), ours.answer(text)
        kinds.add(theirs[0])
        if not same(theirs, answer) and not deviates(theirs, answer):
            problems.append('%r: Jina %.300r, here %.300r' % (text, theirs, answer))
    ours.stop()
    if not kinds >= {200, 422}:
        problems.append('the texts are all of one kind: %s' % kinds)
    return problems
