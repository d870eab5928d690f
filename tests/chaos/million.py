"""million-*: a million small documents through `sluice post`, over each protocol: what client and gateway hold does not grow."""

import os
import select
import subprocess
import time

from harness import Failure, Product
from processes import rss_kb

PROTOCOLS = ['grpc', 'http', 'websocket']
SCHEMES = {'grpc': 'grpc', 'http': 'http', 'websocket': 'ws'}
NAMES = ['million-%s-%s' % (protocol, what) for protocol in PROTOCOLS for what in ('client', 'gateway')]
TARGET_MB = 2
LOOK_SECONDS = 0.05
STALL_SECONDS = 60
PIECE = 1 << 20


def stream(options, server, protocol, gateway):
    """Documents that came back, and the memory of both at a tenth and the most after it, in KB."""
    source = subprocess.Popen(['seq', '1', str(options.documents)], stdout=subprocess.PIPE)
    client = subprocess.Popen([os.path.join(options.build, 'bin', 'sluice'), 'post',
                               '%s://%s' % (SCHEMES[protocol], server.address), '/', '--lines', '-'],
                              stdin=source.stdout, stdout=subprocess.PIPE)
    source.stdout.close()
    processes = {'client': client.pid, 'gateway': gateway}
    came, tenth, most, looked, course = 0, None, {name: 0 for name in processes}, 0, []
    while True:
        if not select.select([client.stdout], [], [], STALL_SECONDS)[0]:
            client.kill()
            raise Failure('nothing came back for %d s' % STALL_SECONDS)
        piece = os.read(client.stdout.fileno(), PIECE)
        if not piece:
            break
        came += piece.count(b'\n')
        if came < options.documents // 10 or came == options.documents or time.monotonic() - looked < LOOK_SECONDS:
            continue
        looked = time.monotonic()
        now = {name: rss_kb(pid) for name, pid in processes.items()}
        tenth = tenth or now
        if came * 20 // options.documents > len(course):  # for the JSON file: does it grow, or go up and down?
            course.append([now['client'], now['gateway']])
        most = {name: max(most[name], now[name]) for name in now}
    client.stdout.close()
    if client.wait() != 0 or source.wait() != 0:
        raise Failure('sluice post ended with %d' % client.returncode)
    return came, tenth, most, course


def run(options, names, rows, folder):
    for protocol in PROTOCOLS:
        mine = [name for name in names if name.startswith('million-%s-' % protocol)]
        if not mine:
            continue
        server = Product(options.build, folder).start_echo(1, protocol)
        gateway = next(process['pid'] for process in server.ready['processes'] if process['name'] == 'gateway')
        began = time.monotonic()
        try:
            came, tenth, most, course = stream(options, server, protocol, gateway)
        except BaseException:
            server.stop(check=False)
            raise
        seconds = time.monotonic() - began
        server.stop()
        for name in mine:
            which = name.rsplit('-', 1)[1]
            more = (most[which] - tenth[which]) / 1024 if tenth else -1.0
            flat = None if options.short else tenth is not None and more <= TARGET_MB
            rows.add(name, more, '<= %d MB' % TARGET_MB, flat if came == options.documents else False,
                     unit='MB over its value at 10 %%, %.1f MB; %d of %d documents in %.1f s' % (
                         tenth[which] / 1024 if tenth else -1, came, options.documents, seconds), most_kb=most[which], course_kb=[each[which == 'gateway'] for each in course])
