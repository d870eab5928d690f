"""Processes that die, hang or are stopped, with requests inside: what each client is told, and that nothing is left."""
import os
import re
import signal

import calls
import harness
import http2
from harness import GATE, PLUGINS
from messages import CALL, SINGLE, Answer, document, request

CANCELLED, UNAVAILABLE, DEADLINE_EXCEEDED = 1, 14, 4
# A client of gRPC's own ends a late call by itself. What is sent to one that goes on listening depends on whose timer is
# first, the gateway's or that of gRPC's core, which also says CANCELLED when both come together.
LATE = (DEADLINE_EXCEEDED, CANCELLED)


class Crash(calls.Case):
    def fault(self, *arguments, **keys):
        more = "".join(f", {key}: {value}" for key, value in keys.items())
        return self.flow(f"jtype: Flow\nexecutors:\n  - {{name: first, uses: echo}}\n  - {{name: fault, uses: fault{more}}}\n",
                         *arguments).start()

    def test_each_way_to_die(self):
        flow = self.fault("--set", "crash_loop_limit=100")
        for round, (way, words) in enumerate([("segv", r"signal (11|6)\b"), ("abort", r"signal 6\b"), ("exit", r"exit|ended")], 1):
            with self.subTest(way):
                answer = self.single(flow, request("mine", [document("as sent")], "/x", {"crash": way}))
                self.assertEqual((answer.id, answer.code, answer.exception), ("mine", 1, "ExecutorDied"))
                self.assertRegex(answer.description, words)
                self.assertIn("fault", answer.description)
                self.assertEqual(answer.texts, [b"as sent"])
                if way != "exit" and not harness.sanitized():
                    self.assertRegex(flow.wait_log(r"fault.*crash.*mine|fault.*signal.*mine"), r"/x")
                flow.wait_log(r"fault/rep-0 is ready again", round)
                self.assertEqual(self.single(flow, request("next")).code, 0)
        self.assertEqual(flow.stop(), 0)

    def test_clients_before_3_6_know_only_code_3(self):
        flow = self.fault("--set", "gateway.compatibility='3.5'")
        self.assertEqual(self.single(flow, request("a", [document("x")], "/x", {"crash": "abort"})).code, 3)
        flow.wait_log(r"is ready again")
        self.assertEqual(self.single(flow, request("a", [document("x")], "/x", {"error_rate": 1})).code, 3)
        self.assertEqual(flow.stop(), 0)

    def test_a_hang_ends_at_the_deadline_and_the_process_after_it(self):
        flow = self.fault(stuck_timeout=300)
        call = http2.unary(flow.port, SINGLE, request("a", [document("x")], "/x", {"crash": "hang"}), timeout=2)
        self.assertIn(call.status, LATE)
        self.assertEqual(call.messages, [])
        flow.wait_log(r"fault/rep-0 is stuck")
        flow.wait_log(r"fault/rep-0 is ready again")
        self.assertEqual(self.single(flow, request("next")).code, 0)
        self.assertEqual(flow.stop(), 0)

    def test_the_others_inside_a_stuck_process_are_answered(self):
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: rogue, uses: {PLUGINS}/rogue.so, workers: 4, stuck_timeout: 200}}]\n")
        flow.start()
        others = [self.begin_single(flow, request(str(n), [document("x")], "/deaf", {"ms": 3600e3})) for n in range(2)]
        call = http2.unary(flow.port, SINGLE, request("a", [], "/endless"), timeout=2)
        self.assertIn(call.status, LATE)
        for connection, other in others:
            connection.until(lambda: other.ended)
            answer = Answer(other.messages[0])
            self.assertEqual((other.status, answer.code, answer.exception, answer.texts), (0, 1, "ExecutorDied", [b"x"]))
        flow.wait_log(r"rogue/rep-0 is ready again")
        self.assertEqual(self.single(flow, request("next")).code, 0)
        self.assertEqual(flow.stop(), 0)

    def test_all_that_were_inside_are_answered_once(self):
        """Those whose frames the executor had fail, the rest go to the process that follows."""
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}, workers: 3}}]\n").start()
        connection = self.connect(flow)
        stream = connection.call(CALL)
        for number in range(40):
            connection.send(stream, self.wait_request(str(number)))
        connection.half_close(stream)
        connection.until(lambda: not connection.out)
        flow.wait_log(r"inside$", 3)
        os.kill(flow.pid("gate"), signal.SIGKILL)
        self.write("open", "")
        connection.until(lambda: stream.ended)
        self.assertEqual(stream.status, 0)
        answers = [Answer(each) for each in stream.messages]
        self.assertEqual(sorted(int(answer.id) for answer in answers), list(range(40)))
        failed = [answer for answer in answers if answer.code]
        self.assertGreaterEqual(len(failed), 3)
        self.assertTrue(all(re.search("gate.*signal 9", answer.description) for answer in failed), failed[0].description)
        self.assertEqual(flow.stop(), 0)

    def test_a_stopped_executor_and_deadlines_on_one_stream(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: first, uses: echo, stuck_timeout: 300}]\n").start()
        os.kill(flow.pid("first"), signal.SIGSTOP)
        connection = self.connect(flow)
        stream = connection.call(CALL, timeout=2)
        for number in range(10):
            connection.send(stream, request(str(number)))
        connection.until(lambda: stream.ended)
        self.assertIn(stream.status, LATE)
        patient = self.single(flow, request("patient", [document("x")]))  # waits in the gateway for the new process, or
        self.assertIn((patient.code, patient.exception), [(0, ""), (1, "ExecutorDied")])  # was inside the old one
        flow.wait_log(r"first/rep-0 is ready again")
        self.assertEqual(self.single(flow, request("next")).code, 0)
        self.assertEqual(flow.stop(), 0)

    def test_timeout_send(self):
        flow = self.flow(f"jtype: Flow\nwith: {{timeout_send: 200}}\nexecutors: [{{name: gate, uses: {GATE}, workers: 4}}]\n").start()
        connection = self.connect(flow)
        stream = connection.call(CALL)
        connection.send(stream, self.wait_request("late", "never"))
        connection.send(stream, request("early"))
        connection.until(lambda: stream.ended)
        self.assertEqual(stream.status, DEADLINE_EXCEEDED)
        self.assertIn("gate", stream.details)
        self.assertEqual([Answer(each).id for each in stream.messages], ["early", "late"])
        self.assertEqual(flow.stop(), 0)


class Drain(calls.Case):
    def gated(self, *arguments):
        return self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}, workers: 4}}]\n", *arguments).start()

    def test_with_an_idle_stream_and_one_that_works(self):
        flow = self.gated("--set", "drain_timeout=600000")  # it would be the end of a test that needed it
        idle, busy = self.connect(flow), self.connect(flow)
        open_stream, stream = idle.call(CALL), busy.call(CALL)
        idle.send(open_stream, request("0"))
        idle.until(lambda: len(open_stream.messages) == 1)
        busy.send(stream, self.wait_request("kept"))
        busy.until(lambda: not busy.out)
        flow.wait_log(r"inside$")
        flow.signal()
        flow.wait_log(r"gateway: draining")
        idle.until(lambda: open_stream.ended)
        self.assertEqual(open_stream.status, UNAVAILABLE)
        late = http2.unary(flow.port, SINGLE, request("late"))
        self.assertEqual((late.status, late.messages), (UNAVAILABLE, []))
        self.write("open", "")
        busy.until(lambda: stream.ended)
        self.assertEqual((stream.status, [Answer(each).id for each in stream.messages]), (UNAVAILABLE, ["kept"]))
        self.assertEqual(flow.wait(), 0)

    def test_a_client_that_does_not_take_its_answers(self):
        for signals, timeout in [(1, 300), (2, 600000)]:
            with self.subTest(signals):
                flow = self.flow("jtype: Flow\nexecutors: [{name: first, uses: echo}]\n", "--set", f"drain_timeout={timeout}").start()
                connection = self.connect(flow, window=0, auto=False)
                stream = connection.call(CALL)
                connection.send(stream, request("0", [document("x" * 100000)]))
                connection.until(lambda: stream.headers)
                flow.signal()
                flow.wait_log(r"gateway: draining")
                if signals == 2:
                    flow.signal()
                self.assertEqual(flow.wait(), 0)
                self.assertNotIn("did not drain in time", flow.log())
                self.assertEqual(self.marked_processes(), [])
                self.assertEqual(self.socket_folders(), [])

    def test_a_call_that_never_sends_its_message(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: first, uses: echo}]\n", "--set", "drain_timeout=300").start()
        connection = self.connect(flow)
        call = connection.call(SINGLE)
        barrier = connection.call("/none")
        connection.half_close(barrier)
        connection.until(lambda: barrier.ended)
        flow.signal()
        self.assertEqual(flow.wait(), 0)
        self.assertNotIn("did not drain in time", flow.log())
        self.assertEqual(call.messages, [])


class Killed(calls.Case):
    def test_the_gateway_under_a_stream(self):
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}}}]\n").start()
        connection, call = self.begin_single(flow, self.wait_request("a", "never"))
        flow.wait_log(r"inside$")
        os.kill(flow.pid("gateway"), signal.SIGKILL)
        while not connection.closed:
            connection.step()
        flow.wait_log(r"gateway is ready again")
        self.assertEqual(self.single(flow, request("next")).code, 0)  # the request inside was cancelled: the worker is free
        self.assertEqual(flow.stop(), 0)

    def test_the_supervisor_with_requests_inside(self):
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: rogue, uses: {PLUGINS}/rogue.so}}]\n").start()
        connection, call = self.begin_single(flow, request("a", [], "/endless"))
        connection.step(0.1)
        flow.signal(signal.SIGKILL)
        flow.process.wait()
        self.wait_processes_gone()
        self.folders_may_stay = True  # the next start clears it: integration.run


if __name__ == "__main__":
    harness.main()
