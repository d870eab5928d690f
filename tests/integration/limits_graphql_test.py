"""The limits of GraphQL at their edges, asked over HTTP: what just fits is answered, one more is an entry in `errors`."""
import http.client
import json

import harness
from harness import memory_peak

FLOW = ("jtype: Flow\ngateway: {protocol: http, port: 0, expose_graphql_endpoint: true}\n"
        "executors: [{name: first, uses: echo}]\n")
MIB = 1 << 20


class GraphQl(harness.Case):
    def setUp(self):
        super().setUp()
        self.running = self.flow(FLOW).start()

    def post(self, query, variables=None):
        """The text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=5 * harness.PATIENCE)
        body = json.dumps({"query": query, "variables": variables})
        try:
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        self.assertEqual(answer.status, 200, text[:300])
        return text

    def ask(self, query, variables=None):
        return json.loads(self.post(query, variables))

    def edge(self, query_of, limit, words, bound=64 * MIB):
        """`query_of(limit)` is answered (its data is returned), `query_of(limit + 1)` is refused with these words. None of it, ten
        times, takes more than `bound` bytes of memory."""
        gateway = self.running.pid("gateway")
        fits = self.ask(*query_of(limit))
        self.assertNotIn("errors", fits)
        before = memory_peak(gateway)
        for _ in range(10):
            over = self.ask(*query_of(limit + 1))
            self.assertTrue(any(words in error["message"] for error in over["errors"]), str(over)[:500])
            self.assertIsNone(over["data"])
        if not harness.sanitized():
            self.assertLess(memory_peak(gateway) - before, bound)
        self.assertEqual(self.running.stop(), 0)
        return fits["data"]

    def test_query(self):
        text = "{ __typename }"
        data = self.edge(lambda size: (text + " " * (size - len(text)),), 8 * MIB, "the query is too long")
        self.assertEqual(data, {"__typename": "Query"})

    def test_tokens(self):
        def query(count):
            return ("{ docs(data: {location: [" + "1 " * (count - 16) + "]}) { id } }",)

        self.assertEqual(len(self.edge(query, 200000, "contains more that 200000 tokens", 128 * MIB)["docs"]), 1)

    def test_depth(self):
        """The set of the root and that of `docs` are two of the levels."""
        def query(depth):
            return ("{ docs { " + "chunks { " * (depth - 2) + "id " + "} " * depth,)

        self.assertEqual(self.edge(query, 100, "nests deeper than 100 levels"), {"docs": []})

    def test_depth_with_fragments(self):
        """A spread and the set of chunks are two levels each; three are the root, docs and the last spread."""
        def query(depth):
            count = (depth - 3 + 1) // 2
            return ("{ docs { ...F0 } } " +
                    "".join("fragment F%d on StrawberryDocument { chunks { ...F%d } } " % (n, n + 1) for n in range(count)) +
                    "fragment F%d on StrawberryDocument { id }" % count,)

        self.assertEqual(self.edge(query, 499, "nests deeper than 500 levels"), {"docs": []})

    def test_aliases(self):
        data = self.edge(lambda count: ("{ docs { " + "".join(f"a{n}: id " for n in range(count)) + "} }",), 1000, "more than 1000 aliases")
        self.assertEqual(data, {"docs": []})

    def test_calls(self):
        data = self.edge(lambda count: ("{ " + "".join(f"a{n}: docs {{ id }} " for n in range(count)) + "}",), 64,
                         'more than 64 fields "docs"')
        self.assertEqual(data, {f"a{n}": [] for n in range(64)})

    def test_depth_of_variables(self):
        def query(depth):
            value = []
            for _ in range(depth - 2):
                value = [value]
            return "{ __typename }", {"d": value}

        self.edge(query, 256, "nests deeper than 256 levels")

    def test_errors(self):
        for count, wanted in ((100, 100), (101, 101), (5000, 101)):
            answer = self.ask("{ docs { " + "".join(f"zzzzzzzz{n} " for n in range(count)) + "} }")
            self.assertEqual(len(answer["errors"]), wanted)
            self.assertEqual("Too many validation errors" in answer["errors"][-1]["message"], count > 100)
        self.assertEqual(self.running.stop(), 0)

    def test_errors_of_variables(self):
        for count, wanted in ((50, 50), (51, 51), (5000, 51)):
            answer = self.ask("query($d: [StrawberryDocumentInput!]) { docs(data: $d) { id } }", {"d": [5] * count})
            self.assertEqual(len(answer["errors"]), wanted)
            self.assertEqual("Too many errors processing variables" in answer["errors"][-1]["message"], count > 50)
        self.assertEqual(self.running.stop(), 0)

    def test_fields_of_an_answer(self):
        """As many as there may be, of documents without anything in them: some 300 MB of answer."""
        if harness.sanitized():
            self.assertEqual(self.running.stop(), 0)
            self.skipTest("takes minutes under a sanitizer")
        fragment = "fragment F on StrawberryDocument { %s }" % " ".join(f"a{n}: weight" for n in range(997))

        def ask(rest, selection):
            query = ("query($many: [StrawberryDocumentInput!], $rest: [StrawberryDocumentInput!]) "
                     "{ a: docs(data: $many) { ...F } b: docs(data: $rest) { %s } } %s" % (selection, fragment))
            return self.post(query, {"many": [{}] * many, "rest": [{}] * rest})

        many = 20040
        self.assertEqual(many * (1 + 997) + 40 * (1 + 1), 20000000)  # a document counts as much as a field
        fits = ask(40, "id")
        self.assertGreater(len(fits), many * 997 * 12, fits[:200])
        self.assertNotIn(b"errors", fits[-100:])
        self.assertEqual(many * (1 + 997) + 27 * (1 + 2), 20000001)
        over = ask(27, "id text")
        self.assertLess(len(over), 1000)
        over = json.loads(over)
        self.assertEqual((over["data"], over["errors"][0]["message"]), (None, "The answer needs more than 20000000 fields."))
        if not harness.sanitized():
            self.assertLess(memory_peak(self.running.pid("gateway")), 1200 * MIB)
        self.assertEqual(self.running.stop(), 0)

    def test_memory_of_an_answer(self):
        """Fragments that spread the next one twice over documents that nest: two to the power of thirty fields."""
        inner = {"id": "x"}
        for _ in range(30):
            inner = {"chunks": [inner]}
        query = "query($d: [StrawberryDocumentInput!]) { docs(data: $d) { ...F0 } } " + "".join(
            "fragment F%d on StrawberryDocument { a: chunks { ...F%d } b: chunks { ...F%d } } " % (n, n + 1, n + 1) for n in range(30))
        over = self.ask(query + "fragment F30 on StrawberryDocument { id }", {"d": [inner]})
        self.assertEqual((over["data"], over["errors"][0]["message"]), (None, "The answer needs more memory than an operation may use."))
        if not harness.sanitized():
            self.assertLess(memory_peak(self.running.pid("gateway")), 640 * MIB)
        self.assertEqual(self.ask("{ __typename }")["data"], {"__typename": "Query"})
        self.assertEqual(self.running.stop(), 0)


if __name__ == "__main__":
    harness.main()
