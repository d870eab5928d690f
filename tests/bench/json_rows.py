"""The rows of `run` for JSON: how fast common/json reads and writes messages, one thread, in processor time."""

import json
import os
import statistics
import subprocess

from harness import Failure, wanted

READ_TARGET = 0.6           # of simdjson's own parse of the same bytes
WRITE_TARGET_MB_S = 250
# what of a round, which bytes, demanded ratio, demanded MB/s (with embeddings)
WAYS = [('read', 'request', READ_TARGET, None), ('write', 'answer', None, WRITE_TARGET_MB_S),
        ('client_read', 'answer', None, None), ('client_write', 'sent', None, None)]


def names(kind):
    return {way: 'json-%s-%s' % (way.replace('_', '-'), kind) for way, _, _, _ in WAYS}


def rows(bench):
    for kind in ('embeddings', 'texts'):
        if not any(wanted(name, bench.options.only) for name in names(kind).values()):
            continue
        command = [os.path.join(bench.tools, 'bench-json'), '--kind', kind, '--rounds', str(bench.rounds),
                   '--seconds', str(bench.seconds / 4)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failure('%s: %s' % (' '.join(command), done.stderr.strip()))
        add(bench, kind, json.loads(done.stdout))


def add(bench, kind, result):
    rounds = result['rounds']
    for way, text, ratio_target, speed_target in WAYS:
        name = names(kind)[way]
        if not wanted(name, bench.options.only):
            continue
        measured = statistics.median(each[way] for each in rounds)
        floor = statistics.median(each['parse'] for each in rounds) if way == 'read' else None
        ratio = statistics.median(each[way] / each['parse'] for each in rounds) if floor else None
        target, met = None, None
        if kind == 'embeddings' and ratio_target:
            target, met = 'ratio >= %.1f' % ratio_target, ratio >= ratio_target
        elif kind == 'embeddings' and speed_target:
            target, met = '>= %d MB/s' % speed_target, measured >= speed_target
        bench.rows.add(name, measured, target, met, floor, 'MB/s', ratio=ratio and round(ratio, 3),
                       bytes=result['bytes'][text])
