"""crowd-*: a thousand clients connected at once, each with one request a second, over each protocol."""

import time

from harness import Product, pss_kb
from processes import Helper, descriptors, rss_kb

PROTOCOLS = ['grpc', 'http', 'websocket']
NAMES = ['crowd-%s-%s' % (protocol, what) for protocol in PROTOCOLS for what in ('refused', 'p99', 'memory')]
P99_TARGET_MS = 20
SETTLE_SECONDS = 1.0


def one(options, folder, protocol):
    server = Product(options.build, folder).start_echo(1, protocol)
    gateway = next(process['pid'] for process in server.ready['processes'] if process['name'] == 'gateway')
    try:
        time.sleep(SETTLE_SECONDS)  # idle is what is measured
        before, open_before = pss_kb(gateway), descriptors(gateway)
        crowd = Helper(options, 'chaos-crowd', '--address', server.address, '--protocol', protocol, '--clients', options.clients,
                       '--seconds', options.crowd_seconds)
        try:
            crowd.line()
            time.sleep(SETTLE_SECONDS)
            connected = pss_kb(gateway)
            seen = crowd.ask('go\n', options.crowd_seconds + 90)
            time.sleep(SETTLE_SECONDS)
            seen.update(connections=descriptors(gateway) - open_before, kb_new=(connected - before) / options.clients,
                        kb_used=(pss_kb(gateway) - before) / options.clients, rss_kb=rss_kb(gateway))
            crowd.tell('end\n')
            crowd.end()
        finally:
            crowd.kill()
    except BaseException:
        server.stop(check=False)
        raise
    server.stop()
    return seen


def run(options, names, rows, folder):
    for protocol in PROTOCOLS:
        mine = [name for name in names if name.startswith('crowd-%s-' % protocol)]
        if not mine:
            continue
        seen = one(options, folder, protocol)
        bad = sum(seen[key] for key in ('refused', 'never', 'wrong', 'broken', 'skipped'))
        late = None if options.short else seen['p99_ms'] <= P99_TARGET_MS
        for name in mine:
            if name.endswith('refused'):
                rows.add(name, bad, '0', bad == 0 and seen['answered'] == seen['sent'] > 0,
                         unit='not answered of %d, %d clients' % (seen['sent'], options.clients), **seen)
            elif name.endswith('p99'):
                rows.add(name, seen['p99_ms'], '< %d ms' % P99_TARGET_MS, late,
                         unit='ms p99, p50 %.2f, longest %.1f' % (seen['p50_ms'], seen['max_ms']))
            else:
                rows.add(name, seen['kb_used'], None, None, unit='KB per idle connection, %.1f before its first request' % seen['kb_new'])
