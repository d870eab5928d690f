"""Running Flows for tests: real processes, ports chosen by the system, and nothing is waited for by sleeping.

Every process of a test carries a mark in its environment, by which left-overs are found. The log of each Flow is kept
in a file below the build folder; its place is printed when a test fails.
"""
import contextlib
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", "build/dev"))
SOURCE = os.path.abspath(os.environ.get("SLUICE_SOURCE", "."))
SLUICE = os.path.join(BUILD, "bin", "sluice")
PLUGINS = os.path.join(BUILD, "tests", "plugins")
GATE = os.path.join(PLUGINS, "gate.so")
LOGS = os.path.join(BUILD, "tests", "integration")
COMPLAINT = re.compile(r"(Thread|Address)Sanitizer: [a-z]|LeakSanitizer: detected|: runtime error: ")
PATIENCE = 60  # seconds; only a fault, or a very slow machine, takes so long


def sanitized():
    """Sanitizers make everything slow and large."""
    return "asan" in BUILD or "tsan" in BUILD


def memory(pid, name="VmRSS"):
    """Bytes of a process's memory: what it holds, or with "VmHWM" the most that it ever held."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(rf"{name}:\s+(\d+)", status.read())[1]) * 1024


def memory_peak(pid):
    return memory(pid, "VmHWM")


def processor_seconds(pid):
    """What a process has used so far."""
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Flow:
    """`sluice run` with everything it says."""

    def __init__(self, case, *arguments, stop_pipe=False, env=None):
        self.lines = []
        self.changed = threading.Condition()
        self.log_path = os.path.join(LOGS, f"{case.id().split('.', 1)[-1]}.log")
        read_end, write_end = os.pipe()
        passed = [write_end]
        extra = []
        self.stop_pipe = None
        if stop_pipe:
            stop_read, self.stop_pipe = os.pipe()
            passed.append(stop_read)
            extra = ["--stop-fd", str(stop_read)]
        self.process = subprocess.Popen(
            [SLUICE, "run", *arguments, "--ready-fd", str(write_end), *extra], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, pass_fds=passed, env={**case.env, **(env or {})})
        for descriptor in passed:
            os.close(descriptor)
        self.ready_pipe = os.fdopen(read_end)
        self.stdout = []
        self.readers = [threading.Thread(target=self._read, args=(self.process.stderr, self.lines)),
                        threading.Thread(target=self._read, args=(self.process.stdout, self.stdout))]
        for reader in self.readers:
            reader.start()
        self.report = None
        self.case = case
        case.flows.append(self)

    def _read(self, stream, lines):
        with open(self.log_path, "a") as log:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip("\n")
                log.write(line + "\n")
                log.flush()
                with self.changed:
                    lines.append(line)
                    self.changed.notify_all()

    def wait_ready(self):
        """The line of --ready-fd, as an object."""
        ready, _, _ = select.select([self.ready_pipe], [], [], PATIENCE)
        assert ready, "no word about readiness"
        line = self.ready_pipe.read()
        self.report = json.loads(line)
        assert line.endswith("\n") and line.count("\n") == 1, line
        return self.report

    def start(self):
        report = self.wait_ready()
        assert report["ready"], report
        return self

    @property
    def uri(self):
        return self.uri_of(self.report["gateway"][0])

    @staticmethod
    def uri_of(front):
        """The address of one entry of the report."""
        scheme = {"websocket": "ws"}.get(front["protocol"], front["protocol"]) + ("s" if front.get("tls") else "")
        return f"{scheme}://{front['host']}:{front['port']}"

    @property
    def port(self):
        return self.report["gateway"][0]["port"]

    def pid(self, name):
        return next(process["pid"] for process in self.report["processes"] if process["name"] == name)

    def wait_log(self, pattern, count=1):
        """Wait until `count` lines of the log match; the last of them."""
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                hits = [line for line in self.lines if re.search(pattern, line)]
                if len(hits) >= count:
                    return hits[count - 1]
                if not self.changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"{count} times {pattern!r} did not come; the log:\n" + "\n".join(self.lines) +
                                         "\n" + self.case.what_runs())

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        code = self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        return code

    def stop(self):
        if self.process.poll() is None:
            self.signal()
        return self.wait()

    def log(self):
        with self.changed:
            return "\n".join(self.lines)


class Case(unittest.TestCase):
    """Has a folder for sockets and files of its own, and looks at the end that nothing is left behind."""

    folders_may_stay = False

    def setUp(self):
        os.makedirs(LOGS, exist_ok=True)
        self.mark = uuid.uuid4().hex
        self.folder = tempfile.mkdtemp(prefix="sl", dir="/tmp")
        self.env = {key: value for key, value in os.environ.items() if key not in ("XDG_RUNTIME_DIR", "SLUICE_LOG_LEVEL")}
        self.env.update(TMPDIR=self.folder, SLUICE_TEST_MARK=self.mark)
        self.flows = []
        self.begun = []
        self.errors = []  # stderr of each command that ran to its end
        for name in os.listdir(LOGS):
            if name == f"{self.id().split('.', 1)[-1]}.log":
                os.unlink(os.path.join(LOGS, name))

    def tearDown(self):
        for flow in self.flows:
            if flow.stop_pipe is not None:
                os.close(flow.stop_pipe)
                flow.stop_pipe = None
            if flow.process.poll() is None:
                flow.signal(signal.SIGKILL)
            flow.wait()
            flow.ready_pipe.close()
            flow.process.stdout.close()
            flow.process.stderr.close()
        try:
            for text in self.errors + [flow.log() for flow in self.flows]:
                self.assertIsNone(COMPLAINT.search(text), text)
            self.wait_processes_gone()
            if not self.folders_may_stay:
                self.assertEqual(self.socket_folders(), [])
        finally:
            for pid in self.marked_processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.folder)
            failed = self._outcome.result.failures or self._outcome.result.errors if hasattr(self._outcome, "result") else []
            if any(case is self for case, _ in failed):
                print(f"log kept: {LOGS}/{self.id().split('.', 1)[-1]}.log", file=sys.stderr)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def flow(self, yaml, *arguments, **options):
        """Start a Flow of this YAML; does not wait."""
        return Flow(self, self.write("flow.yml", yaml), *arguments, **options)

    def sluice(self, *arguments, stdin=None, **options):
        """Run a command to its end: exit code, stdout, stderr."""
        done = subprocess.run([SLUICE, *arguments], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                              capture_output=True, env=self.env, timeout=PATIENCE, **options)
        self.errors.append(done.stderr.decode(errors="replace"))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def begin(self, *arguments):
        """Start a command and let it run."""
        process = subprocess.Popen([SLUICE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.env)
        self.addCleanup(self._end, process)
        self.begun.append(process)
        return process

    def what_runs(self):
        """For a test that waited in vain: what became of the commands it began, and what every process is doing."""
        lines = []
        for process in self.begun:
            code = process.poll()
            said = "" if code is None else process.stderr.read().decode(errors="replace")
            lines.append(f"{' '.join(process.args[1:4])}: {'runs' if code is None else f'ended with {code}: {said}'}")
        for pid in self.marked_processes():
            for task in sorted(glob.glob(f"/proc/{pid}/task/*")):
                try:
                    with open(f"{task}/comm") as comm, open(f"{task}/wchan") as wchan, open(f"{task}/syscall") as call:
                        lines.append(f"{pid} {comm.read().strip()}: {wchan.read()} {call.read().strip()}")
                except OSError:
                    continue
        return "\n".join(lines)

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def post(self, flow, endpoint="/", *arguments, **options):
        """Post and expect success: the documents."""
        code, out, err = self.sluice("post", flow.uri, endpoint, *arguments, **options)
        self.assertEqual((code, err), (0, ""))
        return [json.loads(line) for line in out.splitlines()]

    # what is there

    def marked_processes(self):
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    if f"SLUICE_TEST_MARK={self.mark}".encode() in environ.read():
                        found.append(int(name))
            except OSError:
                pass
        return found

    def wait_processes_gone(self):
        """Each process that carries the mark ends by itself."""
        for pid in self.marked_processes():
            try:
                descriptor = os.pidfd_open(pid)
            except OSError:
                continue
            ready, _, _ = select.select([descriptor], [], [], PATIENCE)
            os.close(descriptor)
            self.assertTrue(ready, f"process {pid} was left behind")

    def socket_folders(self):
        return [name for name in os.listdir(self.folder) if name.startswith("sluice-")]


def main():
    unittest.main(verbosity=2)
