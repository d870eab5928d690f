"""mixed-*: faults of every kind at once, by a seed, while three protocols are under load; each request is accounted for.

chaos-mix posts over gRPC, HTTP and WebSocket, directly and through chaos-proxy, which cuts, stops and slows connections; its
workers cancel, set short deadlines, read slowly and fill the queues. chaos-rude leaves connections in the middle of frames. Here the
executors are killed and stopped. The time is cut into windows; after each all is quiet, and what the processes hold is looked at.
"""

import collections
import heapq
import os
import random
import signal
import time

from harness import Failure, Product, say
from processes import Helper, children_of, descriptors, executors_below, rss_kb, wait_until

NAMES = ['mixed-exactly-once', 'mixed-run-twice', 'mixed-memory', 'mixed-descriptors', 'mixed-processes', 'mixed-faults']
PROTOCOLS = ['grpc', 'http', 'websocket']
SCHEMES = {'grpc': 'grpc', 'http': 'http', 'websocket': 'ws'}
EXECUTORS = 2
WORKERS = 12
MEMORY_TARGET_MB = 8
SLACK_DESCRIPTORS = 4
GATEWAY = ('  crash_loop_limit: 1000000\n  max_in_flight: 2000\n  max_in_flight_per_client: 300\n  max_bytes_in_flight: 64MiB\n'
           '  drain_timeout: 5000\n')
# How often, and what: with a seed the same plan each time.
MEAN_PAUSE_SECONDS = 0.25
KILLS = [signal.SIGKILL] * 5 + [signal.SIGTERM]
LOUD_KILLS = [signal.SIGSEGV, signal.SIGABRT]  # a sanitizer would take these for findings of its own
STOP_SECONDS = [(0.02, 0.3)] * 4 + [(1.2, 2.0)]  # the last ones are stuck, if somebody's deadline passes


class Plan:
    """What is done to the executors of a Flow while a window lasts."""

    def __init__(self, seed, server, sanitized):
        self.dice = random.Random(seed)
        self.server = server
        self.kills = KILLS if sanitized else KILLS + LOUD_KILLS
        self.counts = collections.Counter()
        self.told_to_end = set()

    def window(self, seconds):
        end = time.monotonic() + seconds
        due = [(time.monotonic() + self.dice.expovariate(1 / MEAN_PAUSE_SECONDS), 0, None)]
        number = 0
        while due and due[0][0] < end:
            at, _, stopped = heapq.heappop(due)
            time.sleep(max(0, at - time.monotonic()))
            number += 1
            if stopped is not None:
                self.send(stopped, signal.SIGCONT)
                continue
            heapq.heappush(due, (at + self.dice.expovariate(1 / MEAN_PAUSE_SECONDS), number, None))
            pids = executors_below(self.server.process.pid)
            if not pids:
                continue
            pid = self.dice.choice(pids)
            if self.dice.random() < 0.6:
                number_of_signal = self.dice.choice(self.kills)
                if number_of_signal == signal.SIGTERM and pid in self.told_to_end:
                    continue  # told twice it would cancel what is inside
                if number_of_signal == signal.SIGTERM:
                    self.told_to_end.add(pid)
                self.counts[signal.Signals(number_of_signal).name] += self.send(pid, number_of_signal)
            else:
                self.counts['SIGSTOP'] += self.send(pid, signal.SIGSTOP)
                heapq.heappush(due, (at + self.dice.uniform(*self.dice.choice(STOP_SECONDS)), number, pid))
        time.sleep(max(0, end - time.monotonic()))
        for _, _, stopped in due:
            if stopped is not None:
                self.send(stopped, signal.SIGCONT)

    @staticmethod
    def send(pid, number):
        try:
            os.kill(pid, number)
            return 1
        except ProcessLookupError:  # it died of something else meanwhile
            return 0


class Seed:
    """One run: a Flow of its own, windows of load and faults, and what was found."""

    def __init__(self, options, folder, seed):
        self.options, self.seed = options, seed
        self.ledger = os.path.join(folder, 'ledger-%d' % seed)
        plugin = os.path.join(options.build, 'tests', 'plugins', 'ledger.so')
        executors = [('e%d' % i, plugin, 'workers: 2', 'stuck_timeout: 500', 'uses_with: {file: %s, stamp: %s}' % (self.ledger, stamp))
                     for i, stamp in enumerate('ab', 1)]
        self.server = Product(options.build, folder).start(executors, GATEWAY, ','.join(PROTOCOLS))
        self.helpers = []
        self.plan = Plan(seed, self.server, 'asan' in options.build or 'tsan' in options.build)
        self.counts = collections.Counter()
        self.samples = []

    def helper(self, name, *arguments):
        helper = Helper(self.options, name, *arguments)
        self.helpers.append(helper)
        return helper

    def start_load(self):
        addresses = ['127.0.0.1:%d' % self.server.ports[protocol] for protocol in PROTOCOLS]
        self.proxy = self.helper('chaos-proxy', '--seed', self.seed, *addresses)
        ports = self.proxy.ask('')['ports']
        direct = ['%s://%s' % (SCHEMES[protocol], address) for protocol, address in zip(PROTOCOLS, addresses)]
        spoiled = ['cut:%s://127.0.0.1:%d' % (SCHEMES[protocol], port) for protocol, port in zip(PROTOCOLS, ports)]
        self.mix = self.helper('chaos-mix', '--seed', self.seed, '--workers', WORKERS, *direct, *spoiled)

    def window(self, number, seconds):
        rudes = [self.helper('chaos-rude', '--mode', 'cut', '--protocol', protocol, '--seed', self.seed * 1000 + number * 10 + i,
                             '--address', '127.0.0.1:%d' % self.server.ports[protocol]) for i, protocol in enumerate(PROTOCOLS)]
        self.mix.tell('go\n')
        self.plan.window(seconds)
        for rude in rudes:
            self.counts['cut in a frame'] += rude.end(with_line=True)['cuts']
            self.helpers.remove(rude)
        self.seen = self.mix.ask('pause\n')
        self.proxy.tell('x')

    def sample(self):
        """What everything holds when it is quiet: waits for the executors to be back and the connections to be gone."""
        pids = {'supervisor': self.server.process.pid, 'mix': self.mix.process.pid,
                'gateway': next(p['pid'] for p in self.server.ready['processes'] if p['name'] == 'gateway')}
        if not os.path.exists('/proc/%d' % pids['gateway']):
            raise Failure('the gateway died\n' + self.server.output()[-4000:])
        first = self.samples[0] if self.samples else None
        wait_until(lambda: len(executors_below(self.server.process.pid)) == EXECUTORS)
        # Not all have to go: what is loaded at the first use opens some for good.
        wait_until(lambda: not first or all(descriptors(pids[name]) <= first['fds'][name] for name in ('gateway', 'supervisor')), 15)
        self.samples.append({'rss_kb': {name: rss_kb(pid) for name, pid in pids.items()},
                             'fds': {name: descriptors(pid) for name, pid in pids.items()},
                             'processes': len(children_of(self.server.process.pid))})

    def run(self, seconds, windows):
        self.start_load()
        try:
            self.sample()
            for number in range(windows):
                self.window(number, seconds / windows)
                self.sample()
            self.mix.end()
            self.counts.update(self.proxy.end(with_line=True))
            self.helpers = []
        except BaseException:
            for helper in self.helpers:
                helper.kill()
            self.server.stop(check=False)
            say(self.server.output()[-3000:])
            raise
        self.server.stop()

    def verdict(self):
        total = collections.Counter()
        ends, episodes = collections.Counter(), collections.Counter()
        for each in self.seen:
            total.update({key: value for key, value in each.items() if isinstance(value, int)})
            ends.update(each['ends'])
            episodes.update(each['episodes'])
        with open(self.ledger) as lines:
            runs = collections.Counter(lines)
        loaded = self.samples[1:]
        part = max(1, len(loaded) // 3)
        late, early = loaded[-part:], loaded[:-part] or loaded
        growth = {name: max(s['rss_kb'][name] for s in late) - max(s['rss_kb'][name] for s in early) for name in late[0]['rss_kb']}
        # What is loaded at the first use opens some for good.
        more = {name: late[-1]['fds'][name] - loaded[0]['fds'][name] for name in late[0]['fds']}
        return {'seed': self.seed, 'bad': total['twice'] + total['never'] + total['wrong'] + total['odd'],
                'run_twice': sum(count > 1 for count in runs.values()), 'runs': len(runs),
                'growth_kb': growth, 'descriptors': more, 'processes': late[-1]['processes'] - self.samples[0]['processes'],
                'faults': {**self.plan.counts, **self.counts}, 'ends': ends, 'episodes': episodes, 'requests': total,
                'by_address': self.seen, 'samples': self.samples}


def run(options, names, rows, folder):
    found = []
    windows = 3 if options.short else max(3, min(12, int(options.seconds // 5)))
    for seed in range(options.seed, options.seed + options.seeds):
        one = Seed(options, folder, seed)
        one.run(options.seconds, windows)
        found.append(one.verdict())
        say('seed %d: %s' % (seed, {key: value for key, value in found[-1].items() if key not in ('by_address', 'samples')}))
    report(rows, names, found, options)


def report(rows, names, found, options):
    sent = sum(each['requests']['sent'] for each in found)
    of = 'of %d, %d seeds' % (sent, len(found))
    bad = sum(each['bad'] for each in found)
    twice = sum(each['run_twice'] for each in found)
    judged = not options.short  # a short run is no proof of growth
    growth = max(max(each['growth_kb'].values()) for each in found) / 1024
    more = max(max(each['descriptors'].values()) for each in found)
    processes = max(abs(each['processes']) for each in found)
    happened = collections.Counter()
    for each in found:
        happened.update(each['faults'])
        happened.update({'stream ended as ' + key: value for key, value in each['ends'].items()})
    wanted = ['SIGKILL', 'SIGSTOP', 'cut_end', 'cut_reset', 'cut in a frame', 'stream ended as timed out', 'stream ended as cancelled']
    missing = [name for name in wanted if not happened[name]]
    results = {
        'mixed-exactly-once': (bad, '0', bad == 0 and sent > 0, 'requests not ended once, ' + of),
        'mixed-run-twice': (twice, '0', twice == 0 and all(each['runs'] > 0 for each in found), 'requests run again by an executor, %d seeds' % len(found)),
        'mixed-memory': (growth, '<= %d MB' % MEMORY_TARGET_MB, growth <= MEMORY_TARGET_MB if judged else None,
                         'MB more at the end than before'),
        'mixed-descriptors': (more, '<= %d' % SLACK_DESCRIPTORS, more <= SLACK_DESCRIPTORS, 'descriptors more than before'),
        'mixed-processes': (processes, '0', processes == 0, 'processes more or less'),
        'mixed-faults': (sum(happened.values()), 'of each kind', not missing if judged else None,
                         'faults' + (', none: ' + ', '.join(missing) if missing else ''))}
    for name in names:
        measured, target, met, unit = results[name]
        rows.add(name, measured, target, met, unit=unit, happened=dict(happened), seeds=found if name == NAMES[0] else len(found))
