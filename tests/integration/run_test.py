"""sluice run: from start to end, and everything that may happen between."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import urllib.request

import harness
from harness import GATE, PLUGINS, SLUICE

CHAIN = """
jtype: Flow
executors:
  - {name: first, uses: tag, uses_with: {label: a}}
  - {name: second, uses: echo}
"""
GATED = f"""
jtype: Flow
executors:
  - {{name: gate, uses: {GATE}}}
"""


class Run(harness.Case):
    def test_says_what_it_runs_and_leaves_nothing_behind(self):
        flow = self.flow(CHAIN).start()
        report = flow.report
        self.assertEqual([process["name"] for process in report["processes"]], ["gateway", "first", "second"])
        self.assertNotIn("replica", report["processes"][0])
        self.assertEqual(report["processes"][1]["replica"], 0)
        self.assertEqual(report["gateway"][0]["protocol"], "grpc")
        self.assertEqual(report["gateway"][0]["host"], "127.0.0.1")
        self.assertGreater(report["ready_ms"], 0)
        folder, = self.socket_folders()
        self.assertEqual(os.stat(self.path(folder)).st_mode & 0o777, 0o700)
        self.assertEqual(sorted(os.listdir(self.path(folder))), ["first-0.sock", "second-0.sock"])
        self.assertEqual(self.post(flow, "/", "--text", "hello")[0]["text"][:5], "hello")
        self.assertEqual(flow.stop(), 0)
        self.assertEqual(self.socket_folders(), [])
        self.assertEqual(self.marked_processes(), [])
        self.assertRegex(flow.stdout[0], r"^protocol +address +executors$")
        self.assertRegex(flow.stdout[1], rf"^grpc +127\.0\.0\.1:{report['gateway'][0]['port']} +first, second$")
        self.assertRegex(flow.stdout[2], r"^ready in [0-9.]+ ms$")

    def test_a_flow_without_executors_runs(self):
        flow = self.flow("jtype: Flow\n").start()
        self.assertEqual(self.post(flow, "/", "--text", "x")[0]["text"], "x")
        self.assertEqual(flow.stop(), 0)

    def test_ctrl_c_drains_too(self):
        flow = self.flow(CHAIN).start()
        flow.signal(signal.SIGINT)
        self.assertEqual(flow.wait(), 0)

    def test_the_end_of_the_stop_descriptor_ends_it(self):
        flow = self.flow(CHAIN, stop_pipe=True).start()
        os.close(flow.stop_pipe)
        flow.stop_pipe = None
        self.assertEqual(flow.wait(), 0)

    def test_the_flow_comes_from_a_descriptor(self):
        read_end, write_end = os.pipe()
        os.write(write_end, CHAIN.encode())
        os.close(write_end)
        code, out, err = self.sluice("run", "--flow-fd", str(read_end), "--set", "nonsense=1", pass_fds=[read_end])
        os.close(read_end)
        self.assertEqual(code, 1, err)

    def test_a_list_of_protocols_opens_a_port_for_each(self):
        flow = self.flow(CHAIN, "--set", "gateway.protocol=[grpc, http, websocket, grpc]").start()
        fronts = flow.report["gateway"]
        self.assertEqual([front["protocol"] for front in fronts], ["grpc", "http", "websocket", "grpc"])
        self.assertEqual(len({front["port"] for front in fronts}), 4)
        for front in fronts:
            if front["protocol"] == "grpc":
                code, out, err = self.sluice("post", flow.uri_of(front), "/", "--text", "x")
                self.assertEqual((code, len(out.splitlines())), (0, 1), err)
            else:
                with urllib.request.urlopen(f"http://{front['host']}:{front['port']}/", timeout=harness.PATIENCE) as answer:
                    self.assertEqual(answer.read(), b"{}")
        self.assertEqual(flow.stop(), 0)
        rows = [line.split()[0] for line in flow.stdout[1:5]]
        self.assertEqual(rows, ["grpc", "http", "websocket", "grpc"], flow.stdout)

    def test_what_cannot_be_told_is_a_warning(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        stop_read, stop_write = os.pipe()
        with open("/dev/full", "wb") as full:
            process = subprocess.Popen(
                [SLUICE, "run", self.write("flow.yml", CHAIN), "--ready-fd", str(write_end), "--stop-fd", str(stop_read)],
                stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, pass_fds=[write_end, stop_read], env=self.env)
        os.close(write_end)
        os.close(stop_read)
        said = ""
        while said.count(" warning ") < 2 and (line := process.stderr.readline().decode()):
            said += line
        os.close(stop_write)
        process.stderr.close()
        self.assertEqual(process.wait(harness.PATIENCE), 0, said)
        self.assertIn("the addresses of this Flow cannot be printed: (stdout): cannot write: No space left on device", said)
        self.assertRegex(said, r"--ready-fd: descriptor \d+: cannot write: Broken pipe")

    def test_descriptors_that_cannot_be_used(self):
        flow = self.write("flow.yml", CHAIN)
        for arguments, words in [((flow, "--ready-fd", "900"), "--ready-fd: descriptor 900 is not open"),
                                 (("--flow-fd", "900"), "--flow-fd: descriptor 900 is not open"),
                                 ((flow, "--ready-fd", "2", "--stop-fd", "2"), "--ready-fd and --stop-fd are both descriptor 2")]:
            code, out, err = self.sluice("run", *arguments)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)

    def test_set_overrides(self):
        port = harness_port()
        flow = self.flow(CHAIN, "--set", f"port={port}", "--set", "executors.first.uses_with.label=changed").start()
        self.assertEqual(flow.report["gateway"][0]["port"], port)
        self.assertIn("changed", self.post(flow, "/", "--text", "x")[0]["text"])
        self.assertEqual(flow.stop(), 0)

    def test_a_drain_answers_what_is_inside_and_refuses_the_rest(self):
        flow = self.flow(GATED).start()
        inside = self.begin("post", flow.uri, "/wait", "--text", "kept", "--parameter", f"file={self.path('open')}")
        flow.wait_log(r"gate/rep-0: inside$")
        flow.signal()
        flow.wait_log(r"gateway: draining")
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "late")
        self.assertEqual(code, 3, err)
        self.write("open", "")
        out, err = inside.communicate(timeout=harness.PATIENCE)
        self.assertEqual((inside.returncode, err), (0, b""))
        self.assertEqual(json.loads(out)["text"], "kept")
        self.assertEqual(flow.wait(), 0)

    def test_a_second_signal_is_quick(self):
        flow = self.flow(GATED, "--set", "drain_timeout=600000").start()  # the test would end before it
        inside = self.begin("post", flow.uri, "/wait", "--text", "x", "--parameter", f"file={self.path('never')}")
        flow.wait_log(r"gate/rep-0: inside$")
        flow.signal()
        flow.wait_log(r"gateway: draining")
        flow.signal()
        self.assertEqual(flow.wait(), 0)
        inside.communicate(timeout=harness.PATIENCE)
        self.assertNotEqual(inside.returncode, 0)

    def test_a_request_that_never_ends_is_cancelled_after_drain_timeout(self):
        flow = self.flow(GATED, "--set", "drain_timeout=200").start()
        inside = self.begin("post", flow.uri, "/wait", "--text", "x", "--parameter", f"file={self.path('never')}")
        flow.wait_log(r"gate/rep-0: inside$")
        flow.signal()
        self.assertEqual(flow.wait(), 0)
        inside.communicate(timeout=harness.PATIENCE)
        self.assertNotEqual(inside.returncode, 0)

    def test_children_end_when_the_supervisor_is_killed(self):
        flow = self.flow(CHAIN).start()
        flow.signal(signal.SIGKILL)
        flow.process.wait()
        self.wait_processes_gone()
        self.assertEqual(len(self.socket_folders()), 1)
        again = self.flow(CHAIN).start()  # clears what was left
        self.assertEqual(len(self.socket_folders()), 1)
        self.assertEqual(again.stop(), 0)

    def test_other_output_of_a_plugin_comes_out_with_its_name(self):
        flow = self.flow(GATED).start()
        self.post(flow, "/print", "--text", "x", "--parameter", "text=words")
        flow.wait_log(r"^gate/rep-0: out words$")
        flow.wait_log(r"^gate/rep-0: err words$")
        self.assertEqual(flow.stop(), 0)


class Restart(harness.Case):
    def test_what_a_plugin_started_ends_with_its_process(self):
        flow = self.flow(GATED).start()
        before = set(self.marked_processes())
        self.post(flow, "/spawn", "--text", "x")
        started, = set(self.marked_processes()) - before
        end = os.pidfd_open(started)
        self.addCleanup(os.close, end)
        os.kill(flow.pid("gate"), signal.SIGKILL)
        self.assertTrue(select.select([end], [], [], harness.PATIENCE)[0])
        flow.wait_log(r"gate/rep-0 is ready again")
        self.post(flow, "/spawn", "--text", "x")
        self.assertEqual(flow.stop(), 0)  # and the clean-up finds nothing

    def test_a_killed_executor_comes_again_at_once(self):
        flow = self.flow(CHAIN).start()
        for round in range(1, 4):
            pid = flow.pid("first") if round == 1 else self.child("first")
            # A death within 100 ms of ready counts for the crash loop, so each round waits until a request went through.
            self.post(flow, "/", "--text", "x")
            os.kill(pid, signal.SIGKILL)
            flow.wait_log(r"first/rep-0 was killed by signal 9", round)
            flow.wait_log(r"first/rep-0 is ready again", round)
            self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)
        self.assertEqual(flow.stop(), 0)

    def child(self, name):
        for pid in self.marked_processes():
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                words = cmdline.read().split(b"\0")
            if b"--name" in words and words[words.index(b"--name") + 1] == name.encode():
                return pid
        self.fail(f"no process of {name}")

    def test_a_crash_costs_the_request_inside_and_nothing_else(self):
        flow = self.flow(f"""
jtype: Flow
executors:
  - {{name: rogue, uses: {PLUGINS}/rogue.so}}
""").start()
        code, out, err = self.sluice("post", flow.uri, "/segv", "--text", "x", "--responses")
        self.assertEqual(code, 7)
        self.assertIn("rogue", err)
        self.assertRegex(err, r"signal (11|6)\b")  # 6: AddressSanitizer's own end
        response = json.loads(out)
        self.assertEqual(response["header"]["status"]["code"], 1)
        self.assertEqual(response["data"][0]["text"], "x")
        self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)
        self.assertEqual(flow.stop(), 0)

    def test_a_killed_gateway_comes_again_on_its_port(self):
        flow = self.flow(CHAIN).start()
        os.kill(flow.pid("gateway"), signal.SIGKILL)
        flow.wait_log(r"gateway is ready again")
        self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)
        self.assertEqual(flow.stop(), 0)

    def crash_loop(self, mode):
        flow = self.flow(f"""
jtype: Flow
with: {{on_crash_loop: {mode}, crash_loop_limit: 3}}
executors:
  - {{name: gate, uses: {GATE}, uses_with: {{fail_if: {self.path('shut')}}}}}
""").start()
        self.write("shut", "")
        os.kill(flow.pid("gate"), signal.SIGKILL)
        return flow

    def test_a_crash_loop_is_given_up_and_the_rest_goes_on(self):
        flow = self.crash_loop("keep")
        flow.wait_log(r"gate/rep-0 .*the gate is told to stay shut.*given up, the rest of the Flow goes on")
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "x")
        self.assertEqual(code, 7, err)
        self.assertIn("told to stay shut", err)
        self.assertEqual(flow.stop(), 0)

    def test_a_new_gateway_knows_who_was_given_up(self):
        flow = self.crash_loop("keep")
        flow.wait_log(r"given up, the rest of the Flow goes on")
        os.kill(flow.pid("gateway"), signal.SIGKILL)
        flow.wait_log(r"gateway is ready again")
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "x")
        self.assertEqual(code, 7, err)
        self.assertIn("told to stay shut", err)
        self.assertEqual(flow.stop(), 0)

    def test_a_crash_loop_ends_the_flow_when_it_is_told_so(self):
        flow = self.crash_loop("stop")
        self.assertEqual(flow.wait(), 7)
        self.assertRegex(flow.log(), r"flow\.yml:5:5: executor gate .* in a row before it was ready: .*stay shut")

    def test_a_stuck_executor_is_ended_and_started_again(self):
        flow = self.flow(f"""
jtype: Flow
executors:
  - {{name: rogue, uses: {PLUGINS}/rogue.so, stuck_timeout: 200}}
""").start()
        code, _, err = self.sluice("post", flow.uri, "/endless", "--text", "x", "--timeout", "2")
        self.assertEqual(code, 5, err)
        flow.wait_log(r"rogue/rep-0 is stuck")
        flow.wait_log(r"rogue/rep-0 is ready again")
        self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)
        self.assertEqual(flow.stop(), 0)

    def test_a_stopped_executor_is_stuck_too(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: first, uses: echo, stuck_timeout: 200}]\n").start()
        os.kill(flow.pid("first"), signal.SIGSTOP)
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "x", "--timeout", "2")
        self.assertEqual(code, 5, err)
        flow.wait_log(r"first/rep-0 is ready again")
        self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)
        self.assertEqual(flow.stop(), 0)


class Stop(harness.Case):
    """The ends that are not as they should be: nothing is left of any."""

    def test_before_it_is_ready(self):
        flow = self.flow(f"jtype: Flow\nexecutors:\n  - {{name: gate, uses: {GATE}, uses_with: {{wait_if: {self.write('shut', '')}}}}}\n")
        flow.wait_log(r"gate/rep-0: opening")
        flow.signal()
        report = flow.wait_ready()
        self.assertEqual(report["ready"], False)
        self.assertIn("stopped before it was ready", report["error"])
        self.assertEqual(flow.wait(), 6)

    def test_a_gateway_that_does_not_drain_is_ended(self):
        flow = self.flow(CHAIN, "--set", "gateway.drain_timeout=0").start()
        os.kill(flow.pid("gateway"), signal.SIGSTOP)
        flow.signal()
        flow.wait_log(r"the gateway did not drain in time; ending it")
        self.assertEqual(flow.wait(), 0)

    def test_an_executor_that_does_not_drain_is_ended(self):
        flow = self.flow(CHAIN).start()
        os.kill(flow.pid("second"), signal.SIGSTOP)
        flow.signal()
        flow.wait_log(r"not all executors drained in time; ending them")
        self.assertEqual(flow.wait(), 0)


class FailingStart(harness.Case):
    def failed(self, yaml, code, words, *arguments):
        flow = self.flow(yaml, *arguments)
        report = flow.wait_ready()
        ended = flow.wait()
        self.assertTrue(ended == code if code is not None else ended not in (0, 2), f"ended with {ended}: {flow.log()}")
        self.assertEqual(report["ready"], False)
        self.assertRegex(report["error"], words)
        self.assertRegex(flow.log(), words)
        self.assertEqual(self.socket_folders(), [])
        self.assertEqual(self.marked_processes(), [])

    def plugin(self, name, code, words):
        self.failed(f"jtype: Flow\nexecutors:\n  - {{name: good, uses: echo}}\n  - {{name: bad, uses: {PLUGINS}/{name}.so}}\n",
                    code, words)

    def test_plugins_that_are_refused(self):
        for name, words in [("magic", "magic|not a .*plugin"), ("major", "version|major|ABI 2"), ("minor", "version|newer|ABI 1\\.\\d"),
                            ("size", "size|small|handlers"), ("null", "NULL|no table"), ("handlers", "handlers?"),
                            ("function", "function"), ("fallback", "default|JSON"), ("no_entry", "sluice_plugin_entry"),
                            ("symbol", "undefined symbol")]:
            with self.subTest(name):
                self.plugin(f"bad_{name}", 1, rf"(?i)flow\.yml:4.*({words})")

    def test_plugins_that_cannot_be_looked_at(self):
        """Each is loaded in a process of its own, so none of them can do any harm."""
        for name, words in [("killed", r"the process that opened this plugin was killed by signal 9"),
                            ("exit", r"the process that opened this plugin ended with exit code 3"),
                            ("endless", r"opening this plugin took longer than 10 s"),
                            ("closed", r"opening this plugin took longer than 10 s"), ("parent", r"no licence")]:
            with self.subTest(name):
                self.plugin(f"bad_{name}", 1, rf"flow\.yml:4.*bad_{name}\.so.*{words}")

    def test_a_plugin_that_hangs_ends_with_who_asks(self):
        self.env["BAD_ENDLESS_TELLS"] = self.path("fifo")
        os.mkfifo(self.path("fifo"))
        fifo = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fifo)
        process = self.begin("check", self.write("flow.yml", f"jtype: Flow\nexecutors: [{{name: a, uses: {PLUGINS}/bad_endless.so}}]\n"))
        self.assertTrue(select.select([fifo], [], [], harness.PATIENCE)[0])
        process.kill()
        process.wait(harness.PATIENCE)
        self.wait_processes_gone()

    def test_a_plugin_that_prints_while_it_is_loaded_is_none_of_them(self):
        for name in ["chatter", "flood"]:
            with self.subTest(name):
                yaml = f"jtype: Flow\nexecutors: [{{name: loud, uses: {PLUGINS}/bad_{name}.so}}]\n"
                code, _, err = self.sluice("check", self.write("flow.yml", yaml))
                self.assertEqual((code, err), (0, ""))
                flow = self.flow(yaml).start()
                self.assertEqual(self.post(flow, "/", "--text", "x")[0]["text"], "x")
                self.assertEqual(flow.stop(), 0)

    def test_opening_that_fails(self):
        for name in ["open", "worker_open", "silent_open"]:
            with self.subTest(name):
                self.plugin(f"bad_{name}", None, r"executor bad did not start: ")

    def test_opening_that_crashes(self):
        self.plugin("bad_crash_open", 7, r"executor bad did not start: .*(signal|crash)")

    def test_the_words_of_the_plugin_are_the_cause(self):
        self.write("shut", "")
        self.failed(f"jtype: Flow\nexecutors:\n  - {{name: gate, uses: {GATE}, uses_with: {{fail_if: {self.path('shut')}}}}}\n",
                    None, r"flow\.yml:3:5: executor gate did not start: .*the gate is told to stay shut")

    def test_a_file_that_is_wrong(self):
        self.failed("jtype: Flow\nexecutors:\n  - {name: a, uses: ecko}\n", 1, r'flow\.yml:3:.*ecko.*did you mean "?echo')
        self.failed("jtype: Flow\nexecuters: []\n", 1, r"flow\.yml:2:1: .*executers.*executors")

    def test_a_file_that_is_not_there(self):
        flow = harness.Flow(self, self.path("none.yml"))
        self.assertEqual(flow.wait_ready()["ready"], False)
        self.assertEqual(flow.wait(), 1)

    def test_a_port_that_is_taken(self):
        first = self.flow("jtype: Flow\n").start()
        port = first.report["gateway"][0]["port"]
        second = harness.Flow(self, self.path("flow.yml"), "--set", f"port={port}")
        report = second.wait_ready()
        self.assertEqual(report["ready"], False)
        self.assertIn(str(port), report["error"])
        self.assertNotEqual(second.wait(), 0)
        self.assertEqual(first.stop(), 0)

    def test_a_start_that_takes_too_long(self):
        self.failed(f"jtype: Flow\nexecutors:\n  - {{name: slow, uses: {GATE}}}\n", 5, r"not ready within 0\.0 s",
                    "--timeout-ready", "0.0001")


def harness_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    harness.main()
