"""What the programs that measure or prove share: servers by their ready line, rows, the table and the JSON file.

Python 3.8 or later, standard library only.
"""

import argparse
import fnmatch
import json
import os
import platform
import select
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_TIMEOUT_SECONDS = 20
STOP_TIMEOUT_SECONDS = 15
SANITIZER_SIGNS = ('Sanitizer:', 'runtime error:')


class Failure(Exception):
    """Something that is not a measurement went wrong; the text says what."""


def arguments(description, build=os.path.join(SOURCE, 'build', 'release'), **extra):
    """The options that every such program takes; `extra`: name -> keyword arguments of add_argument."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--only', metavar='NAME', action='append', default=[],
                        help='only the rows of this name; * and ? work, a prefix is enough; may be repeated')
    parser.add_argument('--json', metavar='FILE', help='write the rows there as JSON')
    parser.add_argument('--build', metavar='FOLDER', default=build,
                        help='build tree with the product and the tests\' programs (default: %(default)s)')
    for name, keywords in extra.items():
        parser.add_argument('--' + name.replace('_', '-'), **keywords)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    return options


def wanted(name, only):
    return not only or any(fnmatch.fnmatchcase(name, pattern) or name.startswith(pattern) for pattern in only)


def say(text):
    print(text, file=sys.stderr, flush=True)


def ensure_built(build, targets, preset=None):
    """Build what is missing, with the settings of a preset or as a release with tests. The product's targets are part of
    `targets`: an old product is not measured by mistake."""
    settings = ['--preset', preset] if preset else ['-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '-DSLUICE_TESTS=ON']
    if not os.path.exists(os.path.join(build, 'build.ninja')) or not os.path.isdir(os.path.join(build, 'tests')):
        say('building ' + build)
        run_quietly(['cmake', '-S', SOURCE, '-B', build] + settings)
    run_quietly(['ninja', '-C', build] + targets)


def run_quietly(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure('%s failed:\n%s' % (' '.join(command), done.stdout[-4000:]))


class Server:
    """A process that says on a descriptor when it is ready, in the form of `sluice run --ready-fd`."""

    def __init__(self, command, name='', environment=None, ready_seconds=READY_TIMEOUT_SECONDS):
        self.name = name or os.path.basename(command[0])
        read_end, write_end = os.pipe()
        self.log = tempfile.TemporaryFile(mode='w+')
        started = time.monotonic()
        self.process = subprocess.Popen(command + ['--ready-fd', str(write_end)], pass_fds=[write_end],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                                        env=environment)
        os.close(write_end)
        line = read_line(read_end, started + ready_seconds)
        self.start_seconds = time.monotonic() - started
        os.close(read_end)
        self.ready = json.loads(line) if line.strip() else {}
        if not self.ready.get('ready'):
            reason = self.ready.get('error') or 'no ready line'
            self.stop(check=False)
            raise Failure('%s did not start: %s\n%s' % (self.name, reason, self.output()[-2000:]))
        self.ports = {e['protocol']: e['port'] for e in self.ready['gateway']}
        self.port = self.ports.get('grpc') or self.ready['gateway'][0]['port']
        self.address = '127.0.0.1:%d' % self.port
        self.pids = [p['pid'] for p in self.ready['processes']]  # without the supervisor

    def all_pids(self):
        return sorted(set(self.pids + [self.process.pid]))

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self, check=True):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        output = self.output()
        if check and (status != 0 or any(sign in output for sign in SANITIZER_SIGNS)):
            raise Failure('%s ended with %d\n%s' % (self.name, status, output[-4000:]))


def read_line(fd, deadline):
    data = b''
    while not data.endswith(b'\n'):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        piece = os.read(fd, 65536)
        if not piece:
            break
        data += piece
    return data.decode()


class Product:
    """`sluice run` with a Flow made for the purpose: a chain of executors."""

    def __init__(self, build, folder):
        self.command = os.path.join(build, 'bin', 'sluice')
        self.folder = folder
        if not os.path.exists(self.command):
            raise Failure('%s is missing: build the product first' % self.command)

    def flow(self, executors, gateway='', protocol='grpc'):
        """Write the Flow of `executors` (name, plugin, further lines) and return its path. `protocol` is one name, or
        several with commas."""
        path = os.path.join(self.folder, 'flow-%s-%d.yml' % (protocol.replace(',', '-'), len(executors)))
        with open(path, 'w') as out:
            out.write('jtype: Flow\nversion: "1"\nwith:\n  protocol: %s\n' % (
                '[%s]' % protocol if ',' in protocol else protocol) + gateway + 'executors:\n')
            for name, plugin, *lines in executors:
                out.write('  - name: %s\n    uses: %s\n' % (name, plugin))
                out.writelines('    %s\n' % line for line in lines)
        return path

    def start(self, executors, gateway='', protocol='grpc'):
        return Server([self.command, 'run', self.flow(executors, gateway, protocol)], 'sluice run')

    def start_echo(self, count, protocol='grpc'):
        return self.start([('e%d' % i, 'echo') for i in range(1, count + 1)], protocol=protocol)


def pss_kb(pid):
    with open('/proc/%d/smaps_rollup' % pid) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith('Pss:'))


def memory_alone_kb(pids):
    """What these processes take by themselves: their private pages, and of each shared mapping the most that one of them
    has in memory. Pages that strangers map as well count in full, as they do not in PSS."""
    private, shared = 0, {}
    for pid in pids:
        with open('/proc/%d/smaps' % pid) as lines:
            for line in lines:
                words = line.split()
                if not words[0].endswith(':'):
                    mapping = (words[5] if len(words) > 5 else 'anonymous', words[2], words[1])
                elif words[0] in ('Private_Clean:', 'Private_Dirty:'):
                    private += int(words[1])
                elif words[0] in ('Shared_Clean:', 'Shared_Dirty:'):
                    of_pid = shared.setdefault(mapping, {})
                    of_pid[pid] = of_pid.get(pid, 0) + int(words[1])
    return private + sum(max(of_pid.values()) for of_pid in shared.values())


def first_line(command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              cwd=SOURCE).stdout.split('\n')[0]
    except OSError:
        return ''


def machine():
    cpu = ''
    with open('/proc/cpuinfo') as lines:
        cpu = next((line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')), '')
    with open('/proc/meminfo') as lines:
        memory_kb = int(next(lines).split()[1])
    system = platform.freedesktop_os_release().get('PRETTY_NAME', '') if hasattr(platform, 'freedesktop_os_release') else ''
    return {'cpu': cpu, 'cores': os.cpu_count(), 'memory_mb': memory_kb // 1024, 'system': system,
            'kernel': platform.release(), 'load_average': [round(x, 2) for x in os.getloadavg()]}


def versions():
    return {'sluice': first_line(['git', 'describe', '--always', '--dirty', '--tags']),
            'compiler': first_line(['cc', '--version']),
            'libgrpc': first_line(['pkg-config', '--modversion', 'grpc']),
            'libc': ' '.join(platform.libc_ver())}


class Rows:
    """Named results. `met` is None for rows that no target belongs to."""

    def __init__(self):
        self.rows = []

    def add(self, name, measured, target, met, floor=None, unit='', **extra):
        row = {'name': name, 'measured': number(measured), 'floor': number(floor),
               'ratio': number(measured / floor) if floor else None, 'unit': unit, 'target': target, 'met': met}
        row.update(extra)  # `ratio` among them where it is the median of the rounds' own ratios
        self.rows.append(row)
        say(line_of(row))

    def table(self):
        lines = ['| row | unit | measured | floor | ratio | target | met |', '|---|---|---|---|---|---|---|']
        for row in self.rows:
            lines.append('| %s | %s | %s | %s | %s | %s | %s |' % (
                row['name'], row['unit'], text(row['measured']), text(row['floor']), text(row['ratio']),
                row['target'] or '', {True: 'yes', False: 'NO', None: ''}[row['met']]))
        return '\n'.join(lines)

    def finish(self, options):
        """Print the table, write the file, and return the exit status: 1 when a target is missed."""
        print(self.table())
        if options.json:
            with open(options.json, 'w') as out:
                json.dump({'machine': machine(), 'versions': versions(), 'command': sys.argv, 'rows': self.rows}, out,
                          indent=1)
                out.write('\n')
        missed = [row['name'] for row in self.rows if row['met'] is False]
        if missed:
            print('missed: ' + ', '.join(missed))
        if not self.rows:
            print('no row has this name')
        return 1 if missed or not self.rows else 0


def number(value):
    return round(value, 3) if isinstance(value, float) else value


def text(value):
    if value is None:
        return ''
    if isinstance(value, float):
        return '%.0f' % value if abs(value) >= 1000 else '%.1f' % value if abs(value) >= 10 else '%.2f' % value
    return str(value)


def line_of(row):
    met = {True: 'met', False: 'MISSED', None: ''}[row['met']]
    floor = ', floor %s, ratio %s' % (text(row['floor']), text(row['ratio'])) if row['floor'] is not None else ''
    return '%s: %s %s%s %s %s' % (row['name'], text(row['measured']), row['unit'], floor, row['target'] or '', met)
