"""unread-*: one client that sends and never reads an answer, beside a load that behaves, over each protocol.

Rounds in turn, without and with it. What the others lose is the median of the rounds' own ratios; what the gateway holds for it is
its memory at the end of a round with it, over that before the first.
"""

import json
import os
import statistics
import subprocess

from harness import Failure, Product
from processes import Helper, rss_kb

PROTOCOLS = ['grpc', 'http', 'websocket']
NAMES = ['unread-%s-%s' % (protocol, what) for protocol in PROTOCOLS for what in ('memory', 'p99', 'throughput')]
MEMORY_TARGET_MB = 64
P99_TARGET = 1.5
THROUGHPUT_TARGET = 0.9
IN_FLIGHT = 16


def load(options, server, protocol):
    tools = os.path.join(options.build, 'tests', 'bench')
    program = ['bench-load', '--mode', 'stream'] if protocol == 'grpc' else ['bench-load-web', '--protocol', protocol]
    done = subprocess.run([os.path.join(tools, program[0])] + program[1:] + [
        '--address', server.address, '--in-flight', str(IN_FLIGHT), '--seconds', str(options.round_seconds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure('%s: %s\n%s' % (program[0], done.stderr.strip(), server.output()[-2000:]))
    return json.loads(done.stdout)


def with_rude(options, server, protocol, gateway):
    rude = Helper(options, 'chaos-rude', '--mode', 'never-read', '--address', server.address, '--protocol', protocol)
    try:
        line = rude.line()
        if line != 'full':
            raise Failure('the client that does not read said: ' + line)
        seen = load(options, server, protocol)
        seen['rss_kb'] = rss_kb(gateway)
        seen.update(rude.end(with_line=True))
        return seen
    finally:
        rude.kill()


def one(options, folder, protocol):
    server = Product(options.build, folder).start_echo(1, protocol)
    gateway = next(process['pid'] for process in server.ready['processes'] if process['name'] == 'gateway')
    rounds = []
    try:
        load(options, server, protocol)  # what the load itself takes is not charged to the other client
        before = rss_kb(gateway)
        for number in range(options.rounds):
            ways = {'without': lambda: load(options, server, protocol),
                    'with': lambda: with_rude(options, server, protocol, gateway)}
            order = ['without', 'with'] if number % 2 == 0 else ['with', 'without']
            rounds.append({way: ways[way]() for way in order})
    except BaseException:
        server.stop(check=False)
        raise
    server.stop()
    return before, rounds


def run(options, names, rows, folder):
    for protocol in PROTOCOLS:
        mine = [name for name in names if name.startswith('unread-%s-' % protocol)]
        if not mine:
            continue
        before, rounds = one(options, folder, protocol)

        def ratio(field):
            return statistics.median(each['with'][field] / each['without'][field] for each in rounds)

        megabytes = (max(each['with']['rss_kb'] for each in rounds) - before) / 1024
        results = {'memory': (megabytes, '<= %d MB' % MEMORY_TARGET_MB, megabytes <= MEMORY_TARGET_MB,
                              'MB for it, %d requests taken' % statistics.median(each['with']['requests'] for each in rounds)),
                   'p99': (ratio('p99_us'), '<= %.1f' % P99_TARGET, ratio('p99_us') <= P99_TARGET, 'of the p99 without it'),
                   'throughput': (ratio('qps'), '>= %.1f' % THROUGHPUT_TARGET, ratio('qps') >= THROUGHPUT_TARGET,
                                  'of the requests/s without it')}
        for name in mine:
            measured, target, met, unit = results[name.rsplit('-', 1)[1]]
            rows.add(name, measured, target, None if options.short else met, unit=unit, rounds=rounds)
