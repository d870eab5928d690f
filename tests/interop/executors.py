"""Executors of the original for its side of the comparison; the C twins are executor/plugins/tag.c, echo.c and
tests/fixtures/twin_results.c, twin_echo.c. What they do is written down in docs/plugins/ and tests/fixtures/README.md."""

import json
import time

from docarray import DocumentArray
from jina import Executor, requests


class Plain(Executor):
    @requests
    def default(self, **kwargs):
        return None


class Tagger(Executor):
    def __init__(self, label='', fail_on='', fail_with='ValueError', delay_ms=0, **kwargs):
        super().__init__(**kwargs)
        self.label, self.fail_on, self.delay_ms = label, fail_on, delay_ms
        self.error = {'ValueError': ValueError, 'KeyError': KeyError}[fail_with]

    @requests
    def tag(self, docs: DocumentArray, **kwargs):
        time.sleep(self.delay_ms / 1000)
        for doc in docs:
            if self.fail_on and self.fail_on in doc.text:
                raise self.error('cannot take ' + doc.text)
            doc.text += '|' + self.label
            doc.tags[self.label] = 1.0


class Results(Executor):
    @requests
    def default(self, docs: DocumentArray, **kwargs):
        return {'count': len(docs), 'by': 'results'}


class Echo(Executor):
    @requests
    def default(self, docs: DocumentArray, parameters, **kwargs):
        for doc in docs:
            doc.tags['seen.params'] = json.dumps(parameters, sort_keys=True, separators=(',', ':'))
