"""sluice profile: its numbers against what the executors really did, over every protocol."""
import json
import os
import re
import shlex
import subprocess

import harness
from harness import SLUICE
from terminal import Terminal

FLOW = "jtype: Flow\nexecutors: [{name: quick, uses: echo}, {name: slow, uses: fault}]\ngateway: {protocol: %s}\n"


class Profile(harness.Case):
    protocol = "grpc"

    def setUp(self):
        super().setUp()
        self.running = self.flow(FLOW % self.protocol).start()

    def tearDown(self):
        code = self.running.stop()
        super().tearDown()
        self.assertEqual(code, 0)

    def profile(self, *arguments):
        code, out, err = self.sluice("profile", self.running.uri, "--json", *arguments)
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def test_the_handler_gets_what_the_handler_took(self):
        got = self.profile("--requests", "20", "--warmup", "2", "--parameter", "slow__delay_ms=20")
        self.assertEqual((got["uri"], got["protocol"], got["endpoint"]), (self.running.uri, self.protocol, "/"))
        self.assertEqual((got["requests"], got["failed"], got["documents_per_request"], got["in_flight"]), (20, 0, 1, 1))
        quick, slow = got["executors"]
        self.assertEqual((quick["name"], slow["name"], slow["requests"]), ("quick", "slow", 20))
        for numbers in [got["roundtrip"], got["gateway"], slow["time"]]:
            self.assertGreaterEqual(numbers["min_ms"], 20)
        for numbers in [got["roundtrip"], got["wire"], got["gateway"], got["gateway_itself"], quick["time"], slow["time"], quick["way"],
                        slow["way"], slow["handler"]]:
            self.assertLessEqual(0, numbers["min_ms"])
            self.assertLessEqual(numbers["min_ms"], numbers["median_ms"])
            self.assertLessEqual(numbers["median_ms"], numbers["p99_ms"])
        # Shares: the parts are the whole, at every level.
        self.assertAlmostEqual(got["roundtrip"]["share"], 1, 4)
        self.assertAlmostEqual(got["wire"]["share"] + got["gateway"]["share"], 1, 2)
        self.assertAlmostEqual(got["gateway_itself"]["share"] + quick["time"]["share"] + slow["time"]["share"],
                               got["gateway"]["share"], 2)
        self.assertAlmostEqual(slow["way"]["share"] + slow["handler"]["share"], slow["time"]["share"], 2)
        self.assertAlmostEqual(slow["handler"]["median_ms"] + slow["way"]["median_ms"], slow["time"]["median_ms"], 2)
        self.assertGreater(slow["handler"]["share"], 0.3)
        self.assertGreater(slow["handler"]["share"], quick["handler"]["share"])
        self.assertGreater(got["seconds"], 0.4)
        self.assertAlmostEqual(got["requests_per_second"], 20 / got["seconds"], 0)
        self.assertFalse(got["side_by_side"])

    def test_documents_and_requests_in_flight(self):
        lines = self.write("lines.txt", "a\nb\nc\n")
        got = self.profile("--lines", lines, "--text", "d", "--requests", "30", "--in-flight", "8", "--endpoint", "/search")
        self.assertEqual((got["requests"], got["documents_per_request"], got["in_flight"], got["endpoint"]), (30, 4, 8, "/search"))
        got = self.profile("--none", "--requests", "3", "--warmup", "0", "--no-stream")
        self.assertEqual((got["requests"], got["documents_per_request"]), (3, 0))
        got = self.profile("--requests", "5", "--target-executor", "quick")
        self.assertEqual([executor["requests"] for executor in got["executors"]], [5, 0])
        self.assertIsNone(got["executors"][1]["time"])

    def test_the_tree(self):
        code, out, err = self.sluice("profile", self.running.uri, "--requests", "10", "--parameter", "slow__delay_ms=2")
        self.assertEqual((code, err), (0, ""))
        numbers = r" +\d+\.\d %( +\d+\.\d{3}){3}\n"
        self.assertRegex(out, rf"\A10 requests to / at {self.running.uri}, 1 document each, 1 in flight: \d\.\d+ s, [\d.]+ requests/s\n\n"
                              rf" +share +min +median +p99  ms\n"
                              rf"round trip{numbers}├─ wire{numbers}└─ gateway{numbers}   ├─ itself{numbers}"
                              rf"   ├─ quick{numbers}   │  ├─ way and queue{numbers}   │  └─ handler{numbers}"
                              rf"   └─ slow{numbers}      ├─ way and queue{numbers}      └─ handler{numbers}\Z")
        self.assertEqual(len({len(line) for line in out.splitlines()[3:]}), 1, out)

    def test_failed_requests_are_counted_apart(self):
        code, out, err = self.sluice("profile", self.running.uri, "--json", "--requests", "10", "--parameter", "error_rate=1")
        self.assertEqual(code, 7)
        self.assertEqual((json.loads(out)["requests"], json.loads(out)["failed"]), (0, 10))
        self.assertIn("10 requests failed, the first with RuntimeError('fault on request')", err)

    def test_mistakes(self):
        cases = [((), 2, "URI missing"), (("x", "--requests", "0"), 2, "from 1 to 1000000"), (("x", "--none", "--text", "a"), 2, "either"),
                 (("x", "--parameters", "[]"), 1, "--parameters"), (("x", "--lines", self.path("none")), 1, "cannot open"),
                 ((f"{self.running.uri.split(':')[0]}://localhost:1",), 3, ""), (("x", "--protocol", "gopher"), 2, "grpc, http or websocket")]
        for arguments, expected, words in cases:
            code, out, err = self.sluice("profile", *arguments)
            self.assertEqual((code, out), (expected, ""), err)
            self.assertIn(words, err)

    def test_ctrl_c_prints_what_there_is(self):
        terminal = Terminal(self, [SLUICE, "profile", self.running.uri, "--requests", "1000000", "--json", "--warmup", "0", "--parameter",
                                   "slow__delay_ms=1"], stdout=subprocess.PIPE)
        terminal.wait_text(r"[1-9]\d\d+/1000200 requests")
        terminal.press("\x03")
        out = terminal.process.stdout.read()
        self.assertEqual(terminal.wait_end(), 6)
        terminal.process.stdout.close()
        self.assertGreater(json.loads(out)["requests"], 0)
        self.assertEqual([line.replace("^C", "") for line in terminal.screen()], [""])


class ProfileHttp(Profile):
    protocol = "http"


class ProfileWebSocket(Profile):
    protocol = "websocket"


class ProfilePage(harness.Case):
    def test_the_page_shows_what_is_printed(self):
        """But for the numbers."""
        with open(os.path.join(harness.SOURCE, "docs", "cli.md")) as file:
            shown = re.search(r"^```\n\$ sluice (profile localhost:51234 [^\n]*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        flow = harness.Flow(self, os.path.join(harness.SOURCE, "flows", "search", "flow.yml"), "--set", f"workspace={self.folder}").start()
        place = f"localhost:{flow.port}"
        code, out, err = self.sluice(*[word.replace("localhost:51234", place) for word in shlex.split(shown.group(1))])
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(re.sub(r" +\d+\.\d+", " 0", out), re.sub(r" +\d+\.\d+", " 0", shown.group(2).replace("localhost:51234", place)))
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
