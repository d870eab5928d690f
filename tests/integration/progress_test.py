"""The progress bar of sluice post: where it is shown, what it says, and that the terminal is left as it was."""
import os
import re
import signal
import subprocess
import termios
import time

import harness
from harness import SLUICE
from terminal import Terminal

FLOW = "jtype: Flow\nexecutors: [{name: slow, uses: fault}]\n"
SLOW = ("--parameter", "delay_ms=40", "--request-size", "1", "--prefetch", "1")


class Progress(harness.Case):
    def setUp(self):
        super().setUp()
        self.running = self.flow(FLOW).start()

    def tearDown(self):
        code = self.running.stop()
        super().tearDown()
        self.assertEqual(code, 0)

    def lines(self, count=60):
        return self.write("lines.txt", "".join(f"{number:09}\n" for number in range(count)))

    def post(self, *arguments, **options):
        return Terminal(self, [SLUICE, "post", self.running.uri, "/", *SLOW, *arguments], **options)

    def assert_terminal_is_as_it_was(self, terminal):
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.modes)
        self.assertEqual(re.sub(r"\x1b\[K", "", terminal.text).count("\x1b"), 0, terminal.text)

    def test_a_long_input_shows_a_bar_and_removes_it(self):
        with open(self.path("out"), "wb") as out:
            terminal = self.post("--lines", self.lines(), stdout=out)
            terminal.wait_text(r"\r\[#*\.*\]")
            self.assertEqual(terminal.wait_end(), 0)
        drawn = terminal.drawn()
        self.assertTrue(all(re.fullmatch(r"\[#*\.*\] +\d+ %  \d+ docs  \d+(\.\d)?/\d+(\.\d)? k?B  \d+ docs/s  \d+(\.\d)? k?B/s  "
                                         r"\d+:\d\d( left)?", line) for line in drawn), drawn)
        percents = [int(re.search(r"(\d+) %", line).group(1)) for line in drawn]
        self.assertEqual(percents, sorted(percents))
        self.assertGreater(len(set(percents)), 3)
        self.assertEqual(terminal.screen(), [""])
        self.assert_terminal_is_as_it_was(terminal)
        with open(self.path("out")) as out:
            self.assertEqual(len(out.readlines()), 60)

    def test_redraws_at_most_ten_times_a_second(self):
        start = time.monotonic()
        terminal = self.post("--lines", self.lines(), stdout=subprocess.DEVNULL)
        terminal.wait_end()
        self.assertLessEqual(len(terminal.drawn()), (time.monotonic() - start) * 10 + 1)
        self.assertGreater(len(terminal.drawn()), 3)

    def test_documents_that_are_printed_on_the_same_terminal_stay_whole(self):
        terminal = self.post("--lines", self.lines(30))
        self.assertEqual(terminal.wait_end(), 0)
        self.assertTrue(terminal.drawn())
        lines = [line for line in terminal.screen() if line]
        self.assertEqual(len(lines), 30, lines)
        self.assertTrue(all(line.startswith("{") and line.endswith("}") for line in lines), lines)

    def test_errors_stay_whole_too(self):
        terminal = self.post("--lines", self.lines(30), "-k", "--parameter", "error_rate=1", stdout=subprocess.DEVNULL)
        self.assertEqual(terminal.wait_end(), 7)
        lines = [line for line in terminal.screen() if line]
        self.assertEqual(len(lines), 30, lines)
        self.assertTrue(all(line.startswith("sluice: request ") for line in lines), lines)

    def test_a_short_call_shows_nothing(self):
        start = time.monotonic()
        terminal = self.post("--text", "x", stdout=subprocess.DEVNULL)
        self.assertEqual(terminal.wait_end(), 0)
        if time.monotonic() - start < 0.5:
            self.assertEqual(terminal.text, "")
        else:  # a machine on which it was none; then it is gone at least
            self.assertEqual(terminal.screen(), [""])

    def test_where_nobody_wants_one(self):
        for arguments, env in [(("--quiet",), {}), (("--no-progress",), {}), ((), {"TERM": "dumb"}), ((), {"TERM": ""})]:
            with self.subTest(arguments=arguments, env=env):
                terminal = self.post("--lines", self.lines(30), *arguments, stdout=subprocess.DEVNULL, env=env)
                self.assertEqual(terminal.wait_end(), 0)
                self.assertEqual(terminal.text, "")
        terminal = self.post("--lines", self.lines(30), stdout=subprocess.PIPE)
        self.assertEqual(len(terminal.process.stdout.readlines()), 30)
        terminal.process.stdout.close()
        self.assertEqual((terminal.wait_end(), terminal.text), (0, ""))
        code, _, err = self.sluice("post", self.running.uri, "/", *SLOW, "--lines", self.lines(30))
        self.assertEqual((code, err), (0, ""))  # stderr is a pipe

    def test_one_that_was_asked_for_stays(self):
        terminal = self.post("--text", "x", "--text", "y", "--show-progress", stdout=subprocess.DEVNULL)
        self.assertEqual(terminal.wait_end(), 0)
        self.assertRegex(terminal.screen()[0], r"^\[#{30}\]  100 %  2/2 docs  2/2 B  \d+ docs/s  \d+ B/s  in \d+\.\d s$")
        code, out, err = self.sluice("post", self.running.uri, "/", *SLOW, "--text", "x", "--show-progress", "--quiet")
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"^\[#{30}\]  100 %  1/1 docs  .*\n$")

    def test_totals_are_shown_where_they_are_known(self):
        source = subprocess.Popen(["cat", self.lines(40)], stdout=subprocess.PIPE)
        terminal = self.post("--lines", "-", stdin=source.stdout, stdout=subprocess.DEVNULL)
        self.assertEqual(terminal.wait_end(), 0)
        source.stdout.close()
        source.wait()
        self.assertTrue(terminal.drawn())
        self.assertTrue(all(re.fullmatch(r"0 docs  0 docs/s  0:\d\d|\d+ docs  \d+ B  \d+ docs/s  \d+ B/s  \d+:\d\d", line) for line in terminal.drawn()),
                        terminal.drawn())
        with open(self.lines(40)) as lines:
            terminal = self.post("--lines", "-", "--total-docs", "40", stdin=lines, stdout=subprocess.DEVNULL)
            self.assertEqual(terminal.wait_end(), 0)
        self.assertRegex(terminal.drawn()[-1], r"%  \d+/40 docs  \d+(\.\d)?/(400 B|0\.4 kB)")

    def test_narrow_terminals(self):
        for columns in [60, 30, 8, 2]:
            with self.subTest(columns=columns):
                terminal = self.post("--lines", self.lines(30), stdout=subprocess.DEVNULL, columns=columns)
                self.assertEqual(terminal.wait_end(), 0)
                self.assertTrue(terminal.drawn())
                self.assertLess(max(map(len, terminal.drawn())), columns)

    def test_the_width_is_followed(self):
        terminal = self.post("--lines", self.lines(100), stdout=subprocess.DEVNULL)
        terminal.wait_text("docs/s")
        terminal.resize(30)
        before = len(terminal.text)
        self.assertEqual(terminal.wait_end(), 0)
        self.assertLess(len(re.findall(r"\r([^\r\n\x1b]+)\x1b\[K", terminal.text[before:])[-1]), 30)

    def test_a_gateway_that_is_not_there(self):
        terminal = Terminal(self, [SLUICE, "post", "grpc://127.0.0.1:1", "/", "--lines", self.lines(), "--wait", "--timeout", "2"],
                            stdout=subprocess.DEVNULL)
        self.assertIn(terminal.wait_end(), (3, 5))
        self.assertTrue(terminal.drawn())
        self.assertEqual(len(terminal.screen()), 2, terminal.screen())
        self.assertTrue(terminal.screen()[0].startswith("sluice: "), terminal.screen())
        self.assert_terminal_is_as_it_was(terminal)


class ProgressSignals(harness.Case):
    """A request that waits for ever, and what is done to the command meanwhile."""

    def setUp(self):
        super().setUp()
        self.running = self.flow(FLOW).start()
        self.terminal = Terminal(self, [SLUICE, "post", self.running.uri, "/", "--text", "x", "--parameter", "delay_ms=600000"],
                                 stdout=subprocess.DEVNULL)
        self.terminal.wait_text("0/1 docs")

    def tearDown(self):
        code = self.running.stop()
        super().tearDown()
        self.assertEqual(code, 0)

    def assert_clean(self):
        self.assertEqual(termios.tcgetattr(self.terminal.slave), self.terminal.modes)
        self.assertEqual([line.replace("^C", "") for line in self.terminal.screen()], [""])

    def test_it_tells_that_nothing_comes(self):
        self.terminal.wait_text(r"0 docs/s  0 B/s  0:0[23]")
        self.terminal.press("\x03")
        self.assertEqual(self.terminal.wait_end(), -signal.SIGINT)

    def test_ctrl_c_removes_it(self):
        self.terminal.press("\x03")
        self.assertEqual(self.terminal.wait_end(), -signal.SIGINT)
        self.assert_clean()

    def test_other_ends_remove_it(self):
        self.terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.terminal.wait_end(), -signal.SIGTERM)
        self.assert_clean()


class ProgressShell(harness.Case):
    """In a shell with job control."""

    def shell_environment(self):
        return {"PS1": "> ", "HISTFILE": "", "INPUTRC": self.write("inputrc", "set enable-bracketed-paste off\n")}

    def test_ctrl_z_removes_it_and_it_comes_again(self):
        running = self.flow(FLOW).start()
        shell = Terminal(self, ["bash", "--norc", "--noprofile", "-i"], env=self.shell_environment())
        shell.wait_text("> ")
        shell.press(f"{SLUICE} post {running.uri} / --text x --parameter delay_ms=600000 >/dev/null\n")
        shell.wait_text("0/1 docs")
        shell.press("\x1a")
        shell.wait_text(r"Stopped[^\n]*\n> ")
        self.assertFalse([line for line in shell.screen() if "docs" in line], shell.screen())
        shell.text = ""
        shell.press("fg\n")
        shell.wait_text("0/1 docs")
        shell.press("\x03")
        shell.wait_text("\n> $")
        self.assertFalse([line for line in shell.screen() if "docs" in line], shell.screen())
        shell.text = ""
        shell.press("echo ended with $?\n")
        shell.wait_text("ended with 130")
        shell.press("exit\n")
        shell.wait_end()
        self.assertEqual(running.stop(), 0)

    def test_nothing_is_drawn_in_the_background(self):
        running = self.flow(FLOW).start()
        shell = Terminal(self, ["bash", "--norc", "--noprofile", "-i"], env=self.shell_environment())
        shell.wait_text("> ")
        shell.press(f"{SLUICE} post {running.uri} / --lines {self.write('lines.txt', 'x' + chr(10) + 'y')} --parameter delay_ms=800 "
                    "-n 1 --prefetch 1 >/dev/null &\n")
        shell.wait_text(r"\[1\] \d+")
        shell.press("wait; echo all is over\n")
        shell.wait_text("\nall is over")
        self.assertNotIn("docs", shell.text)
        shell.press("exit\n")
        shell.wait_end()
        self.assertEqual(running.stop(), 0)


if __name__ == "__main__":
    harness.main()
