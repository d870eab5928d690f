"""The rows of `run` for HTTP and WebSocket: against their floors, and what their fronts add to a Flow."""

import os
import statistics
import time

from harness import Server, memory_alone_kb, pss_kb, wanted

THROUGHPUT_TARGET = 0.7
NO_FLOOR = 0.4      # a relay below this part of the bare echo is no floor
START_TARGET_MS = 15
MEMORY_TARGET_MB = 8
STARTS = 15
SETTLE_SECONDS = 1.0
# name, protocol, in flight, more options of the driver, what is compared, demanded ratio
LOADS = [
    ('throughput-http-1k-16', 'http', 16, [], 'qps', THROUGHPUT_TARGET),
    ('throughput-http-1k-64', 'http', 64, [], 'qps', THROUGHPUT_TARGET),
    ('throughput-websocket-1k-16', 'websocket', 16, [], 'qps', THROUGHPUT_TARGET),
    ('latency-http-1k-1', 'http', 1, [], 'p50_us', None),
    ('latency-websocket-1k-1', 'websocket', 1, [], 'p50_us', None),
    ('large-http-embeddings-1m-4', 'http', 4, ['--embeddings'], 'qps', None),
    ('large-websocket-1m-4', 'websocket', 4, ['--size', '1048576'], 'qps', None),
]
# name, what the Flow speaks besides gRPC
FRONTS = [('front-http', 'grpc,http'), ('front-websocket', 'grpc,websocket'), ('fronts-all', 'grpc,http,websocket')]


def server_of(bench, kind, protocol):
    key = (kind, protocol)
    if key not in bench.servers:
        if kind == 'product':
            bench.servers[key] = bench.product.start_echo(1, protocol)
        else:
            program = os.path.join(bench.tools, 'floor-%s-relay' % protocol)
            bench.servers[key] = Server([program, '--hops', '1' if kind == 'floor' else '0'], '%s %s' % (protocol, kind))
    return bench.servers[key]


def load(bench, server, protocol, in_flight, more):
    return bench.run_load([os.path.join(bench.tools, 'bench-load-web'), '--address', server.address, '--protocol', protocol,
                           '--in-flight', str(in_flight), '--seconds', str(bench.seconds), '--warm', str(bench.warm),
                           '--pids', ','.join(map(str, server.pids))] + more, server)


def median(results, field):
    return statistics.median(result[field] for result in results)


def rows(bench):
    for name, protocol, in_flight, more, field, target in LOADS:
        if not wanted(name, bench.options.only):
            continue
        kinds = ['product', 'floor', 'echo']
        results = {kind: [] for kind in kinds}
        for kind in kinds:
            server_of(bench, kind, protocol)
        for turn in range(bench.rounds):
            for kind in kinds[turn % 3:] + kinds[:turn % 3]:  # nobody is always first
                results[kind].append(load(bench, server_of(bench, kind, protocol), protocol, in_flight, more))
        ratio = statistics.median(a[field] / b[field] for a, b in zip(results['product'], results['floor']))
        of_echo = statistics.median(a['qps'] / b['qps'] for a, b in zip(results['floor'], results['echo']))
        bench.rows.add(name, median(results['product'], field), 'ratio >= %.2f' % target if target else None,
                       ratio >= target and of_echo >= NO_FLOOR if target else None, median(results['floor'], field),
                       'requests/s' if field == 'qps' else 'us p50', floor_of_echo=round(of_echo, 3),
                       ratio=round(ratio, 3),
                       **{'%s_%s' % (kind, of): round(median(results[kind], of), 2) for kind in kinds
                          for of in ('qps', 'p50_us', 'p99_us', 'client_cpu_us', 'server_cpu_us')})


def start_and_memory(bench, protocol, with_memory):
    """Milliseconds until ready, and the megabytes of an idle Flow or None."""
    server = bench.product.start_echo(1, protocol)
    try:
        megabytes = None
        if with_memory:
            time.sleep(SETTLE_SECONDS)  # idle is what is measured
            pids = server.all_pids()
            megabytes = max(sum(pss_kb(pid) for pid in pids), memory_alone_kb(pids)) / 1024
        return server.start_seconds * 1000, megabytes
    finally:
        server.stop()


def fronts(bench):
    """The Flow with a front more against the Flow without, started in turn."""
    for name, protocol in FRONTS:
        if not wanted(name + '-start', bench.options.only) and not wanted(name + '-memory', bench.options.only):
            continue
        times, sizes = {'grpc': [], protocol: []}, {'grpc': [], protocol: []}
        for turn in range(5 if bench.options.quick else STARTS):
            for which in ('grpc', protocol) if turn % 2 else (protocol, 'grpc'):
                milliseconds, megabytes = start_and_memory(bench, which, turn < 3)
                times[which].append(milliseconds)
                if megabytes is not None:
                    sizes[which].append(megabytes)
        for what, values, unit, most in (('start', times, 'ms', START_TARGET_MS), ('memory', sizes, 'MB', MEMORY_TARGET_MB)):
            added = statistics.median(values[protocol]) - statistics.median(values['grpc'])
            if wanted('%s-%s' % (name, what), bench.options.only):
                bench.rows.add('%s-%s' % (name, what), added, '<= %d %s' % (most, unit), added <= most, unit=unit + ' added',
                               without=round(statistics.median(values['grpc']), 2),
                               with_front=round(statistics.median(values[protocol]), 2))
