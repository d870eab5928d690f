"""Completion as a person has it: bash and zsh on a terminal, with the TAB key; and bash's function for every option."""
import os
import re
import shutil
import subprocess

import harness
from harness import BUILD, SLUICE
from terminal import Terminal

BASH = os.path.join(BUILD, "share", "bash-completion", "completions", "sluice")
ZSH = os.path.join(BUILD, "share", "zsh", "site-functions")
WIDE = 400  # columns: what is typed stays on one line, however long the path of the build tree
# Calls the function as readline does, with the words that it makes: `=` and `:` are words of their own.
ASK = r"""
source "$1"
while IFS= read -r line; do
    COMP_LINE=$line COMP_WORDS=() rest=$line
    while [[ $rest =~ ^\ *([:=]+|[^\ :=]+) ]]; do
        COMP_WORDS+=("${BASH_REMATCH[1]}")
        rest=${rest#"${BASH_REMATCH[0]}"}
    done
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _sluice
    echo "${COMPREPLY[*]}"
done
"""


class Completion(harness.Case):
    def setUp(self):
        super().setUp()
        self.env["PATH"] = os.path.dirname(SLUICE) + ":" + self.env["PATH"]
        for name in ["flow.yml", "flows.txt", "documents.jsonl", "odd $(touch hacked).so"]:
            self.write(name, "")
        os.mkdir(self.path("folder"))

    def ask(self, *lines):
        """What is offered for each of the lines."""
        done = subprocess.run(["bash", "--norc", "-c", ASK, "ask", BASH], input="".join(f"{line}\n" for line in lines), text=True,
                              capture_output=True, cwd=self.folder, env=self.env, timeout=harness.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_what_is_printed_is_what_is_installed(self):
        for shell, path in [("bash", BASH), ("zsh", os.path.join(ZSH, "_sluice"))]:
            with open(path) as file:
                self.assertEqual(self.sluice("completion", shell), (0, file.read(), ""))
        code, _, err = self.sluice("completion", "fish")
        self.assertEqual(code, 2)
        self.assertIn('there is no completion for "fish"; say bash or zsh', err)

    def test_bash_in_every_place(self):
        cases = {
            "sluice po": "post", "sluice p": "post profile ping plugin", "sluice plugin ": "list show", "sluice plugin s": "show",
            "sluice --v": "--version", "sluice help pl": "plugin", "sluice completion ": "bash zsh", "sluice no ": "",
            "sluice check fl": "flow.yml flows.txt", "sluice check a.yml fl": "flow.yml flows.txt", "sluice run --set fl": "",
            "sluice post localhost:1 /x --te": "--text --text-file", "sluice post --text --": "",
            "sluice post localhost:1 / --jsonl d": "documents.jsonl", "sluice post localhost:1 / -j d": "documents.jsonl",
            "sluice post localhost:1 / --jsonl=d": "documents.jsonl", "sluice post localhost:1 / --jsonl=": None,
            "sluice post localhost:1 / --protocol ": "grpc http websocket", "sluice post x / --protocol=h": "http",
            "sluice post x / --compression=": "Gzip Deflate NoCompression", "sluice post x / fl": "",
            "sluice ping fl": "flow", "sluice ping flow fl": "", "sluice ping --timeout 5 g": "gateway",
            "sluice plugin list f": "folder", "sluice plugin show -C f": "folder", "sluice plugin show --j": "--json",
            "sluice plugin show sent": "sentencizer", "sluice plugin show odd": None,
        }
        for (line, expected), got in zip(cases.items(), self.ask(*cases)):
            if expected is not None:
                self.assertEqual(sorted(got.split()), sorted(expected.split()), line)
        self.assertFalse(os.path.exists(self.path("hacked")))

    def test_bash_knows_every_option_of_help(self):
        for command in ["run", "check", "post", "mutate", "profile", "ping", "plugin list", "plugin show", "completion", "help"]:
            text = self.sluice(*command.split(), "--help")[1]
            options = [option for pair in re.findall(r"^  (?:(-\w), )?(--[\w-]+)", text, re.MULTILINE) for option in pair if option]
            self.assertIn("--help", options)
            self.assertEqual(sorted(self.ask(f"sluice {command} -")[0].split()), sorted(options), command)

    def test_bash_on_a_terminal(self):
        shell = Terminal(self, columns=WIDE, arguments=["bash", "--norc", "--noprofile", "-i"], env={"PS1": "> ", "HISTFILE": "", "INPUTRC": self.write("inputrc", "set bell-style none\n")})
        shell.wait_text("> ")
        shell.press(f"source {BASH}; cd {self.folder}; clear\n")
        shell.wait_text(r"clear\r\n(.|\n)*> $")
        self.complete(shell, "sluice po\t", "sluice post ")
        self.complete(shell, "grpc://localhost:5 / --summ\t", "--summary ")
        self.complete(shell, "--protocol=w\t", "--protocol=websocket ")
        self.complete(shell, "--lines doc\t", "--lines documents.jsonl ")
        shell.press("\x15sluice plugin show sent\t")
        shell.wait_text("sluice plugin show sentencizer ")
        shell.press("\x15exit\n")
        shell.wait_end()

    @staticmethod
    def complete(shell, keys, expected):
        shell.text = ""
        shell.press(keys)
        shell.wait_text(re.escape(expected))

    def test_zsh_on_a_terminal(self):
        self.assertIsNotNone(shutil.which("zsh"), "there is no zsh; tools/setup test installs it")
        shell = Terminal(self, columns=WIDE, arguments=["zsh", "-f", "-i"], env={"PS1": "> ", "HISTFILE": "", "ZDOTDIR": self.folder})
        shell.wait_text("> ")
        shell.press(f"fpath=({ZSH} $fpath); cd {self.folder}; autoload -U compinit; compinit -u -D; PS1='ready> '\n")
        shell.wait_text(r"ready> \x1b")
        done = "\x1b[1m "  # the space behind a completion is bold until the next key: so it was inserted, not merely shown
        self.complete(shell, "sluice prof\t", "profile" + done)
        shell.press("\x15")
        self.complete(shell, "sluice plugin sh\t", "show" + done)
        self.complete(shell, "sent\t", "encizer" + done)
        shell.press("\x15")
        self.complete(shell, "sluice post x / --summ\t", "ary" + done)
        self.complete(shell, "--protocol=webs\t", "ocket" + done)
        self.complete(shell, "--lines doc\t", "uments.jsonl" + done)
        shell.press("\x15")
        self.complete(shell, "sluice check flow.\t", "yml" + done)
        shell.press("\x15")
        shell.text = ""
        shell.press("sluice plugin list --\t")
        shell.wait_text("The names alone, each once")
        shell.press("\x15exit\n")
        shell.wait_end()


if __name__ == "__main__":
    harness.main()
