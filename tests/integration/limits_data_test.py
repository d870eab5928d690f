"""Limits that lie behind the fronts at their edges: inside the documents, where a plugin reads them; in an executor's window and
queue; and of the Flow files that people write."""
import http2
import harness
from harness import GATE, memory_peak
from messages import SINGLE, Answer, document, field, get, request, value

RESOURCE_EXHAUSTED = 8
TAG = "jtype: Flow\nexecutors: [{name: tag, uses: tag, uses_with: {label: x}}]\n"
DOCUMENTS_MAX = 1 << 20  # SLUICE_DEFAULT_DOCUMENTS
ELEMENTS_MAX = 1 << 24  # SLUICE_DEFAULT_ELEMENTS
MIB = 1 << 20


class Documents(harness.Case):
    """`tag` opens the documents; what it cannot open is a failed answer with the request's own bytes."""

    def single(self, flow, message):
        call = http2.unary(flow.port, SINGLE, message)
        self.assertEqual((call.status, call.details), (0, ""))
        return Answer(call.messages[0])

    def refused(self, flow, message, words):
        answer = self.single(flow, message)
        self.assertEqual((answer.code, answer.exception), (1, "DecodeError"), answer.description)
        self.assertIn(words, answer.description)
        self.assertEqual(get(answer.bytes, 4), get(message, 4))

    def test_depth(self):
        flow = self.flow(TAG, "--set", "max_depth=10").start()

        def chunks(levels):
            inner = document("x")
            for _ in range(levels - 1):
                inner = field(14, inner)
            return request("deep", [inner])

        def tags(levels):
            inner = 1
            for _ in range(levels):
                inner = [inner]
            return request("deep", [document("x", f17=field(1, field(1, "k") + field(2, value(inner))))])

        self.assertEqual(self.single(flow, chunks(10)).code, 0)
        self.refused(flow, chunks(11), "nested deeper")
        codes = [self.single(flow, tags(levels)).code for levels in range(1, 20)]
        edge = codes.index(1)
        self.assertEqual(codes, [0] * edge + [1] * (19 - edge))
        self.assertEqual(edge, 8)  # lists in the map of the tags of the document: ten levels
        self.refused(flow, tags(edge + 1), "nested deeper")
        self.assertEqual(flow.stop(), 0)

    def test_count(self):
        flow = self.flow(TAG).start()
        one = field(1, b"")  # a document without anything

        def many(count):
            docs = one * count
            return request("many")[:-4] + field(4, field(1, docs))

        before = memory_peak(flow.pid("tag"))
        exact = self.single(flow, many(DOCUMENTS_MAX))
        self.assertEqual((exact.code, exact.description), (0, ""))
        self.refused(flow, many(DOCUMENTS_MAX + 1), "documents")
        gateway = flow.pid("gateway")
        peak = memory_peak(gateway)
        for _ in range(3):
            self.refused(flow, many(DOCUMENTS_MAX + 1), "documents")
        if not harness.sanitized():
            self.assertLess(memory_peak(gateway) - peak, 64 * MIB)
            self.assertLess(memory_peak(flow.pid("tag")) - before, 1024 * MIB)
        self.assertEqual(flow.stop(), 0)

    def test_elements(self):
        """As many coordinates as elements may be, and a tag more."""
        flow = self.flow(TAG).start()
        tag = field(17, field(1, field(1, "k") + field(2, value(1))))

        def coordinates(count, tags=b""):
            return request("elements", [field(13, bytes(4 * count)) + tags])

        before = memory_peak(flow.pid("tag"))
        exact = self.single(flow, coordinates(ELEMENTS_MAX - 1))  # and the label that `tag` sets
        self.assertEqual((exact.code, exact.description), (0, ""))
        self.refused(flow, coordinates(ELEMENTS_MAX + 1), "elements")
        self.refused(flow, coordinates(ELEMENTS_MAX, tag), "elements")
        if not harness.sanitized():
            self.assertLess(memory_peak(flow.pid("tag")) - before, 512 * MIB)
        self.assertEqual(flow.stop(), 0)


class Queue(harness.Case):
    def begin(self, flow, identity, size=0):
        connection = http2.Connection(flow.port)
        self.addCleanup(connection.close)
        call = connection.call(SINGLE)
        connection.send(call, request(identity, [document("t" * size)], "/wait", {"file": self.path("open")}))
        connection.half_close(call)
        connection.until(lambda: not call.out and not connection.out)
        return connection, call

    def inside(self, flow):
        return len([line for line in flow.lines if line.endswith(": inside")])

    def gate(self, executor, gateway=""):
        return self.flow(f"jtype: Flow\ngateway: {{port: 0{gateway}}}\n"
                         f"executors: [{{name: gate, uses: {GATE}, workers: 8{executor}}}]\n").start()

    def finish(self, flow, calls):
        self.write("open", "")
        for connection, call in calls:
            connection.until(lambda: call.ended)
            self.assertEqual((call.status, len(call.messages)), (0, 1), call.details)
        self.assertEqual(flow.stop(), 0)

    def answered(self, flow):
        """A request that needs no room is answered: whatever was sent before it has been looked at."""
        call = http2.unary(flow.port, SINGLE, b"\xff")
        self.assertEqual(call.status, 3)

    def test_max_queue_per_executor(self):
        flow = self.gate(", window_requests: 1", ", max_queue_per_executor: 2")
        calls = [self.begin(flow, "inside")]
        flow.wait_log(r"inside$")
        refused = 0
        for number in range(5):
            connection, call = self.begin(flow, str(number))
            if len(calls) < 3:
                calls.append((connection, call))
                self.answered(flow)
                self.assertFalse(call.ended)
                continue
            connection.until(lambda: call.ended)
            self.assertEqual((call.status, call.messages), (RESOURCE_EXHAUSTED, []))
            self.assertIn("max_queue_per_executor", call.details)
            refused += 1
        self.assertEqual(refused, 3)
        self.finish(flow, calls)

    def test_the_size_of_parameters(self):
        """64 MiB of the frame to an executor, with 32 bytes of its own; the gateway refuses more, and nobody else is touched."""
        flow = self.gate("")
        inside = [self.begin(flow, "inside")]
        flow.wait_log(r"inside$")

        def sized(size):
            message = request("a", [], "/none", {"k": "v" * size})
            return message, len(get(message, 2))

        over = sized(0)[1] + 40  # the map around the text and its lengths, at most
        for size, status in ((64 * MIB - 1000, 0), (64 * MIB - over + 20, RESOURCE_EXHAUSTED), (70 * MIB, RESOURCE_EXHAUSTED)):
            call = http2.unary(flow.port, SINGLE, sized(size)[0])
            self.assertEqual(call.status, status, call.details)
            if status:
                self.assertIn("put large data into documents", call.details)
        self.finish(flow, inside)

    def test_window_requests(self):
        """Eight workers would take them all; the window lets three in."""
        flow = self.gate(", window_requests: 3")
        calls = [self.begin(flow, str(number)) for number in range(6)]
        flow.wait_log(r"inside$", 3)
        self.answered(flow)
        self.assertEqual(self.inside(flow), 3)
        self.finish(flow, calls)
        self.assertEqual(self.inside(flow), 6)

    def test_window_bytes(self):
        flow = self.gate(", window_bytes: 100000")
        calls = [self.begin(flow, "first", 40000)]
        flow.wait_log(r"inside$", 1)
        calls.append(self.begin(flow, "second", 40000))
        flow.wait_log(r"inside$", 2)
        calls.append(self.begin(flow, "third", 40000))  # together too many
        self.answered(flow)
        self.assertEqual(self.inside(flow), 2)
        self.finish(flow, calls)
        flow = self.gate(", window_bytes: 100000")
        harness.os.unlink(self.path("open"))
        calls = [self.begin(flow, "large", 3 * MIB)]  # alone a larger one is let in
        flow.wait_log(r"inside$", 1)
        calls.append(self.begin(flow, "small"))
        self.answered(flow)
        self.assertEqual(self.inside(flow), 1)
        self.finish(flow, calls)


class FlowFile(harness.Case):
    """`sluice check`, as an author meets it."""

    HEAD = "jtype: Flow\nexecutors: [{uses: echo}]\n"

    def check(self, text):
        code, _, err = self.sluice("check", self.write("flow.yml", text))
        return code, err

    def accepted(self, text):
        self.assertEqual(self.check(text), (0, ""))

    def refused(self, text, words):
        code, err = self.check(text)
        self.assertNotEqual(code, 0)
        self.assertRegex(err, words)
        self.assertRegex(err, r"flow\.yml")

    def test_size(self):
        limit = 4 * MIB
        padding = limit - len(self.HEAD) - len("# \n")
        self.accepted(self.HEAD + "# " + "c" * padding + "\n")
        self.refused(self.HEAD + "# " + "c" * (padding + 1) + "\n", r"4 MiB|4194304|larger")

    def test_depth(self):
        """The map of the file is the first level, the list of a key the second. The key is unknown: what is read is refused for that."""
        def nested(levels):
            return self.HEAD + "x-notes: " + "[" * (levels - 1) + "]" * (levels - 1) + "\n"

        for levels in (2, 63, 64):
            self.refused(nested(levels), r'has no key "x-notes"')
        for levels in (65, 66, 1000, 1000000):
            self.refused(nested(levels), r":3:73: error: nested too deeply: more than 64 levels")

    def test_values(self):
        """Every scalar, list and map is one: six without those of the list, which is the seventh."""
        def many(count):
            return self.HEAD + "x-notes: [" + ",".join(["1"] * (count - 6)) + "]\n"

        self.refused(many(100000), r'has no key "x-notes"')
        for count in (100001, 1500000):
            self.refused(many(count), r"too large: more than 100000 values")

    def test_replaced_variables(self):
        """A text of 1 MiB after replacement, and 16 MiB of all of them."""
        def texts(*values):
            lines = "".join(f'    X{number}: "{value}"\n' for number, value in enumerate(values))
            return f"jtype: Flow\nexecutors: [{{uses: echo}}]\nwith:\n  env:\n{lines}"

        self.env["A"], self.env["B"] = "a" * 1024, "b"
        full = "$A" * 1024
        self.accepted(texts(full))
        self.refused(texts("b" + full), r"longer than 1048576 bytes after its variables are replaced")
        self.accepted(texts(*[full] * 16))
        self.refused(texts(*[full] * 16, "$B"), r"more than 16777216 bytes of texts in this file after their variables")

    def test_executors(self):
        def many(count):
            return "jtype: Flow\nexecutors:\n" + "".join(f"  - {{name: e{n}}}\n" for n in range(count))

        self.accepted(many(1000))
        self.refused(many(1001), r"1000")

    def test_name(self):
        self.accepted("jtype: Flow\nexecutors: [{name: %s}]\n" % ("n" * 64))
        self.refused("jtype: Flow\nexecutors: [{name: %s}]\n" % ("n" * 65), r"64")

    def test_exposed_endpoints(self):
        def many(count):
            return ("jtype: Flow\ngateway: {protocol: http, expose_endpoints: {%s}}\nexecutors: [{uses: echo}]\n" %
                    ", ".join("/e%d: {methods: [POST]}" % number for number in range(count)))

        self.accepted(many(1000))
        self.refused(many(1001), r"1000")

    def test_protocols(self):
        def many(count):
            return ("jtype: Flow\ngateway: {protocol: [%s], port: [%s]}\nexecutors: [{uses: echo}]\n" %
                    (", ".join(["http"] * count), ", ".join(str(51000 + number) for number in range(count))))

        self.accepted(many(8))
        self.refused(many(9), r"at most 8")


if __name__ == "__main__":
    harness.main()
