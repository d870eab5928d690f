"""Clients that do not behave: that read nothing, vanish, or talk something else; and what one stream can be made to hold."""
import os
import select
import socket
import struct

import calls
import harness
import http2
from harness import GATE, PLUGINS, memory, processor_seconds
from messages import CALL, SINGLE, Answer, document, field, get, request

ECHO = "jtype: Flow\nexecutors: [{name: first, uses: echo}]\n"


class Rude(calls.Case):
    def test_a_client_that_does_not_read(self):
        count, size = 1500, 100000
        flow = self.flow(ECHO, "--set", "prefetch=50").start()
        before = memory(flow.pid("gateway"))
        connection = self.connect(flow, window=0, auto=False)
        stream = connection.call(CALL)
        text = "t" * size
        for number in range(count):
            connection.send(stream, request(str(number), [document(text)]))
        while connection.step(1):  # until the gateway takes no more
            pass
        self.assertGreater(len(stream.out), count * size // 2)
        if not harness.sanitized():
            self.assertLess(memory(flow.pid("gateway")) - before, 64 << 20)
        self.assertEqual(self.single(flow, request("other")).id, "other")
        connection.auto = True
        connection.grant(stream, http2.WINDOW_MAX // 2)
        connection.half_close(stream)
        connection.until(lambda: stream.ended)
        self.assertEqual(stream.status, 0)
        self.assertEqual(sorted(int(Answer(each).id) for each in stream.messages), list(range(count)))
        self.assertEqual(flow.stop(), 0)

    def test_clients_that_vanish_leave_nothing(self):
        """Each round another way, with 32 requests inside; after it, nothing is inside and the memory is as it was."""
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: rogue, uses: {PLUGINS}/rogue.so, workers: 4}}]\n",
                         "--set", "drain_timeout=600000").start()
        ways = [lambda c, s: c.reset(s), lambda c, s: (c.half_close(s), c.step(1), c.vanish()), lambda c, s: c.vanish(),
                lambda c, s: c.close()]

        def round_of(leave):
            connection = self.connect(flow)
            stream = connection.call(CALL)
            for number in range(32):
                connection.send(stream, request(str(number), [document("t" * 20000)], "/slow", {"ms": 3600e3}))
            connection.until(lambda: not stream.out and not connection.out)
            leave(connection, stream)
            while not connection.closed and connection.out:
                connection.step()
            # The executor's four workers are free only when the cancels have reached it.
            self.assertEqual(self.single(flow, request("next")).code, 0)
            connection.close()

        for leave in ways * 3:
            round_of(leave)
        before = memory(flow.pid("gateway"))
        for leave in ways * 15:
            round_of(leave)
        if not harness.sanitized():
            self.assertLess(memory(flow.pid("gateway")) - before, 8 << 20)
        self.assertEqual(flow.stop(), 0)  # long before drain_timeout: nothing is inside

    def test_a_client_process_that_is_killed(self):
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}}}]\n").start()
        lines = self.write("lines.txt", "x\n" * 32)
        for round in range(1, 6):
            client = self.begin("post", flow.uri, "/wait", "--lines", lines, "--request-size", "1", "--parameter",
                                f"file={self.path('never')}")
            flow.wait_log(r"inside$", round)
            client.kill()
            client.wait()
            self.assertEqual(self.single(flow, request("next")).code, 0)
        self.assertEqual(flow.stop(), 0)

    def test_other_languages_on_the_port(self):
        flow = self.flow(ECHO).start()
        pid = flow.pid("gateway")
        hello = bytes.fromhex("16030100c8010000c40303") + os.urandom(200)
        for data in [os.urandom(4096), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", hello, http2.PREFACE[:10], b"",
                     http2.PREFACE + b"\xff\xff\xff\x04\x00\x00\x00\x00\x00" + os.urandom(100),
                     http2.PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x40\x00\x00\x08\x00\x00\x00\x01" + bytes(16384),
                     http2.PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x10\x00\x01\x04\x00\x00\x00\x01" + os.urandom(4096)]:
            with self.subTest(data[:30]):
                with socket.create_connection(("127.0.0.1", flow.port), timeout=harness.PATIENCE) as peer:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                    try:
                        while peer.recv(65536):
                            pass
                    except ConnectionResetError:
                        pass
                self.assertEqual(self.single(flow, request("still")).id, "still")
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(flow.stop(), 0)

    def test_garbage_as_messages(self):
        flow = self.flow(ECHO).start()
        for message in [b"\xff" * 40, os.urandom(1000), field(1, b"\xff\xff\xff"), b"\x0a\xff\xff\xff\xff\x0f", b"\x0b\x0b\x0b",
                        field(1, field(1, b"\xff\xfe")), field(2, b"\x0a\x7f")]:
            call = http2.unary(flow.port, SINGLE, message)
            self.assertIn((call.status, len(call.messages)), [(3, 0), (0, 1)], message)
        connection = self.connect(flow)
        compressed = connection.call(SINGLE)
        connection.send(compressed, b"no gzip", compressed=1)
        connection.half_close(compressed)
        connection.until(lambda: compressed.ended)
        self.assertNotEqual(compressed.status, 0)
        self.assertEqual(self.single(flow, b"").code, 0)  # a valid, empty request
        self.assertEqual(flow.stop(), 0)

    def test_garbage_on_the_socket_of_an_executor(self):
        flow = self.flow(ECHO).start()
        path = self.path(os.path.join(self.socket_folders()[0], "first-0.sock"))
        pid = flow.pid("first")
        head = struct.pack("<Q", 2**63)
        for data in [os.urandom(10000), b"", b"\xff" * 4096, b"\0" * 4096, head * 5 + b"x" * 100]:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(harness.PATIENCE)
                peer.connect(path)
                try:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass
                except (BrokenPipeError, ConnectionResetError):
                    pass
            self.assertEqual(self.single(flow, request("still")).code, 0)
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(flow.stop(), 0)


class Waiting(harness.Case):
    """Connections that have said half of something, and wait."""
    HEAD = b"POST /post HTTP/1.1\r\nHost: a\r\n"
    UPGRADE = (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    HALVES = {
        "http": [b"", b"GE", b"GET / HTTP/1.1\r\nHo", HEAD + b"Content-Length: 100\r\n\r\n{", HEAD + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
                 HEAD + b"Transfer-Encoding: chunked\r\n\r\n5", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"",
                 b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 50 + b"GET", HEAD + b"Content-Length: 99999999999\r\n\r\n{"],
        "websocket": [b"", b"GET / HTTP/1.1\r\nHo", UPGRADE, UPGRADE + b"\x82", UPGRADE + b"\x82\xfe\x00", UPGRADE + b"\x82\xfe\x00\x80abcdefg"],
        "grpc": [b"", http2.PREFACE[:10], http2.PREFACE, http2.PREFACE + b"\0\0\0\4\0\0\0\0\0\0\0\x10\1"],
    }
    SECONDS, BUSY_MAX = 2, 0.25  # of one processor

    def test_they_keep_no_processor_busy(self):
        flow = self.flow("jtype: Flow\ngateway: {protocol: [grpc, http, websocket], port: 0}\nexecutors: [{name: first, uses: echo}]\n").start()
        pid, peers = flow.pid("gateway"), []
        for front in flow.report["gateway"]:
            for half in self.HALVES[front["protocol"]]:
                for closes in (False, True):
                    peer = socket.create_connection(("127.0.0.1", front["port"]), timeout=harness.PATIENCE)
                    self.addCleanup(peer.close)
                    peers.append(peer)
                    peer.sendall(half)
                    if closes:
                        peer.shutdown(socket.SHUT_WR)
        began = processor_seconds(pid)
        select.select([], [], [], self.SECONDS)  # the time over which it is measured
        self.assertLess(processor_seconds(pid) - began, self.BUSY_MAX * self.SECONDS)
        for peer in peers:
            peer.close()
        self.assertEqual(flow.stop(), 0)


class OneStream(calls.Case):
    MIX = """
jtype: Flow
executors:
  - {name: fault, uses: fault, workers: 4}
"""

    def test_everything_on_one_stream(self):
        flow = self.flow(self.MIX).start()
        huge = "h" * 50000000
        for ordered in [False, True]:
            with self.subTest(ordered):
                connection = self.connect(flow)
                stream = connection.call(CALL, [("__results_in_order__", "true")] if ordered else [])
                kinds = {}
                for number in range(60):
                    kind = ("tiny", "failing", "slow")[number % 3] if number not in (7, 31) else "huge"
                    kinds[str(number)] = kind
                    parameters = {"tiny": {}, "failing": {"error_rate": 1}, "slow": {"delay_ms": 30}, "huge": {}}[kind]
                    texts = [document(huge if kind == "huge" else f"text {number}")]
                    connection.send(stream, request(str(number), texts, "/", parameters))
                connection.half_close(stream)
                connection.until(lambda: stream.ended)
                self.assertEqual((stream.status, stream.details), (0, ""))
                answers = [Answer(each) for each in stream.messages]
                ids = [answer.id for answer in answers]
                self.assertEqual(ids if ordered else sorted(ids, key=int), [str(number) for number in range(60)])
                for answer in answers:
                    kind = kinds[answer.id]
                    self.assertEqual(answer.code, 1 if kind == "failing" else 0, answer.description)
                    self.assertEqual(len(answer.texts[0]), len(huge) if kind == "huge" else len(f"text {answer.id}"))
                connection.close()
        self.assertEqual(flow.stop(), 0)

    def test_ids_that_are_no_keys(self):
        flow = self.flow(self.MIX).start()
        connection = self.connect(flow)
        stream = connection.call(CALL)
        for number in range(40):
            identity = "" if number % 2 else "same"
            connection.send(stream, request(identity, [document(str(number))], "/", {"error_rate": int(number % 3 == 0)}))
        connection.half_close(stream)
        connection.until(lambda: stream.ended)
        self.assertEqual(stream.status, 0)
        answers = [Answer(each) for each in stream.messages]
        self.assertEqual(sorted(int(answer.texts[0]) for answer in answers), list(range(40)))
        for answer in answers:
            self.assertEqual(answer.id, "" if int(answer.texts[0]) % 2 else "same")
        self.assertEqual(flow.stop(), 0)

    def test_odd_documents(self):
        flow = self.flow(f"""
jtype: Flow
executors:
  - {{name: tag, uses: tag, uses_with: {{label: x}}}}
  - {{name: split, uses: sentencizer}}
""").start()
        many = self.single(flow, request("many", [document(f"t{number}") for number in range(10000)]))
        self.assertEqual((many.code, len(many.documents)), (0, 10000))

        nul = self.single(flow, request("nul", [document("One\0. Two.\0 Three.")]))
        self.assertEqual(nul.code, 0)
        self.assertTrue(nul.texts[0].startswith(b"One\0. Two.\0 Three."), nul.texts)

        def nested(levels):
            inner = document("x")
            for _ in range(levels):
                inner = field(14, inner)
            return request("deep", [inner])

        codes = [self.single(flow, nested(levels)).code for levels in range(1, 100)]
        edge = codes.index(1)
        self.assertEqual(codes, [0] * edge + [1] * (99 - edge))
        over = self.single(flow, nested(edge + 1))
        self.assertEqual((over.exception, get(over.bytes, 4), over.executor),
                         ("DecodeError", get(nested(edge + 1), 4), over.executor))
        self.assertIn("nested deeper", over.description)

        packed = request("packed")[:-4] + field(4, field(2, b"pickle"))
        answer = self.single(flow, packed)
        self.assertEqual((answer.code, answer.exception), (1, "DecodeError"))
        self.assertEqual(get(answer.bytes, 4, 2), b"pickle")
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
