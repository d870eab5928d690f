"""docs/tutorial-executor.md, done as it stands there: files are written, commands run one after the other, what they print is
compared with what the page shows. Only the ports and the home folder are others.

A fenced block is marked by the line before it: `<!-- file: NAME -->`, `<!-- command: NAME -->`, `<!-- output -->` (of the command
before; `…` stands for anything), `<!-- environment -->` (for all commands that follow), `<!-- run: FLOW -->` (stays running). Blocks
without a mark are for reading only, and there is a list of them below."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, SOURCE = os.environ["SLUICE_BUILD"], os.environ["SLUICE_SOURCE"]
PAGE = os.path.join(SOURCE, "docs", "tutorial-executor.md")
# What a test cannot do: build all of Sluice, show what differs on each start, attach a debugger to a process in use.
FOR_READING = ["cmake --preset release", "protocol   address", "gdb -p", "gdb --args sluice-executor"]
PATIENCE = 300


def blocks(text):
    """(kind, name, text) of each fenced block; kind None without a mark."""
    pattern = r"(?:^<!-- (\w+)(?:: ([^\n]*?))? -->\n)?^```\w*\n(.*?)^```$"
    return [(kind or None, name, body) for kind, name, body in re.findall(pattern, text, re.MULTILINE | re.DOTALL)]


def matches(expected, printed):
    """`…` in what is expected stands for anything, also for nothing."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, printed.strip() + "\n", re.DOTALL) or re.fullmatch(pattern, printed.strip(), re.DOTALL)


class Reader:
    def __init__(self, folder):
        self.home = folder
        self.work = os.path.join(folder, "snippet")
        self.tree = os.path.join(folder, "tree")
        os.mkdir(self.work)
        os.makedirs(os.path.join(self.tree, "build"))
        os.symlink(BUILD, os.path.join(self.tree, "build", "release"))
        self.environment = ""
        self.ports = {}
        self.flow = None
        self.done, self.printed, self.last = [], None, None

    def bash(self, command, folder):
        for shown, real in self.ports.items():
            command = command.replace(shown, real)
        # ASAN_OPTIONS and their like are for Sluice's own tests.
        env = {key: value for key, value in os.environ.items() if not key.endswith("SAN_OPTIONS")}
        env.update(HOME=self.home, LC_ALL="C.UTF-8")
        result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", self.environment + command], cwd=folder, env=env,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                timeout=PATIENCE)
        return result.returncode, result.stdout

    def file(self, name, text):
        with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, name, text):
        print(f"-- {name}", flush=True)
        if name == "gdb" and not self.can_debug():
            print("   is not run: there is no gdb that may start a program here")
            self.printed, self.last = None, name
            return
        code, self.printed = self.bash(text, self.tree if name == "install" else self.work)
        self.last = name
        assert code == 0, f"{name} ended with {code}:\n{text}\n{self.printed}"

    def can_debug(self):
        if shutil.which("gdb") is None:
            return False
        return "exited normally" in self.bash("gdb -q -batch -ex run $(command -v true) 2>&1", self.work)[1]

    def output(self, _, text):
        assert self.last is not None, f"an output without a command: {text}"
        if self.printed is not None:
            assert matches(text, self.printed), f"{self.last} is to print\n{text}\nand printed\n{self.printed}"
        self.printed = self.last = None

    def run(self, name, text):
        """The Flow on ports of the system's choice."""
        assert text.strip() == f"sluice run {name}", text
        print(f"-- {text.strip()}", flush=True)
        read_end, write_end = os.pipe()
        self.flow = subprocess.Popen([os.path.join(self.home, "sluice", "bin", "sluice"), "run", name, "--set",
                                      "gateway.port=[0,0]", "--ready-fd", str(write_end)], cwd=self.work,
                                     pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            report = json.loads(pipe.readline())
        assert report["ready"], report
        fronts = {front["protocol"]: str(front["port"]) for front in report["gateway"]}
        self.ports = {"51000": fronts["grpc"], "51001": fronts["http"]}

    def stop(self):
        self.flow.terminate()
        _, log = self.flow.communicate(timeout=PATIENCE)
        assert self.flow.returncode == 0, log
        assert "short/rep-0" in log and "keeps 5 words" in log, log


def main():
    with open(PAGE, encoding="utf-8") as file:
        found = blocks(file.read())
    unmarked = [text for kind, _, text in found if kind is None]
    assert len(unmarked) == len(FOR_READING), f"{len(unmarked)} blocks without a mark: {unmarked}"
    for text, start in zip(unmarked, FOR_READING):
        assert text.startswith(start), f"a block without a mark: {text}"
    with tempfile.TemporaryDirectory(prefix="sluice-tutorial.") as folder:
        reader = Reader(folder)
        try:
            for kind, name, text in found:
                if kind == "environment":
                    reader.environment += text
                elif kind is not None:
                    getattr(reader, kind)(name, text)
            reader.stop()
            reader.flow = None
        finally:
            if reader.flow is not None:
                reader.flow.kill()
                reader.flow.communicate()
    print("docs/tutorial-executor.md holds")


if __name__ == "__main__":
    sys.exit(main())
