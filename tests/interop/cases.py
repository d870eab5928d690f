"""What the unmodified client asks of both gateways. A case gets a client and returns values that must be equal."""

import asyncio

import numpy as np
from docarray import Document, DocumentArray
from docarray.score import NamedScore


def plain(value):
    """Arrays and maps as values that compare."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, list(value.shape), value.tobytes().hex()]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, NamedScore):
        return [value.value, value.op_name, value.description, value.ref_id]
    return value


def document(doc):
    fields = {}
    for name in sorted(doc.non_empty_fields):
        value = getattr(doc, name)
        fields[name] = [document(d) for d in value] if name in ('chunks', 'matches') else plain(value)
    return fields


def response(got):
    status = got.header.status
    return {
        'endpoint': got.header.exec_endpoint,
        'target': got.header.target_executor,
        'status': [status.code, status.description, status.exception.name, list(status.exception.args),
                   status.exception.executor],
        'parameters': plain(got.parameters),
        'routes': [route.executor for route in got.routes],
        'documents': [document(doc) for doc in got.docs],
    }


def responses(got):
    """In order of the first document: on a stream answers may overtake one another."""
    return sorted((response(one) for one in got), key=lambda one: str(one['documents'][:1]))


def texts(count, start=0):
    return DocumentArray(Document(id='%04d' % i, text='text %d' % i) for i in range(start, start + count))


def every_kind():
    chunked = Document(id='chunked', text='one. two.')
    chunked.chunks = [Document(id='c0', text='one.', location=[0.0, 4.0]), Document(id='c1', text='two.', weight=0.5)]
    chunked.chunks[0].chunks.append(Document(id='c00', text='one'))
    matched = Document(id='matched', text='query')
    matched.matches = [Document(id='m0', text='hit', scores={'cos': NamedScore(value=0.25, op_name='cosine', ref_id='matched')})]
    docs = [
        Document(id='text', text='Grüße, 世界 \U0001f30d\n\ttab'),
        Document(id='nul', text='before\0after'),
        Document(id='blob', blob=bytes(range(256))),
        Document(id='tags', tags={'n': 1.5, 's': 'text', 'b': True, 'none': None, 'list': [1.0, 'two', [3.0]], 'map': {'x': {'y': 2.0}}}),
        Document(id='fields', text='t', uri='https://example.org/a?b=c', mime_type='text/plain', modality='text', weight=0.125,
                 offset=2.0, location=[1.0, 2.5, -3.0], parent_id='p', granularity=3, adjacency=2),
        Document(id='scores', text='t', scores={'a': NamedScore(value=0.5, description='half'), 'b': NamedScore(value=-1.0)},
                 evaluations={'e': NamedScore(value=0.75)}),
        Document(id='list', embedding=[1.0, 2.0, 3.0]),
        chunked, matched,
    ]
    for dtype in ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?', 'c8', '>i4'):
        docs.append(Document(id='tensor ' + dtype, tensor=np.arange(6).astype(dtype).reshape(2, 3)))
    docs.append(Document(id='embedding', embedding=np.array([np.nan, np.inf, -0.0, 1e-40], dtype='f4')))
    return DocumentArray(docs)


def post(client, inputs, **keywords):
    keywords.setdefault('target_executor', 'plain')
    return client.post('/try', inputs, return_responses=True, **keywords)


class Cases:
    def documents_of_each_kind(self, client):
        sent = every_kind()
        got = responses(post(client, sent))
        return {'answer': got, 'as sent': got[0]['documents'] == [document(doc) for doc in sent]}

    def documents_of_each_kind_unary(self, client):
        return responses(post(client, every_kind(), stream=False))

    def documents_for_json(self, client):
        """Without what JSON has no form for: other dtypes than its numbers, NaN, infinities."""
        left_out = ('list', 'embedding')
        sent = DocumentArray(doc for doc in every_kind() if doc.id not in left_out and not doc.id.startswith('tensor'))
        sent.append(Document(id='numbers', embedding=np.array([0.5, -1.0, 1e-7, 1e16])))
        return responses(post(client, sent))

    def two_batches(self, client):
        return responses(post(client, texts(5), request_size=3, target_executor='tagger'))

    def whole_chain(self, client):
        return responses(post(client, texts(3), target_executor=None, parameters={'k': 1}))

    def targets(self, client):
        return [responses(post(client, texts(1), target_executor=target)) for target in ('tagger', 'tag', 'see', 'tagger|seen', 'ag')]

    def parameters(self, client):
        given = {'top': 5, 'text': 'ü', 'deep': {'a': [1, 2, {'b': None}]}, 'flag': False}
        return responses(post(client, texts(1), target_executor='seen', parameters=given))

    def parameters_for_one(self, client):
        given = {'top': 5, 'seen__top': 7, 'seen': {'more': 1}, 'other__top': 9}
        return responses(post(client, texts(1), target_executor='seen', parameters=given))

    def results_map(self, client):
        return responses(post(client, texts(3), target_executor='results'))

    def an_error(self, client):
        """on_error gets the response and its error, on_always every response; the post itself goes on."""
        seen = {'done': [], 'error': [], 'always': []}
        client.post('/try', DocumentArray([Document(id='0', text='good'), Document(id='1', text='BAD one'), Document(id='2', text='well')]),
                    target_executor='tagger', request_size=1, results_in_order=True, continue_on_error=True,
                    on_done=lambda r: seen['done'].append(response(r)),
                    on_error=lambda r, *_: seen['error'].append(response(r)),
                    on_always=lambda r: seen['always'].append(response(r)))
        # The old client knows no order.
        return {kind: sorted(got, key=lambda one: one['documents'][0]['id']) for kind, got in seen.items()}

    def an_error_raises(self, client):
        try:
            post(client, DocumentArray([Document(id='1', text='BAD one')]), target_executor='tagger')
        except Exception as error:  # the class is part of the answer
            return [type(error).__name__, 'cannot take BAD one' in str(error)]
        return 'no exception'

    def an_error_unary(self, client):
        seen = []
        client.post('/try', DocumentArray([Document(id='1', text='BAD one')]), target_executor='tagger', stream=False,
                    continue_on_error=True, on_error=lambda r, *_: seen.append(response(r)))
        return seen

    def gzip(self, client):
        return responses(post(client, texts(50), compression='Gzip'))

    def deflate(self, client):
        return responses(post(client, texts(50), compression='Deflate'))

    def gzip_unary(self, client):
        return responses(post(client, texts(50), compression='Gzip', stream=False))

    def unary(self, client):
        return responses(post(client, texts(4), request_size=2, stream=False, target_executor='tagger'))

    def in_order(self, client):
        """With an asynchronous generator, see matrix.py, "how it is sent"."""
        async def inputs():
            for one in texts(200):
                yield one

        got = post(client, inputs(), request_size=1, results_in_order=True, target_executor='tagger')
        return [one.docs[0].id for one in got]

    def prefetch(self, client):
        return responses(post(client, texts(20), request_size=1, prefetch=2))

    def many(self, client):
        got = client.post('/try', texts(5000), request_size=7, target_executor='tagger')
        return sorted((doc.id, doc.text) for doc in got)

    def large(self, client):
        sent = DocumentArray(Document(id=str(i), blob=bytes([i]) * (3 << 20)) for i in range(4))
        return responses(post(client, sent, request_size=4))

    def nothing_to_send(self, client):
        return responses(client.post('/try', target_executor='plain', return_responses=True))

    def empty_inputs(self, client):
        return responses(post(client, DocumentArray()))

    def parameters_only(self, client):
        return responses(client.post('/try', parameters={'only': 1}, target_executor='results', return_responses=True))

    def shorthands(self, client):
        return [doc.text for name in ('index', 'search', 'update', 'delete')
                for doc in getattr(client, name)(texts(1), target_executor='tagger')]

    def metadata_and_timeout(self, client):
        return responses(post(client, texts(1), metadata=(('x-some', 'value'),), timeout=10))

    def ready(self, client):
        return client.is_flow_ready()

    def profiling(self, client):
        return sorted(client.profiling(show_table=False).keys())

    def dry_run(self, client):
        return client.dry_run() if hasattr(client, 'dry_run') else None


class AsyncCases:
    async def post(self, client):
        got = []
        async for one in client.post('/try', texts(6), request_size=2, target_executor='tagger', return_responses=True):
            got.append(one)
        return responses(got)

    async def concurrent_posts(self, client):
        async def one(start):
            return [doc.text async for docs in client.post('/try', texts(10, start), request_size=3, target_executor='tagger')
                    for doc in docs]

        return [sorted(got) for got in await asyncio.gather(*(one(100 * i) for i in range(8)))]

    async def ready(self, client):
        return await client.is_flow_ready()


def names():
    return ([name for name in vars(Cases) if not name.startswith('_') and name != 'documents_for_json'] +
            ['async_' + name for name in vars(AsyncCases) if not name.startswith('_')])


def run_asynchronous(make_client, use):
    """What use(client) gives, with a client that was made in the loop: before Python 3.10 its locks belong to one."""
    async def both():
        return await use(make_client())
    return asyncio.run(both())


def run(name, port, **options):
    """The case's value against the gateway at this port, or what was raised. `options` of the client: protocol, tls, …"""
    from jina import Client
    try:
        if name.startswith('async_'):
            return run_asynchronous(lambda: Client(port=port, asyncio=True, **options), getattr(AsyncCases(), name[len('async_'):]))
        return getattr(Cases(), name)(Client(port=port, **options))
    except Exception as error:  # a gateway that makes the client fail is a finding, not an end
        return 'raised %s: %s' % (type(error).__name__, error)
