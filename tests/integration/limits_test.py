"""Every limit of the gateway at its edge, as a client meets it: what just fits passes, one more is refused or held back."""
import zlib

import calls
import harness
import http2
from harness import GATE, memory_peak
from messages import CALL, SINGLE, Answer, document, request

RESOURCE_EXHAUSTED = 8
MIB = 1 << 20
ECHO = "jtype: Flow\nexecutors: [{name: first, uses: echo}]\n"


class Limits(calls.Case):
    def single(self, flow, message, **options):
        return http2.unary(flow.port, SINGLE, message, **options)

    def begin_call(self, connection, message, path=SINGLE, metadata=(), close=True):
        """A call that is sent whole; it need not be answered yet."""
        call = connection.call(path, metadata)
        connection.send(call, message)
        if close:
            connection.half_close(call)
        connection.until(lambda: not call.out and not connection.out)
        return call

    def gated(self, *arguments):
        return self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}, workers: 8}}]\n", *arguments).start()

    def wait_request(self, identity="", size=0):
        return request(identity, [document("t" * size)], "/wait", {"file": self.path("open")})

    def sized(self, size):
        """A request of exactly this many bytes."""
        padding = size
        while len(request("a", [document("t" * padding)])) > size:
            padding -= 1
        message = request("a", [document("t" * padding)])
        self.assertEqual(len(message), size)
        return message

    def refused(self, call, words, status=RESOURCE_EXHAUSTED):
        self.assertEqual(call.status, status, call.details)
        self.assertIn(words, call.details)
        self.assertEqual(call.messages, [])

    def test_max_message_bytes(self):
        flow = self.flow(ECHO, "--set", "max_message_bytes=100000").start()
        exact = self.single(flow, self.sized(100000))
        self.assertEqual((exact.status, len(exact.messages)), (0, 1))
        self.assertEqual(self.single(flow, self.sized(100001)).status, RESOURCE_EXHAUSTED)
        connection = self.connect(flow)
        stream = connection.call(CALL)
        connection.send(stream, self.sized(100000))
        connection.until(lambda: len(stream.messages) == 1)
        connection.send(stream, self.sized(100001))
        connection.until(lambda: stream.ended)
        self.assertEqual(stream.status, RESOURCE_EXHAUSTED)
        self.assertEqual(flow.stop(), 0)

    def test_a_compressed_message_is_bounded_by_what_it_holds(self):
        flow = self.flow(ECHO, "--set", "max_message_bytes=1000000").start()
        for name, bits in [("gzip", 31), ("deflate", 15)]:

            def packed(data):
                packer = zlib.compressobj(9, zlib.DEFLATED, bits)
                return packer.compress(data) + packer.flush()

            def call(message, path=SINGLE):
                connection = self.connect(flow)
                call = connection.call(path, [("grpc-encoding", name)])
                connection.send(call, message, compressed=1)
                connection.half_close(call)
                connection.until(lambda: call.ended)
                return call

            for path in [SINGLE, CALL]:
                exact = call(packed(self.sized(1000000)), path)
                self.assertEqual(exact.status, 0, exact.details)
                self.assertEqual(len(Answer(exact.messages[0]).texts[0]), len(Answer(self.sized(1000000)).texts[0]))
                self.refused(call(packed(self.sized(1000001)), path), "larger than the 1000000 bytes")
                self.assertEqual(call(packed(request("small", [document("x")])), path).status, 0)
                for broken in [b"no " + name.encode(), packed(self.sized(100000))[:-9], packed(b"") + b"more"]:
                    self.refused(call(broken, path), "not compressed as its call says", 3)
        bomb = packed(bytes(400 << 20))
        before = memory_peak(flow.pid("gateway"))
        self.assertEqual(call(bomb).status, RESOURCE_EXHAUSTED)
        if not harness.sanitized():
            self.assertLess(memory_peak(flow.pid("gateway")) - before, 32 << 20)
        self.assertEqual(flow.stop(), 0)

    def test_max_in_flight_per_client(self):
        flow = self.gated("--set", "max_in_flight_per_client=3")
        connection = self.connect(flow)
        inside = [self.begin_call(connection, self.wait_request(str(n))) for n in range(3)]
        flow.wait_log(r"inside$", 3)
        over = self.begin_call(connection, request("over"))
        connection.until(lambda: over.ended)
        self.refused(over, "max_in_flight_per_client")
        self.assertEqual(self.single(flow, request("other")).status, 0)
        self.write("open", "")
        connection.until(lambda: all(call.ended for call in inside))
        self.assertEqual([(call.status, len(call.messages)) for call in inside], [(0, 1)] * 3)
        again = self.begin_call(connection, request("again"))
        connection.until(lambda: again.ended)
        self.assertEqual(again.status, 0)
        self.assertEqual(flow.stop(), 0)

    def test_calls_that_send_their_message_late_are_counted_too(self):
        flow = self.gated("--set", "max_in_flight_per_client=3")
        connection = self.connect(flow)
        calls = [connection.call(SINGLE) for _ in range(10)]
        barrier = self.begin_call(connection, b"", "/none")
        connection.until(lambda: barrier.ended)
        for call in calls:
            connection.send(call, self.wait_request())
            connection.half_close(call)
        connection.until(lambda: sum(call.ended for call in calls) == 7)
        self.write("open", "")
        connection.until(lambda: all(call.ended for call in calls))
        self.assertEqual(sorted(call.status for call in calls), [0] * 3 + [RESOURCE_EXHAUSTED] * 7)
        self.assertEqual(flow.stop(), 0)

    def test_a_stream_is_held_back_and_not_refused(self):
        for setting in ["max_in_flight_per_client=3", "max_in_flight=3", "prefetch=3"]:
            with self.subTest(setting):
                flow = self.gated("--set", setting)
                connection = self.connect(flow)
                stream = connection.call(CALL)
                for number in range(10):
                    connection.send(stream, self.wait_request(str(number)))
                connection.half_close(stream)
                connection.until(lambda: not connection.out)
                flow.wait_log(r"inside$", 3)
                unary = self.begin_call(connection, request("new"))
                connection.until(lambda: unary.ended)
                if setting.startswith("prefetch"):
                    self.assertEqual(unary.status, 0)
                else:
                    self.refused(unary, setting.split("=")[0])
                self.assertEqual(len([line for line in flow.lines if line.endswith("inside")]), 3)
                self.write("open", "")
                connection.until(lambda: stream.ended)
                self.assertEqual(stream.status, 0)
                self.assertEqual(sorted(int(Answer(each).id) for each in stream.messages), list(range(10)))
                self.assertEqual(flow.stop(), 0)
                harness.os.unlink(self.path("open"))

    def test_the_prefetch_that_a_client_asks_for(self):
        flow = self.flow(f"jtype: Flow\nexecutors: [{{name: gate, uses: {GATE}, workers: 8}}]\n").start()
        connection = self.connect(flow)
        stream = connection.call(CALL, [("__prefetch__", "1")])
        connection.send(stream, self.wait_request("0"))
        connection.send(stream, request("1"))
        connection.until(lambda: not connection.out)
        flow.wait_log(r"inside$", 1)
        unary = self.begin_call(connection, request("new"))
        connection.until(lambda: unary.ended)
        self.assertEqual((unary.status, stream.messages), (0, []))  # else request 1 would have been answered before
        self.write("open", "")
        connection.until(lambda: len(stream.messages) == 2)
        self.assertEqual([Answer(each).id for each in stream.messages], ["0", "1"])
        self.assertEqual(flow.stop(), 0)

    def test_max_bytes_in_flight(self):
        flow = self.gated("--set", "max_bytes_in_flight=1000000")
        first, second = self.connect(flow), self.connect(flow)
        large = self.begin_call(first, self.wait_request("large", 3000000))  # alone it is let in
        flow.wait_log(r"inside$", 1)
        over = self.begin_call(second, request("over"))
        second.until(lambda: over.ended)
        self.refused(over, "max_bytes_in_flight")
        self.write("open", "")
        first.until(lambda: large.ended)
        self.assertEqual((large.status, len(large.messages)), (0, 1))
        again = self.begin_call(second, request("again"))
        second.until(lambda: again.ended)
        self.assertEqual(again.status, 0)
        self.assertEqual(flow.stop(), 0)

    def test_a_client_that_does_not_read_holds_up_no_other(self):
        """Many of its streams wait for room that only itself could make; another client's stream waits behind them."""
        flow = self.gated("--set", "max_in_flight_per_client=2")
        idle, other = self.connect(flow, window=0, auto=False), self.connect(flow)
        stream = other.call(CALL)
        other.until(lambda: not other.out)
        unread = [idle.call(CALL) for _ in range(40)]
        barrier = self.begin_call(idle, b"", "/none")
        idle.until(lambda: barrier.ended)  # the streams are open, before there is anything inside
        for each in unread:
            idle.send(each, request("taken"))
            idle.send(each, request("waits"))
        idle.until(lambda: all(each.headers for each in unread))  # each has an answer that is not taken
        inside = [self.begin_call(other, self.wait_request()) for _ in range(2)]
        flow.wait_log(r"inside$", 2)
        other.send(stream, request("0"))  # its read was armed before there was no room
        other.until(lambda: len(stream.messages) == 1)
        other.send(stream, request("1"))
        other.until(lambda: not other.out)
        self.write("open", "")
        other.until(lambda: all(call.ended for call in inside))
        other.until(lambda: len(stream.messages) == 2, 10)
        for each in unread:
            idle.grant(each, 1 << 20)
        idle.auto = True
        idle.until(lambda: all(len(each.messages) == 2 for each in unread))
        self.assertEqual(flow.stop(), 0)

    def test_max_depth_of_parameters(self):
        flow = self.flow(ECHO, "--set", "max_depth=10").start()

        def nested(depth):
            value = 1
            for _ in range(depth):
                value = {"k": value}
            return request("a", [], parameters={"k": value})

        codes = [self.single(flow, nested(depth)).status for depth in range(7, 13)]
        edge = codes.index(RESOURCE_EXHAUSTED)
        self.assertEqual(codes, [0] * edge + [RESOURCE_EXHAUSTED] * (6 - edge), codes)
        self.assertIn("max_depth", self.single(flow, nested(12)).details)
        self.assertEqual(7 + edge, 10)  # the map of the parameters themselves is the first level
        self.assertEqual(flow.stop(), 0)

    def test_max_header_bytes(self):
        """Name, value and 32 bytes of each field of metadata, be it the first call of a connection or a later one."""
        flow = self.flow(ECHO, "--set", "max_header_bytes=4096").start()
        connection = self.connect(flow)
        self.begin_call(connection, request("settings"))  # from here on the client has confirmed what core announces

        def call(connection, metadata):
            stream = self.begin_call(connection, request("a"), metadata=metadata)
            connection.until(lambda: stream.ended)
            return stream

        one, two = 4096 - len("key") - 32, 4096 - 2 * (len("key") + 32)
        for opened in (lambda: self.connect(flow), lambda: connection):
            for metadata in ([("key", "v" * one)], [("key", "v" * 1000), ("yek", "v" * (two - 1000))]):
                fits = call(opened(), metadata)
                self.assertEqual((fits.status, len(fits.messages)), (0, 1), fits.details)
                metadata[-1] = (metadata[-1][0], metadata[-1][1] + "v")
                self.refused(call(opened(), metadata), "max_header_bytes")
            before = memory_peak(flow.pid("gateway"))
            for _ in range(20):
                self.refused(call(opened(), [("key", "v" * 1000000)]), "max_header_bytes")
            if not harness.sanitized():
                self.assertLess(memory_peak(flow.pid("gateway")) - before, 24 * MIB)
        self.assertEqual(call(connection, ()).status, 0)
        self.assertEqual(flow.stop(), 0)

    def test_the_length_of_a_pattern(self):
        flow = self.flow(ECHO).start()
        fits = self.single(flow, request("a", [document("x")], target="f" * 1024))
        self.assertEqual((fits.status, Answer(fits.messages[0]).code), (0, 0))
        over = Answer(self.single(flow, request("a", [document("x")], target="f" * 1025)).messages[0])
        self.assertEqual((over.id, over.code, over.texts), ("a", 1, [b"x"]))
        self.assertIn("1024", over.description)
        self.assertEqual(flow.stop(), 0)

    def test_the_steps_of_a_pattern(self):
        """Of one that tries each way to cut the name into pieces before it says no."""
        flow = self.flow("jtype: Flow\nexecutors: [{name: %sc, uses: echo}]\n" % ("a" * 60)).start()
        fits = Answer(self.single(flow, request("a", [document("x")], target="(a|aa)+c$")).messages[0])
        self.assertEqual((fits.code, fits.texts), (0, [b"x"]))
        over = Answer(self.single(flow, request("b", [document("x")], target="(a|aa)+$")).messages[0])
        self.assertEqual((over.id, over.code, over.texts), ("b", 1, [b"x"]))
        self.assertIn("too long to match", over.description)
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
