"""sluice post, mutate, ping and check: inputs, outputs and exit codes, against a running Flow."""
import base64
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import unittest

import harness
from harness import GATE, PLUGINS, SLUICE
from terminal import Terminal

ECHO = "jtype: Flow\nexecutors: [{name: first, uses: echo}, {name: fault, uses: fault}]\n"


class Post(harness.Case):
    protocol = "grpc"

    def setUp(self):
        super().setUp()
        self.running = self.flow(f"{ECHO}gateway: {{protocol: {self.protocol}}}\n").start()

    def tearDown(self):
        code = self.running.stop()
        super().tearDown()
        self.assertEqual(code, 0)

    def texts(self, *arguments, **options):
        return [document.get("text") for document in self.post(self.running, "/", *arguments, **options)]

    def test_every_kind_of_input_in_order(self):
        lines = self.write("lines.txt", "one\n\nthree\u00e4")
        blob = self.write("blob.bin", bytes(range(256)))
        text = self.write("text.txt", "whole\nfile\n")
        jsonl = self.write("documents.jsonl", '{"id": "a", "text": "json", "tags": {"k": 1.5}}\n\n{"id": "b"}\n')
        got = self.post(self.running, "/", "--text", "first", "--lines", lines, "--file", blob, "--text-file", text, "--jsonl",
                        jsonl, "--results-in-order", "--request-size", "2")
        self.assertEqual([document.get("text") for document in got[:4]], ["first", "one", None, "three\u00e4"])
        self.assertEqual(base64.b64decode(got[4]["blob"]), bytes(range(256)))
        self.assertEqual(got[5]["text"], "whole\nfile\n")
        self.assertEqual([document.get("uri") for document in got], [None] * 4 + [blob, text] + [None] * 2)
        self.assertEqual((got[6]["id"], got[6]["text"], got[6]["tags"]), ("a", "json", {"k": 1.5}))
        self.assertEqual(got[7]["id"], "b")
        self.assertEqual(len(got), 8)
        self.assertEqual(len(got[0]["id"]), 32)

    def test_a_pipe_is_json_lines_and_posts_can_be_chained(self):
        out = subprocess.run(f"{SLUICE} post {self.running.uri} / --text a --text b --results-in-order | "
                             f"{SLUICE} post {self.running.uri} / --results-in-order", shell=True, env=self.env,
                             capture_output=True, timeout=harness.PATIENCE)
        self.assertEqual([json.loads(line)["text"] for line in out.stdout.splitlines()], ["a", "b"])
        self.assertEqual(self.texts("--lines", "-", stdin=b"x\ny\n"), ["x", "y"])

    def test_no_input_is_one_request_without_documents(self):
        for arguments, stdin in [((), None), ((), b""), (("--none",), b'{"text": "not read"}\n')]:
            code, out, err = self.sluice("post", self.running.uri, "/", "--responses", *arguments, stdin=stdin)
            self.assertEqual(code, 0, err)
            self.assertEqual([json.loads(line)["data"] for line in out.splitlines()], [[]])

    def test_bad_inputs_are_named(self):
        cases = [(("--jsonl", self.write("bad.jsonl", '{"text": "good"}\n{"text": }\n')), 1, "bad.jsonl:2"),
                 (("--lines", self.write("bad.txt", b"good\n\xff\n")), 1, "bad.txt:2: this line is no UTF-8 text"),
                 (("--text-file", self.write("latin", b"\xe4")), 1, "latin: this is no UTF-8 text"),
                 (("--lines", self.path("none")), 1, "none: cannot open"),
                 (("--parameters", "[1]"), 1, "--parameters"), (("--parameter", "novalue"), 1, "KEY=VALUE"),
                 (("--metadata", "=x"), 1, "KEY=VALUE"), (("--compression", "Zip", "--text", "x"), 2, "Gzip, Deflate or NoCompression"),
                 (("--repeat", "2", "--lines", "-"), 1, "only once"),
                 (("--lines", "-", "--text-file", "-"), 1, "-: standard input is named 2 times and can be read only once"),
                 (("--lines", "\x1b[2J"), 1, "sluice: \\x1b[2J: cannot open"), (("--tezt", "x"), 2, "did you mean --text?")]
        for arguments, expected, words in cases:
            with self.subTest(arguments):
                code, _, err = self.sluice("post", self.running.uri, "/", *arguments)
                self.assertEqual(code, expected, err)
                self.assertIn(words, err)

    def test_whole_responses(self):
        code, out, err = self.sluice("post", self.running.uri, "/search", "--text", "x", "--responses", "--parameter", "a=5",
                                     "--parameter", "b=text", "--parameters", '{"c": [true]}', "--target-executor", "first")
        self.assertEqual((code, err), (0, ""))
        response = json.loads(out)
        self.assertEqual(len(response["header"]["requestId"]), 32)
        self.assertEqual(response["header"]["execEndpoint"], "/search")
        self.assertEqual(response["header"]["targetExecutor"], "")  # a gateway empties it
        self.assertEqual(response["header"]["status"], {"code": 0, "description": "", "exception": None})
        self.assertEqual(response["parameters"], {"a": 5, "b": "text", "c": [True]})
        self.assertEqual([route["executor"] for route in response["routes"]], ["gateway", "first", "fault"])
        self.assertRegex(response["routes"][0]["endTime"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$")
        self.assertIsNone(response["routes"][2]["endTime"])
        self.assertEqual(response["data"][0]["text"], "x")

    def test_a_failing_executor(self):
        fail = ("--parameters", '{"error_rate": 1, "error_name": "ValueError", "error_text": "on purpose"}')
        code, out, err = self.sluice("post", self.running.uri, "/", "--text", "x", *fail)
        self.assertEqual((code, out), (7, ""))
        self.assertIn("ValueError('on purpose')", err)
        code, out, err = self.sluice("post", self.running.uri, "/", "--text", "x", "--text", "y", "--request-size", "1", "-k", *fail)
        self.assertEqual((code, out), (7, ""))
        self.assertEqual(err.count("ValueError('on purpose')"), 2)
        code, out, err = self.sluice("post", self.running.uri, "/", "--text", "x", "--responses", *fail)
        self.assertEqual(code, 7)
        self.assertEqual(json.loads(out)["header"]["status"]["exception"]["args"], ["on purpose"])

    def test_options_of_the_call(self):
        self.assertEqual(self.texts("--text", "x", "--repeat", "3", "--request-size", "0"), ["x"] * 3)
        self.assertEqual(self.texts("--text", "x", "--repeat", "5", "--request-size", "1", "--no-stream"), ["x"] * 5)
        self.assertEqual(self.texts("--text", "x", "--compression", "Gzip"), ["x"])
        self.assertEqual(self.texts("--text", "x", "--prefetch", "1", "--repeat", "10", "--request-size", "1", "--metadata", "a=b"),
                         ["x"] * 10)
        code, out, err = self.sluice("post", self.running.uri, "/", "--text", "x", "--summary", "--quiet")
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"^1 documents, 0\.00 MB sent in .* documents/s")
        self.assertRegex(err, r"(?m)^  first +[0-9.]+ %")
        code, out, err = self.sluice("post", self.running.uri, "--profile")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("Roundtrip", out)

    def test_a_deadline(self):
        code, _, err = self.sluice("post", self.running.uri, "/", "--text", "x", "--parameter", "delay_ms=30000", "--timeout", "0.3")
        self.assertEqual(code, 5, err)

    def test_nobody_there(self):
        code, _, err = self.sluice("post", f"{self.protocol}://localhost:1", "/", "--text", "x")
        self.assertEqual(code, 3, err)
        code, _, err = self.sluice("post", "grpc://a:b:c", "/", "--text", "x")
        self.assertEqual(code, 1, err)
        code, _, err = self.sluice("post", self.running.uri, "/", "--port", "5")
        self.assertEqual(code, 1, err)
        self.assertIn("port", err)

    def test_output_that_nobody_reads(self):
        process = subprocess.Popen([SLUICE, "post", self.running.uri, "/", "--text", "x", "--repeat", "100000"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual((process.wait(harness.PATIENCE), process.stderr.read()), (141, b""))
        process.stderr.close()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SLUICE, "post", self.running.uri, "/", "--text", "x"], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, env=self.env, timeout=harness.PATIENCE)
        self.assertEqual(done.returncode, 9)
        self.assertIn(b"(stdout): cannot write: No space left on device", done.stderr)

    @unittest.skipIf(harness.sanitized(), "sanitizers keep what was freed")
    def test_memory_is_bounded_when_results_are_printed_as_they_come(self):
        line = "x" * 100_000
        process = subprocess.Popen([SLUICE, "post", self.running.uri, "/", "--lines", "-", "--request-size", "1", "--prefetch", "8"],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=self.env)
        for _ in range(2000):  # 200 MB
            process.stdin.write(line.encode() + b"\n")
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertLess(usage.ru_maxrss, 150 * 1024)

    def test_ping(self):
        for target in [(), ("flow",), ("gateway",)]:
            code, out, err = self.sluice("ping", *target, self.running.uri)
            self.assertEqual((code, err), (0, ""))
            self.assertIn("1 of 1 rounds succeeded (0 % lost)", out)
        code, out, _ = self.sluice("ping", f"{self.protocol}://localhost:1", "--timeout", "30000")
        self.assertEqual(code, 3)
        self.assertIn("0 of 1 rounds succeeded (100 % lost)", out)
        code, _, err = self.sluice("ping", "flaw", self.running.uri)
        self.assertEqual(code, 2)
        process = self.begin("ping", self.running.uri, "--attempts", "1000", "--min-successful-attempts", "1000")
        self.assertIn(b"round 1 of 1000", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        out = process.stdout.read().decode()
        self.assertRegex(out, r"(?m)^(\d+) of \1 rounds succeeded \(0 % lost\), ")
        self.assertEqual(process.wait(harness.PATIENCE), 6)


class PostHttp(Post):
    """The same over HTTP."""

    protocol = "http"

    def test_a_gateway_of_another_protocol(self):
        code, _, err = self.sluice("post", self.running.uri.replace("http", "grpc"), "/", "--text", "x", "--timeout", "10")
        self.assertIn(code, (3, 5), err)

    def test_what_gateways_refuse(self):
        code, _, err = self.sluice("mutate", self.running.uri, "--query", "{ docs { id } }")
        self.assertEqual(code, 1)
        self.assertIn("POST /graphql: ", err)
        self.assertIn("set expose_graphql_endpoint in its Flow", err)
        code, _, err = self.sluice("post", self.running.uri, "/", "--text", "x", "--metadata", "content-length=3")
        self.assertEqual(code, 1)
        self.assertIn("content-length: the client sets this header itself", err)
        code, _, err = self.sluice("post", self.running.uri, "/", "--text", "x" * 1000, "--max-request-size", "999")
        self.assertEqual(code, 4)
        self.assertIn("max_request_size", err)


class GraphqlServer(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, or as the query says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = {"data": {"asked": asked, "path": self.path, "token": self.headers["authorization"]}}
        if "fail" in asked["query"]:
            answer = {"data": None, "errors": [{"message": "bad luck", "path": ["docs"]}, {"message": "twice"}]}
        elif "refuse" in asked["query"]:
            answer = {"data": None, "errors": [{"message": "no such field", "locations": [{"line": 1, "column": 1}]}]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Mutate(harness.Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GraphqlServer)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.place = f"127.0.0.1:{self.server.server_port}"

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        super().tearDown()

    def test_what_is_sent_and_printed(self):
        query = 'query Q($n: Int) { docs(execEndpoint: "/\u00e4") { id } }\n'
        path, variables = self.write("q.graphql", query), self.write("v.json", '{"n": 3}')
        wanted = {"asked": {"query": query, "variables": {"n": 3}, "operationName": "Q"}, "path": "/graphql", "token": "Bearer t"}
        options = ("--operation", "Q", "-H", "authorization: Bearer t", "--timeout", str(harness.PATIENCE))
        for scheme in ("", "http://", "grpc://"):
            for arguments in [("--query", query, "--variables", '{"n": 3}'), ("--query-file", path, "--variables-file", variables)]:
                code, out, err = self.sluice("mutate", scheme + self.place, *arguments, *options)
                self.assertEqual((code, err), (0, ""))
                self.assertEqual(json.loads(out), {"data": wanted})
        code, out, err = self.sluice("mutate", self.place, "--query-file", "-", "--include", stdin=b"{ docs { id } }")
        self.assertEqual((code, err), (0, ""))
        headers, body = out.split("\n\n")
        self.assertIn("content-type: application/json\n", headers + "\n")
        self.assertEqual(json.loads(body)["data"]["asked"], {"query": "{ docs { id } }", "variables": None, "operationName": None})

    def test_a_flow(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: first, uses: echo}, {name: fault, uses: fault}]\n"
                         "gateway: {protocol: http, expose_graphql_endpoint: true}\n").start()
        query = 'mutation($t: String, $p: JSONScalar) { docs(data: [{text: $t}], execEndpoint: "/", parameters: $p) { text } }'
        for uri in (flow.uri, flow.uri.replace("http", "grpc")):
            code, out, err = self.sluice("mutate", uri, "--query", query, "--variables", '{"t": "blue"}')
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(json.loads(out), {"data": {"docs": [{"text": "blue"}]}})
        code, _, err = self.sluice("mutate", flow.uri, "--query", "{ dogs { text } }")
        self.assertEqual(code, 1)
        self.assertIn('Cannot query field "dogs"', err)
        code, out, err = self.sluice("mutate", flow.uri, "--query", query, "--variables",
                                     json.dumps({"t": "x", "p": json.dumps({"error_rate": 1, "error_text": "on purpose"})}))
        self.assertEqual(code, 7, (out, err))
        self.assertIn("on purpose", err)
        self.assertEqual(flow.stop(), 0)

    def test_errors(self):
        code, out, err = self.sluice("mutate", self.place, "--query", "{ fail }")
        self.assertEqual(code, 7)
        self.assertIn(f"sluice: http://{self.place}: bad luck; twice", err)
        self.assertEqual(len(json.loads(out)["errors"]), 2)
        code, _, err = self.sluice("mutate", self.place, "--query", "{ refuse }")
        self.assertEqual(code, 1)
        self.assertIn("no such field", err)
        cases = [((), 2, "--query or --query-file missing"), (("--query", ""), 1, "the mutation is empty"),
                 (("--query", "{a}", "--query-file", "-"), 1, "not both"), (("--query-file", self.path("none")), 1, "cannot open"),
                 (("--query", "{a}", "--variables", "[1]"), 1, "the variables are no JSON object"),
                 (("--query", "{a}", "--header", "novalue"), 1, "NAME: VALUE"),
                 (("--query", "{a}", "--header", "a b: c"), 1, "the name of a header"),
                 (("--query", "{a}", "--tls-ca-file", "x"), 1, "without TLS"), (("--qery", "x"), 2, "did you mean --query?"),
                 (("--query-file", "-", "--variables-file", "-"), 2, "both standard input, which can be read only once")]
        for arguments, expected, words in cases:
            with self.subTest(arguments):
                code, _, err = self.sluice("mutate", self.place, *arguments)
                self.assertEqual(code, expected, err)
                self.assertIn(words, err)
        code, _, err = self.sluice("mutate", "http://127.0.0.1:1", "--query", "{a}")
        self.assertEqual(code, 3)
        self.assertIn("cannot connect: Connection refused", err)


class Command(harness.Case):
    def test_help_and_version(self):
        for arguments in [("--help",), ("help",), ("help", "post"), ("post", "--help"), ("run", "-h"), ("check", "--help"),
                          ("mutate", "--help"), ("ping", "--help"), ("profile", "--help"), ("plugin", "--help"), ("help", "plugin"),
                          ("plugin", "show", "--help"), ("help", "plugin", "list"), ("completion", "-h"), ("help", "--help")]:
            code, out, err = self.sluice(*arguments)
            self.assertEqual((code, err), (0, ""), arguments)
            self.assertTrue(out.startswith("usage: sluice"), out)
        self.assertRegex(self.sluice("--version")[1], r"^sluice \d+\.\d+\.\d+\n$")

    def test_help_is_as_wide_as_the_terminal(self):
        for columns, most in [(50, 50), (500, 100), (10, 40)]:
            terminal = Terminal(self, [SLUICE, "post", "--help"], columns=columns)
            self.assertEqual(terminal.wait_end(), 0)
            prose = [line for line in terminal.text.replace("\r", "").split("Examples:")[0].split("\n") if " " in line.strip()]
            self.assertLessEqual(max(len(line) for line in prose if not line.startswith(("usage:", "  -"))), most)
            self.assertGreater(max(len(line) for line in prose), most - 15)

    def test_a_full_disk(self):
        for arguments in [("--help",), ("completion", "bash"), ("help", "post"), ("plugin", "list"), ("plugin", "show", "echo")]:
            with open("/dev/full", "wb") as full:
                done = subprocess.run([SLUICE, *arguments], stdout=full, stderr=subprocess.PIPE, env=self.env, timeout=harness.PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (9, b"sluice: (stdout): cannot write: No space left on device\n"), arguments)

    def test_standard_output_that_is_closed(self):
        """The next file or socket would get its number, and the text with it."""
        flow = self.flow("jtype: Flow\n").start()
        for arguments in [("--version",), ("post", flow.uri, "/", "--text", "x"), ("profile", flow.uri), ("plugin", "list")]:
            done = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&-', SLUICE, *arguments], stderr=subprocess.PIPE, env=self.env,
                                  timeout=harness.PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (9, b"sluice: (stdout): cannot write: Bad file descriptor\n"), arguments)
        self.assertEqual(flow.stop(), 0)

    def test_wrong_commands(self):
        self.assertEqual(self.sluice()[0], 2)
        code, _, err = self.sluice("rum", "x.yml")
        self.assertEqual(code, 2)
        self.assertIn('there is no command "rum"; did you mean run?', err)
        self.assertEqual(self.sluice("help", "nothing")[0], 2)
        for arguments, words in [(("--halp",), "there is no option --halp before the command; did you mean --help?"),
                                 (("-q", "post"), "there is no option -q before the command; see sluice --help"),
                                 (("help", "plugin", "shoe"), 'no command "plugin shoe"; did you mean plugin show?'),
                                 (("help", "plugin", "zzzz"), 'no command "plugin zzzz"; see sluice help plugin\n'),
                                 (("help", "run", "plugin"), 'no command "run plugin"; see sluice help run\n'),
                                 (("a\nb\x1b",), 'no command "a b\\x1b"; see sluice --help\n'),
                                 (("plugin",), "sluice plugin: say what:\n  plugin list "), (("zzzz",), "see sluice --help")]:
            code, out, err = self.sluice(*arguments)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)
        self.assertEqual(self.sluice("run")[0], 2)
        self.assertEqual(self.sluice("post", "uri")[0], 2)

    def test_the_manual_says_what_help_says(self):
        """Each command's tables in docs/cli.md have the rows `--name VALUE` and the texts of its --help, in that order."""
        with open(os.path.join(harness.SOURCE, "docs", "cli.md")) as file:
            chapters = re.split(r"^## ", file.read(), flags=re.MULTILINE)
        commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +[A-Z]", self.sluice("--help")[1], re.MULTILINE)
        self.assertIn("plugin show", commands)
        for command in [f"sluice {name}" for name in commands] + ["sluice-gateway", "sluice-executor"]:
            chapter, = [text for text in chapters if re.match(rf"{command}[ \n]", text)]
            program, *words = command.split()
            told = subprocess.run([os.path.join(harness.BUILD, "bin", program), *words, "--help"], capture_output=True, text=True,
                                  env=self.env, timeout=harness.PATIENCE).stdout
            shown = re.findall(r"^\| `--([^`]+)`(?:, `(-\w)`)? \| (.+) \|$", chapter, re.MULTILINE)
            options = re.findall(r"^  (?:(-\w), )?--(.+)\n((?:      .+\n)+)", told, re.MULTILINE)
            self.assertTrue(options, command)
            said = [(name, short, " ".join(text.split())) for short, name, text in options if name not in ("help", "version")]
            self.assertEqual([(name, short, text.replace("`", "")) for name, short, text in shown],
                             [(name, short, text.replace("`", "")) for name, short, text in said])

    def test_check_finds_everything_and_runs_nothing(self):
        bad = self.write("bad.yml", f"""jtype: Flow
executers: []
executors:
  - {{name: a, uses: echo, uses_with: {{nonsense: 1}}}}
  - {{name: a, uses: tga, workers: many}}
""")
        code, out, err = self.sluice("check", bad)
        self.assertEqual((code, out), (1, ""))
        lines = err.splitlines()
        self.assertTrue(all(line.startswith(f"{bad}:") for line in lines), err)
        self.assertRegex(err, r"bad\.yml:2:1: error: .*executors")
        self.assertRegex(err, r"bad\.yml:5:\d+: error: .*tga.*tag")
        self.assertRegex(err, r"bad\.yml:5:\d+: error: .*workers")
        self.assertGreaterEqual(len(lines), 4)
        good = self.write("good.yml", "jtype: Flow\nexecutors: [{name: a, uses: echo, quiet: true}]\n")
        code, out, err = self.sluice("check", good)
        self.assertEqual((code, out), (0, ""))
        self.assertRegex(err, r"good\.yml:2:\d+: warning: .*quiet")
        self.assertEqual(self.sluice("check", good, bad)[0], 1)
        code, _, err = self.sluice("check", "-", good, "-")
        self.assertEqual(code, 2)
        self.assertIn("standard input can be read only once", err)
        self.assertEqual(self.sluice("check", self.path("none.yml"))[0], 1)

    def test_the_example_flows_are_clean(self):
        folder = os.path.join(harness.SOURCE, "flows")
        flows = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".yml")]
        self.assertTrue(flows)
        self.assertEqual(self.sluice("check", *flows), (0, "", ""))

    def test_check_and_run_load_no_grpc(self):
        self.assertNotIn("grpc", subprocess.run(["ldd", SLUICE], capture_output=True, text=True).stdout)


if __name__ == "__main__":
    harness.main()
