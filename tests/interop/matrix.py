"""What a client may give to post(), as a table: each row is asked over every protocol, of both gateways, and the two must agree.

A row is a function that makes the inputs anew, and the keywords of post(). `KINDS` says how the answers are taken. Rows that
need more than one call of post() are functions at the end.
"""

import asyncio
import re

import numpy as np
from docarray import Document, DocumentArray
from docarray.score import NamedScore

from cases import document, response, run_asynchronous, texts

MADE_UP = re.compile('[0-9a-f]{32}')
LARGE = 8 << 20
DTYPES = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?', 'c8', 'c16', '>f4', '>i2')
JSON_DTYPES = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', '?')


def generator(count):
    return (one for one in texts(count))


async def async_generator(count):
    for one in texts(count):
        yield one


def tensors(dtypes):
    return DocumentArray(Document(id=dtype, tensor=np.arange(6).astype(dtype).reshape(2, 3)) for dtype in dtypes)


def embeddings():
    return DocumentArray([Document(id='floats', embedding=np.array([0.1, -2.5, 1e-7, 1e16], dtype='f4')),
                          Document(id='one', embedding=np.array([1.0])), Document(id='wide', tensor=np.zeros((1, 2, 3, 4), dtype='f4'))])


def not_finite():
    return DocumentArray([Document(id='n', embedding=np.array([np.nan, np.inf, -np.inf, -0.0, 1e-40], dtype='f4'))])


def nested():
    """Two levels of chunks and matches, with everything that says where a document belongs."""
    outer = Document(id='outer', text='one. two.')
    outer.chunks = [Document(id='c%d' % i, text='chunk %d' % i, location=[float(i), i + 1.5], weight=0.5) for i in range(3)]
    outer.chunks[1].chunks = [Document(id='cc', text='inner', tags={'deep': {'er': [1.0, {'est': True}]}})]
    outer.matches = [Document(id='m%d' % i, text='match', scores={'cos': NamedScore(value=1 / (i + 2), op_name='cosine')}) for i in range(2)]
    outer.matches[0].matches = [Document(id='mm', text='match of a match')]
    return DocumentArray([outer])


def tags():
    return DocumentArray([
        Document(id='nested', tags={'a': {'b': {'c': {'d': [1.5, [2.5, [3.5, None]], {'e': ''}]}}}, 'empty': {}, 'none': None, 'list': []}),
        Document(id='numbers', tags={'zero': 0.5, 'large': 1e300, 'small': 5e-324, 'negative': -1.25}),
        Document(id='keys', tags={'': 'no name', 'ü': 'ö', 'with space': True, 'a.b': False, '\U0001f600': '\U0001f30d'})])


def odd_texts():
    return DocumentArray([Document(id='nul', text='before\0after'), Document(id='emoji', text='\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f30d'),
                          Document(id='controls', text=''.join(map(chr, range(1, 32))) + '\x7f\u2028\ufeff'), Document(id='rtl', text='שלום \u202eabc'),
                          Document(id='quotes', text='"\\/\b\f\n\r\t</script>'), Document(id='edge', text='\uffff\U0010ffff')])


def bad_among_good():
    return DocumentArray([Document(id='0', text='good'), Document(id='1', text='BAD one'), Document(id='2', text='well')])


TAGGER = {'target_executor': 'tagger'}

# name: (inputs, keywords of post)
POSTS = {
    # inputs of every kind
    'inputs-none': (lambda: None, {}),
    'inputs-document': (lambda: Document(id='a', text='alone'), {}),
    'inputs-array': (lambda: texts(5), {'request_size': 2}),
    'inputs-list': (lambda: list(texts(5)), {'request_size': 2}),
    'inputs-tuple': (lambda: tuple(texts(5)), {'request_size': 2}),
    'inputs-generator': (lambda: generator(5), {'request_size': 2}),
    'inputs-function': (lambda: lambda: generator(5), {'request_size': 2}),
    'inputs-async-generator': (lambda: async_generator(5), {'request_size': 2}),
    'inputs-texts': (lambda: ['one', 'zwei ü', 'drei'], {'request_size': 2}),
    'inputs-blobs': (lambda: [b'\0\1', b'\xff' * 100], {}),
    'inputs-dicts': (lambda: [{'id': 'a', 'text': 'x', 'tags': {'k': 1.5}}, {'id': 'b', 'text': 'y'}], {}),
    'inputs-rows': (lambda: np.arange(12.0).reshape(4, 3), {'request_size': 3}),
    'inputs-empty-list': (lambda: [], {}),
    'inputs-empty-array': (DocumentArray, {}),
    'inputs-empty-generator': (lambda: generator(0), {}),
    # batching
    **{'batch-%s-%d' % (kind, size): (lambda make=make: make(101), {'request_size': size})
       for kind, make in (('array', texts), ('generator', generator)) for size in (1, 7, 100)},
    'batch-all': (lambda: texts(150), {'request_size': -1}),
    # what the documents hold
    'documents-nested': (nested, {}),
    'documents-tags': (tags, {}),
    'documents-odd-texts': (odd_texts, {}),
    'documents-embeddings': (embeddings, {}),
    'documents-large-text': (lambda: DocumentArray([Document(id='large', text='aä€\U0001f30d' * (LARGE // 10))]), {}),
    'documents-large-blob': (lambda: DocumentArray([Document(id='large', blob=bytes(range(256)) * 4096)]), {}),
    'documents-same-ids': (lambda: DocumentArray(Document(id='same', text=str(i)) for i in range(4)), {'request_size': 2}),
    # header and parameters
    'endpoint-odd': (lambda: texts(2), {'on': '/a?b=c&d#e%20/../"f" '}),
    'endpoint-no-slash': (lambda: texts(2), {'on': 'noslash'}),
    'endpoint-empty': (lambda: texts(2), {'on': ''}),
    'target': (lambda: texts(2), {'target_executor': 'tag.*'}),
    'target-two': (lambda: texts(2), {'target_executor': '(tagger|seen)'}),
    'target-nobody': (lambda: texts(2), {'target_executor': 'nobody'}),
    'whole-chain': (lambda: texts(3), {'target_executor': None}),
    'parameters': (lambda: texts(1), {'target_executor': 'seen', 'parameters': {'a': 5, 'b': {'c': [1, 'ü', None, True]}, 'd': 0.1}}),
    'parameters-for-one': (lambda: texts(1), {'target_executor': 'seen', 'parameters': {'k': 1, 'seen__k': 2, 'tagger__k': 3, 'seen': {'m': 4}}}),
    'parameters-alone': (lambda: None, {'target_executor': 'results', 'parameters': {'only': [1, 2]}}),
    'parameters-empty': (lambda: texts(1), {'target_executor': 'seen', 'parameters': {}}),
    'parameters-results': (lambda: texts(1), {'parameters': {'__results__': {'mine': {'x': 1}}}}),
    'results-map': (lambda: texts(3), {'target_executor': 'results', 'request_size': 2}),
    # how it is sent. In order, only with an asynchronous generator: but on a stream of gRPC the client waits for ever when the
    # last answer comes before it has seen the end of its input, which it looks for in another thread otherwise
    'order': (lambda: async_generator(100), {'request_size': 1, 'results_in_order': True, **TAGGER}),
    'prefetch': (lambda: texts(20), {'request_size': 1, 'prefetch': 3}),
    'gzip': (lambda: texts(50), {'compression': 'Gzip'}),
    'deflate': (lambda: texts(50), {'compression': 'Deflate'}),
    'unary': (lambda: texts(10), {'request_size': 3, 'stream': False}),
    'unary-order': (lambda: async_generator(50), {'request_size': 1, 'stream': False, 'results_in_order': True}),
    'attempts': (lambda: texts(3), {'max_attempts': 3}),
    'timeout': (lambda: texts(3), {'timeout': 30}),
}

# What JSON has no form for, or gives another one.
NOT_OVER_JSON = {'documents-not-finite': (not_finite, {})}
for dtype in DTYPES:
    (POSTS if dtype in JSON_DTYPES else NOT_OVER_JSON)['tensor-' + dtype] = (lambda dtype=dtype: tensors([dtype]), {})

# What the original cannot do, as its gateway passes the endpoint on to executors as call metadata, which must be ASCII: it never
# answers. Ours must answer as the original does for /try.
ENDPOINTS_OF_OURS = {'endpoint-umlauts': '/größe/世界', 'endpoint-emoji': '/\U0001f50d'}

# What the client refuses to take, from either gateway: it has a limit of 4 MiB for an answer over WebSocket.
RAISES = {('websocket', 'documents-large-text'): 'BadRequestType'}


def neutral(value):
    """Ids that were made up here are not compared."""
    if isinstance(value, dict):
        return {key: 'made up' if key in ('id', 'parent_id') and isinstance(one, str) and MADE_UP.fullmatch(one) else neutral(one)
                for key, one in value.items()}
    if isinstance(value, list):
        return [neutral(one) for one in value]
    return value


def post(client, inputs, **keywords):
    keywords.setdefault('target_executor', 'plain')
    return client.post(keywords.pop('on', '/try'), inputs, return_responses=True, **keywords)


def a_post(client, name):
    make, keywords = POSTS.get(name) or NOT_OVER_JSON[name]
    got = post(client, make(), **keywords)
    return taken(got, keywords.get('results_in_order'))


def taken(got, ordered):
    """Answers as values; in order of their first documents where they may come in any."""
    values = [neutral(response(one)) for one in got]
    return values if ordered else sorted(values, key=lambda one: str(one['documents'][:1]))


async def async_post(client, name):
    make, keywords = POSTS[name]
    keywords = {'target_executor': 'plain', **keywords}
    got = [one async for one in client.post(keywords.pop('on', '/try'), make(), return_responses=True, **keywords)]
    return taken(got, keywords.get('results_in_order'))


def another_endpoint(client, name):
    return taken(post(client, texts(2), on=ENDPOINTS_OF_OURS[name]), False)


# ---- callbacks and failures ----

def callbacks(client, **keywords):
    """Who is called how often and with what, and what the post makes of it. Not in order: for that the original's client may wait for
    ever (docs/compatibility.md)."""
    seen = {'done': [], 'error': [], 'always': []}

    def note(kind):
        return lambda one, *_: seen[kind].append(neutral(response(one)))

    chosen = {'on_' + kind: note(kind) for kind in keywords.pop('who')}
    returned = client.post('/try', bad_among_good(), target_executor='tagger', request_size=1, **chosen, **keywords)
    seen['returned'] = None if returned is None else [neutral(document(one)) for one in returned]
    return {kind: found and sorted(found, key=repr) for kind, found in seen.items()}


def flattened(client):
    return sorted((one.id, one.text) for one in client.post('/try', texts(250), target_executor='tagger', request_size=7))


async def several(make_client):
    """Eight clients at once, each with a post of its own."""
    async def one(number):
        client = make_client()
        return sorted([doc.id async for docs in client.post('/try', texts(20, 100 * number), target_executor='tagger', request_size=3)
                       for doc in docs])

    return await asyncio.gather(*(one(number) for number in range(8)))


CALLS = {
    'callbacks-all': lambda client: callbacks(client, who=('done', 'error', 'always')),
    'callbacks-error-alone': lambda client: callbacks(client, who=('error',)),
    'callbacks-done-and-always': lambda client: callbacks(client, who=('done', 'always'), continue_on_error=True),
    'callbacks-continue': lambda client: callbacks(client, who=(), continue_on_error=True),
    # A callback that raises is not asked: whether its error comes out is a race within the original's client.
    'flattened': flattened,
    'ready': lambda client: client.is_flow_ready(),
    'shorthands': lambda client: [document(one) for name in ('index', 'search', 'update', 'delete')
                                  for one in getattr(client, name)(texts(2), target_executor='tagger')],
}
ASYNC = ('inputs-array', 'inputs-async-generator', 'batch-array-7', 'documents-nested', 'endpoint-odd', 'order', 'results-map')


def names(protocol):
    """The rows over one protocol."""
    return ([*POSTS, *([] if protocol == 'http' else NOT_OVER_JSON)] + list(CALLS) + ['async-' + name for name in ASYNC] +
            ['several-clients', *ENDPOINTS_OF_OURS])


def expected(name, port, **options):
    """What the original makes of it; for what it cannot do, what it would."""
    if name not in ENDPOINTS_OF_OURS:
        return run(name, port, **options)
    return [{**one, 'endpoint': ENDPOINTS_OF_OURS[name]} for one in taken(post(client_of(port, options), texts(2)), False)]


def client_of(port, options):
    from jina import Client
    return Client(port=port, **options)


def run(name, port, **options):
    """What the client got, or what was raised. `options` of the client: host, protocol, tls."""
    asynchronous = {'asyncio': True, **options}
    try:
        if name == 'several-clients':
            return asyncio.run(several(lambda: client_of(port, asynchronous)))
        if name.startswith('async-'):
            return run_asynchronous(lambda: client_of(port, asynchronous), lambda client: async_post(client, name[len('async-'):]))
        client = client_of(port, options)
        if name in ENDPOINTS_OF_OURS:
            return another_endpoint(client, name)
        return CALLS[name](client) if name in CALLS else a_post(client, name)
    except Exception as error:  # a gateway that makes the client fail is a finding, not an end
        return 'raised %s: %s' % (type(error).__name__, error)
