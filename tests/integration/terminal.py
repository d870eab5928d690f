"""A command on a terminal of its own: a pty whose size is known, on which keys can be pressed."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import harness


def resize(descriptor, columns, rows=24):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """`arguments` with stderr on the terminal, which is its controlling one; stdin and stdout too, unless they are given."""

    def __init__(self, case, arguments, columns=100, stdin=None, stdout=None, env=None):
        self.master, slave = pty.openpty()
        self.text = ""
        resize(slave, columns)
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        self.case = case
        self.process = subprocess.Popen(arguments, stdin=slave if stdin is None else stdin, stdout=slave if stdout is None else stdout,
                                        stderr=slave, preexec_fn=self._adopt, env={**case.env, "TERM": "xterm", **(env or {})})
        case.addCleanup(self.close)

    @staticmethod
    def _adopt():
        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    def resize(self, columns):
        resize(self.master, columns)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.master, 65536)
        except OSError:
            return False  # nobody has the terminal any more
        self.text += got.decode(errors="replace")
        return bool(got)

    def wait_text(self, pattern):
        """Read until the pattern is there; the match."""
        deadline = time.monotonic() + harness.PATIENCE
        while True:
            found = re.search(pattern, self.text)
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0 or (not self._read(left) and self.process.poll() is not None):
                raise AssertionError(f"{pattern!r} did not come; the terminal has {self.text!r}")

    def wait_end(self):
        """Read until the process has ended: its exit code, negative for a signal."""
        deadline = time.monotonic() + harness.PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; the terminal has {self.text!r}"
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.returncode

    def screen(self):
        """What a person sees: the lines, with carriage returns and erased line ends obeyed."""
        lines = [""]
        column = 0
        for piece in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]+", self.text):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                lines.append("")
                column = 0
            elif piece == "\x1b[K":
                lines[-1] = lines[-1][:column]
            else:
                lines[-1] = lines[-1][:column] + piece + lines[-1][column + len(piece):]
                column += len(piece)
        return lines

    def drawn(self):
        """Each state of the line that was drawn."""
        return re.findall(r"\r([^\r\n\x1b]+)\x1b\[K", self.text)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
