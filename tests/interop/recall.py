"""vector_index against brute force in NumPy, through the unmodified Client: the same ids in the same order, the same scores.

Whole numbers are compared exactly, ties and all, because float32 adds them without rounding. For the others scores may differ by the
rounding of float32, and neighbours whose exact scores are nearer than that may stand in either order.
"""

import os
import tempfile

DOCUMENTS, QUERIES, LIMIT = 3000, 70, 20
METRICS = ('cosine', 'inner_product', 'euclidean')


def names():
    return ['%s-%s' % (kind, metric) for kind in ('floats', 'whole') for metric in METRICS if (kind, metric) != ('whole', 'cosine')]


def vectors(kind, count, dimension, seed):
    import numpy
    random = numpy.random.default_rng(seed)
    if kind == 'whole':
        return random.integers(-3, 4, (count, dimension)).astype(numpy.float32)
    made = random.standard_normal((count, dimension)).astype(numpy.float32)
    made[count // 2:] *= 30  # lengths of all sizes
    return made


def brute_force(metric, documents, queries):
    """Scores in double, a row for each query."""
    import numpy
    a, b = queries.astype(numpy.float64), documents.astype(numpy.float64)
    products = a @ b.T
    if metric == 'inner_product':
        return products
    if metric == 'cosine':
        return 1 - products / numpy.outer(numpy.linalg.norm(a, axis=1), numpy.linalg.norm(b, axis=1))
    return numpy.stack([numpy.sqrt(((b - query) ** 2).sum(axis=1)) for query in a])


def tolerance(metric, documents, queries):
    """What float32 may be wrong by: so many roundings of the largest sum there is."""
    import numpy
    largest = float(numpy.linalg.norm(documents, axis=1).max() * numpy.linalg.norm(queries, axis=1).max())
    return {'cosine': 1.0, 'inner_product': largest, 'euclidean': 2 * largest ** 0.5}[metric] * 16 * numpy.finfo(numpy.float32).eps


def compare(kind, metric, ids, expected, got, allowed):
    """What is wrong with the answers to all queries, as lines. `got`: for each query a list of (id, score)."""
    import numpy
    place = {name: number for number, name in enumerate(ids)}
    problems = []
    for number, (exact, found) in enumerate(zip(expected, got)):
        ordered = -exact if metric == 'inner_product' else exact
        right = sorted(range(len(ids)), key=lambda i: (ordered[i], ids[i].encode()))[:LIMIT]
        names = [name for name, _ in found]
        if len(set(names)) != LIMIT or not set(names) <= set(place):
            problems.append('query %d: %d matches, %d of them known' % (number, len(names), len(set(names) & set(place))))
            continue
        for (name, score), best in zip(found, right):
            if kind == 'whole' and (name != ids[best] or numpy.float32(score) != numpy.float32(exact[best])):
                problems.append('query %d: %s with %r, NumPy has %s with %r' % (number, name, score, ids[best], exact[best]))
            if abs(score - exact[place[name]]) > allowed or abs(exact[place[name]] - exact[best]) > allowed:
                problems.append('query %d: %s with %r, NumPy gives it %r, and %r to its place' % (
                    number, name, score, exact[place[name]], exact[best]))
    return problems


def ask(port, ids, documents, queries, metric):
    from docarray import Document, DocumentArray
    from jina import Client
    client = Client(host='grpc://127.0.0.1:%d' % port)
    client.post('/index', DocumentArray(Document(id=name, embedding=vector) for name, vector in zip(ids, documents)))
    answers = client.post('/search', DocumentArray(Document(id=str(i), embedding=query) for i, query in enumerate(queries)),
                          parameters={'metric': metric, 'limit': LIMIT})
    answers = sorted(answers, key=lambda answer: int(answer.id))
    return [[(match.id, match.scores[metric].value) for match in answer.matches] for answer in answers]


def run(name, product):
    """`product` starts Flows. The differences, as lines."""
    kind, metric = name.split('-')
    dimension = 6 if kind == 'whole' else 100  # few numbers and small ones: many ties
    documents, queries = vectors(kind, DOCUMENTS, dimension, 1), vectors(kind, QUERIES, dimension, 2)
    ids = ['%d' % (i * 7919 % 100003) for i in range(DOCUMENTS)]
    with tempfile.TemporaryDirectory(prefix='sluice-interop-') as folder:
        server = product.start([('index', 'vector_index', 'uses_with: {path: %s}' % os.path.join(folder, 'index.sqlite'),
                                 'workers: 2')])
        try:
            got = ask(server.port, ids, documents, queries, metric)
        except BaseException:
            server.stop(check=False)
            raise
        server.stop()
    return compare(kind, metric, ids, brute_force(metric, documents, queries), got, tolerance(metric, documents, queries))
