"""A Flow of the original with executors that echo, in the form of `sluice run --ready-fd`: --protocol NAME, --executors N,
--ready-fd N.

Runs in the environment of tests/interop/make-environment. Serves until SIGTERM.
"""

import argparse
import json
import os
import signal
import socket
import threading

from jina import Executor, Flow, requests


class Echo(Executor):
    """The twin of the shipped plugin `echo`: documents come back as they are."""

    @requests
    def echo(self, **kwargs):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def children(pid):
    """All processes below this one, with their names."""
    found = []
    for thread in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/children' % (pid, thread)) as listed:
            for child in map(int, listed.read().split()):
                found += [child] + children(child)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--protocol', default='grpc')
    parser.add_argument('--executors', type=int, default=1)
    parser.add_argument('--ready-fd', type=int, default=1)
    options = parser.parse_args()
    port = free_port()
    ended = threading.Event()
    flow = Flow(protocol=options.protocol, port=port, host='127.0.0.1')
    for number in range(1, options.executors + 1):
        flow = flow.add(name='e%d' % number, uses=Echo)
    with flow:
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        ready = {'ready': True, 'gateway': [{'protocol': options.protocol, 'host': '127.0.0.1', 'port': port}],
                 'processes': [{'name': 'jina', 'pid': pid} for pid in children(os.getpid())]}
        os.write(options.ready_fd, (json.dumps(ready) + '\n').encode())
        while not ended.wait(1):
            pass


if __name__ == '__main__':
    main()
