"""kill-*: the executor is killed with SIGKILL under a stream of 32 requests in flight, again and again."""

import json
import os
import statistics
import subprocess

from harness import Failure, Product
from processes import executors_below

RECOVERY_TARGET_MS = 300
NAMES = ['kill-exactly-once', 'kill-stream-unbroken', 'kill-recovery']


def drive(program, server, kills):
    driver = subprocess.Popen([program, server.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in driver.stdout:
        if line.startswith('{'):
            driver.stdin.close()
            if driver.wait() == 0:
                return json.loads(line)
            break
        if kills == 0:
            driver.stdin.write('\n')
        else:
            pids = executors_below(server.process.pid)
            if not pids:
                raise Failure('there is no executor to kill\n' + server.output()[-2000:])
            driver.stdin.write('%d\n' % pids[0])
        kills -= 1
        driver.stdin.flush()
    raise Failure('the driver ended with %d\n%s' % (driver.wait(), server.output()[-2000:]))


def run(options, names, rows, folder):
    server = Product(options.build, folder).start_echo(1)
    try:
        seen = drive(os.path.join(options.build, 'tests', 'chaos', 'chaos-stream'), server, options.kills)
    except BaseException:
        server.stop(check=False)
        raise
    server.stop()
    report(rows, names, seen, options)


def report(rows, names, seen, options):
    recoveries = seen['recovery_ms']
    slowest = max(recoveries) if recoveries and min(recoveries) >= 0 else float('inf')
    if 'kill-exactly-once' in names:
        bad = seen['twice'] + seen['never'] + seen['wrong']
        rows.add('kill-exactly-once', bad, '0', bad == 0 and len(recoveries) == options.kills,
                 unit='requests not answered once, of %d' % seen['sent'], kills=len(recoveries),
                 **{key: seen[key] for key in ('sent', 'answered', 'failed', 'twice', 'never', 'wrong')})
    if 'kill-stream-unbroken' in names:
        broken = int(seen['broken'] or seen['status'] != 0)
        rows.add('kill-stream-unbroken', broken, '0', broken == 0, unit='broken streams', status=seen['status'])
    if 'kill-recovery' in names:
        median = statistics.median(recoveries) if recoveries else -1.0
        rows.add('kill-recovery', slowest if slowest != float('inf') else -1.0, '<= %d ms' % RECOVERY_TARGET_MS,
                 None if options.short and slowest != float('inf') else slowest <= RECOVERY_TARGET_MS,
                 unit='ms, slowest of %d, median %.1f' % (len(recoveries), median), median=median, each=recoveries)
