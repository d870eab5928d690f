"""The rows of `plugins` for hashing_encoder: MB of text a second, one thread, in processor time."""

import glob
import json
import os
import statistics
import subprocess

from harness import Failure, wanted

TARGETS = ['bench-hashing-encoder']  # what must be built
TEXTS = '/usr/share/common-licenses'
SPEED_TARGET_MB_S = 30
# what of a round, row, is it demanded
KINDS = [('texts', 'hashing-encoder', True), ('sentences', 'hashing-encoder-sentences', True),
         ('scripts', 'hashing-encoder-scripts', False)]


def rows(bench):
    if not any(wanted(name, bench.options.only) for _, name, _ in KINDS):
        return
    files = sorted(path for path in glob.glob(os.path.join(TEXTS, '*')) if not os.path.islink(path))
    command = [os.path.join(bench.tools, 'bench-hashing-encoder'), '--rounds', str(bench.rounds), '--seconds',
               str(bench.seconds / len(KINDS))] + files
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failure('%s: %s' % (' '.join(command), done.stderr.strip()))
    result = json.loads(done.stdout)
    for kind, name, demanded in KINDS:
        if wanted(name, bench.options.only):
            measured = statistics.median(each[kind] for each in result['rounds'])
            target, met = None, None
            if demanded:
                target, met = '>= %d MB/s' % SPEED_TARGET_MB_S, measured >= SPEED_TARGET_MB_S
            bench.rows.add(name, measured, target, met, None, 'MB/s', bytes=result['bytes'][kind])
