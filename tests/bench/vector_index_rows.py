"""The rows of vector_index: search against the sum of the same bytes, many queries at once against one by one, indexing through a
Flow."""

import json
import os
import statistics
import subprocess
import tempfile

from harness import Failure, Product, wanted

TARGETS = ['all']  # the Flow of the indexing row needs every part of the product
ROWS, DIMENSION = 100000, 256
SEARCH_TARGET = 0.5         # of a loop that only sums the same bytes, with as many threads
BATCH_TARGET = 4            # 64 queries at once, beside one by one
INDEX_TARGET_SECONDS = 5    # 100,000 documents, 100 a request, 16 requests in flight
THREADS_MAX = 64            # bench-vector-index takes no more
FLOW_ROUNDS = 3
FLOW_ROWS = ('vector-index-indexing', 'vector-index-batch-flow')


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure('%s: %s' % (' '.join(command), done.stderr.strip()))
    return json.loads(done.stdout)


def rows(bench):
    threads = min(os.cpu_count(), THREADS_MAX)
    for metric in ('cosine', 'inner_product', 'euclidean'):
        names = {'search': 'vector-index-search-%s' % metric, 'batch': 'vector-index-batch-%s' % metric}
        if any(wanted(name, bench.options.only) for name in names.values()):
            search(bench, names, metric, threads)
    if any(wanted(name, bench.options.only) for name in FLOW_ROWS):
        flow(bench)


def search(bench, names, metric, threads):
    result = run([os.path.join(bench.tools, 'bench-vector-index'), '--rows', str(ROWS), '--dimension', str(DIMENSION),
                  '--threads', str(threads), '--metric', metric, '--rounds', str(bench.rounds), '--seconds',
                  str(bench.seconds / 2)])
    rounds = result['rounds']

    def median(key):
        return statistics.median(each[key] for each in rounds)

    def ratio(a, b):
        return statistics.median(each[a] / each[b] for each in rounds)

    if wanted(names['search'], bench.options.only):
        bench.rows.add(names['search'], median('search'), 'ratio >= %.1f' % SEARCH_TARGET, ratio('search', 'sum') >= SEARCH_TARGET,
                       median('sum'), 'passes/s, %d threads' % threads, ratio=round(ratio('search', 'sum'), 3),
                       instructions=result['instructions'], bytes=result['bytes'])
    if wanted(names['batch'], bench.options.only):
        bench.rows.add(names['batch'], median('many'), 'ratio >= %d' % BATCH_TARGET, ratio('many', 'one') >= BATCH_TARGET,
                       median('one'), 'queries/s, 1 thread', ratio=round(ratio('many', 'one'), 3))


def send(bench, server, **options):
    """Documents through the Flow, so many a second."""
    command = [os.path.join(bench.tools, 'bench-load-documents'), '--uri', 'grpc://' + server.address, '--dimension', str(DIMENSION)]
    for name, value in options.items():
        command += ['--' + name.replace('_', '-'), str(value)]
    result = run(command)
    return result['documents'] / result['seconds']


def flow(bench):
    """A new index for each round: it is filled, then asked."""
    rounds = []
    for _ in range(min(bench.rounds, FLOW_ROUNDS)):
        with tempfile.TemporaryDirectory(prefix='sluice-bench-') as folder:
            server = Product(bench.options.build, folder).start(
                [('index', 'vector_index', 'uses_with: {path: %s}' % os.path.join(folder, 'index.sqlite'))])
            try:
                rounds.append({'index': send(bench, server, documents=ROWS, per_request=100, in_flight=16),
                               'one': send(bench, server, endpoint='/search', documents=64, per_request=1, in_flight=1),
                               'many': send(bench, server, endpoint='/search', documents=256, per_request=64, in_flight=1)})
            finally:
                server.stop(check=False)
    indexing, batch = FLOW_ROWS
    if wanted(indexing, bench.options.only):
        seconds = [ROWS / each['index'] for each in rounds]
        measured = statistics.median(seconds)
        bench.rows.add(indexing, measured, '<= %d s' % INDEX_TARGET_SECONDS, measured <= INDEX_TARGET_SECONDS,
                       unit='s for %d documents' % ROWS, each=[round(one, 3) for one in seconds])
    if wanted(batch, bench.options.only):
        ratio = statistics.median(each['many'] / each['one'] for each in rounds)
        bench.rows.add(batch, statistics.median(each['many'] for each in rounds), 'ratio >= %d' % BATCH_TARGET,
                       ratio >= BATCH_TARGET, statistics.median(each['one'] for each in rounds), 'queries/s, 64 a request',
                       ratio=round(ratio, 3))
