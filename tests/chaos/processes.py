"""What the processes of a Flow take: memory, descriptors, who descends from whom; and programs that are spoken to over pipes."""

import json
import os
import select
import subprocess
import time

from harness import Failure

PATIENCE_SECONDS = 120


def parent_and_command(pid):
    try:
        with open('/proc/%s/stat' % pid) as stat, open('/proc/%s/cmdline' % pid, 'rb') as command:
            fields = stat.read().rsplit(')', 1)[1].split()
            return (0 if fields[0] in 'ZX' else int(fields[1])), command.read().decode(errors='replace').split('\0')
    except OSError:
        return 0, ['']


def children_of(ancestor):
    """pid -> name of the program, of everything that descends from this process and is not dead."""
    table = {int(entry): parent_and_command(entry) for entry in os.listdir('/proc') if entry.isdigit()}

    def descends(pid):
        while pid in table and pid != ancestor:
            pid = table[pid][0]
        return pid == ancestor

    return {pid: os.path.basename(command[0]) for pid, (_, command) in table.items() if pid != ancestor and descends(pid)}


def executors_below(ancestor):
    return sorted(pid for pid, name in children_of(ancestor).items() if name == 'sluice-executor')


def rss_kb(pid):
    with open('/proc/%d/status' % pid) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith('VmRSS:'))


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


def wait_until(done, seconds=PATIENCE_SECONDS):
    """Look every 20 ms; the last answer."""
    limit = time.monotonic() + seconds
    while True:
        answer = done()
        if answer or time.monotonic() > limit:
            return answer
        time.sleep(0.02)


class Helper:
    """One of the programs here: lines in, lines out. Ends with its input."""

    def __init__(self, options, name, *arguments):
        self.name = name
        self.process = subprocess.Popen([os.path.join(options.build, 'tests', 'chaos', name)] + [str(each) for each in arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.data = b''

    def tell(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def line(self, seconds=PATIENCE_SECONDS):
        """The next line of its output. Failure when it does not come."""
        limit = time.monotonic() + seconds
        while b'\n' not in self.data:
            left = limit - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if not piece:
                self.process.kill()
                raise Failure('%s %s' % (self.name, 'ended with %d' % self.process.wait() if ready else 'said nothing more'))
            self.data += piece
        line, self.data = self.data.split(b'\n', 1)
        return line.decode()

    def ask(self, text, seconds=PATIENCE_SECONDS):
        self.tell(text)
        return json.loads(self.line(seconds))

    def end(self, with_line=False):
        """Close its input and wait; its last line as an object, if it has one."""
        self.process.stdin.close()
        last = json.loads(self.line()) if with_line else None
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure('%s does not end' % self.name)
        if code != 0:
            raise Failure('%s ended with %d' % (self.name, code))
        return last

    def kill(self):
        """After a failure elsewhere."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
