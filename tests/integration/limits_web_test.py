"""The gateway's limits at their edges as clients over HTTP and WebSocket meet them. gRPC's are in limits_test.py."""
import http.client
import json
import os
import sys

import harness
from harness import GATE, SOURCE, memory_peak
from messages import Answer, document, request

sys.path.insert(0, os.path.join(SOURCE, "tests/unit/gateway/websocket"))
from wire import BINARY, TEXT, Client, frame  # noqa: E402

ECHO = "jtype: Flow\ngateway: {protocol: [http, websocket], port: 0%s}\nexecutors: [{name: first, uses: echo}]\n"
GATED = "jtype: Flow\ngateway: {protocol: [http, websocket], port: 0%s}\nexecutors: [{name: gate, uses: %s, workers: 8}]\n"
END = frame(BINARY, b"\0")


class Wire(harness.Case):
    def echo(self, limits):
        return self.flow(ECHO % (", " + limits)).start()

    def gated(self, limits):
        return self.flow(GATED % (", " + limits, GATE)).start()

    @staticmethod
    def port_of(flow, protocol):
        return next(front["port"] for front in flow.report["gateway"] if front["protocol"] == protocol)

    def begin_post(self, flow, body, headers=(), path="/post"):
        """A request on a connection of its own; the connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port_of(flow, "http"), timeout=harness.PATIENCE)
        self.addCleanup(connection.close)
        connection.request("POST", path, body, {"Content-Type": "application/json", **dict(headers)})
        return connection

    @staticmethod
    def finish(connection):
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def post(self, flow, body, headers=(), path="/post"):
        return self.finish(self.begin_post(flow, body, headers, path))

    def client(self, flow, **options):
        client = Client(self.port_of(flow, "websocket"), **options)
        self.addCleanup(client.close)
        return client

    def wait_body(self, size=0):
        return json.dumps({"execEndpoint": "/wait", "data": [{"text": "t" * size}], "parameters": {"file": self.path("open")}})

    def wait_message(self, identity, size=0):
        return frame(BINARY, request(identity, [document("t" * size)], "/wait", {"file": self.path("open")}))


class Http(Wire):
    def test_max_message_bytes(self):
        flow = self.echo("max_message_bytes: 100000")

        def sized(size):
            """Unknown keys are part of the text and not of what it becomes."""
            return '{"data": [{"text": "all"}], "x": "%s"}' % ("t" * (size - len('{"data": [{"text": "all"}], "x": ""}')))

        status, _, text = self.post(flow, sized(100000))
        self.assertEqual((status, json.loads(text)["data"][0]["text"]), (200, "all"))
        status, _, text = self.post(flow, sized(100001))
        self.assertEqual(status, 413, text)
        self.assertIn("max_message_bytes", text)
        self.assertEqual(flow.stop(), 0)

    def test_json_that_becomes_a_larger_message(self):
        """It is refused, and what others have inside is not touched: the executor never sees it."""
        flow = self.gated("max_message_bytes: 100000")
        inside = self.begin_post(flow, self.wait_body())
        flow.wait_log(r"inside$")
        numbers = json.dumps({"data": [{"embedding": [0] * 20000}]})  # eight bytes each
        self.assertLess(len(numbers), 100000)
        status, _, text = self.post(flow, numbers)
        self.assertEqual(status, 413, text)
        self.assertIn("max_message_bytes", text)
        page = self.client(flow, protocol="json")
        page.send(frame(TEXT, numbers))
        messages, (code, reason) = page.until_closed()
        self.assertEqual((messages, code), ([], 1009))
        self.assertIn("max_message_bytes", reason)
        self.write("open", "")
        self.assertEqual(self.finish(inside)[0], 200)
        self.assertEqual(flow.stop(), 0)

    def test_max_header_bytes(self):
        """Of the whole head, from its first line to the empty one."""
        flow = self.echo("max_header_bytes: 4096")

        def head(size):
            connection = http.client.HTTPConnection("127.0.0.1", self.port_of(flow, "http"), timeout=harness.PATIENCE)
            self.addCleanup(connection.close)
            text = "GET /status HTTP/1.1\r\nHost: a\r\nX-Filling: \r\n\r\n"
            connection.connect()
            connection.sock.sendall(text.replace("\r\n\r\n", "v" * (size - len(text)) + "\r\n\r\n").encode())
            answer = http.client.HTTPResponse(connection.sock)
            answer.begin()
            return answer.status, answer.read().decode()

        self.assertEqual([head(size)[0] for size in (4095, 4096, 4097, 100000)], [200, 200, 431, 431])
        self.assertIn("max_header_bytes", head(4097)[1])
        self.assertEqual(flow.stop(), 0)

    def test_max_in_flight(self):
        flow = self.gated("max_in_flight: 3")
        inside = [self.begin_post(flow, self.wait_body()) for _ in range(3)]
        flow.wait_log(r"inside$", 3)
        status, headers, text = self.post(flow, "{}")
        self.assertEqual(status, 429, text)
        self.assertIn("max_in_flight", text)
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        self.write("open", "")
        self.assertEqual([self.finish(connection)[0] for connection in inside], [200] * 3)
        self.assertEqual(self.post(flow, "{}")[0], 200)
        self.assertEqual(flow.stop(), 0)

    def test_max_bytes_in_flight(self):
        flow = self.gated("max_bytes_in_flight: 1000000")
        large = self.begin_post(flow, self.wait_body(3000000))  # alone it is let in
        flow.wait_log(r"inside$")
        status, headers, text = self.post(flow, self.wait_body())
        self.assertEqual(status, 429, text)
        self.assertIn("max_bytes_in_flight", text)
        self.assertIn("Retry-After", headers)
        self.write("open", "")
        self.assertEqual(self.finish(large)[0], 200)
        self.assertEqual(self.post(flow, self.wait_body())[0], 200)
        self.assertEqual(flow.stop(), 0)

    def test_max_queue_per_executor(self):
        flow = self.flow("jtype: Flow\ngateway: {protocol: [http, websocket], port: 0, max_queue_per_executor: 2}\n"
                         f"executors: [{{name: gate, uses: {GATE}, window_requests: 1}}]\n").start()
        inside = [self.begin_post(flow, self.wait_body())]
        flow.wait_log(r"inside$")
        waiting, refused = [], []
        while not refused:  # the first ones wait; who comes when two wait is refused
            connection = self.begin_post(flow, self.wait_body())
            waiting.append(connection)
            ready, _, _ = harness.select.select([connection.sock], [], [], 1)
            refused = [waiting.pop()] if ready else []
            self.assertLessEqual(len(waiting), 2)
        status, _, text = self.finish(refused[0])
        self.assertEqual((status, len(waiting)), (429, 2), text)
        self.assertIn("max_queue_per_executor", text)
        self.write("open", "")
        self.assertEqual([self.finish(connection)[0] for connection in inside + waiting], [200] * 3)
        self.assertEqual(flow.stop(), 0)

    def test_max_depth(self):
        """Of parameters, which the gateway reads, and of documents."""
        flow = self.echo("max_depth: 10")

        def parameters(depth):
            value = 1
            for _ in range(depth):
                value = {"k": value}
            return self.post(flow, json.dumps({"data": [], "parameters": {"k": value}}))

        def documents(depth):
            value = {"text": "inmost"}
            for _ in range(depth - 1):
                value = {"chunks": [value]}
            return self.post(flow, json.dumps({"data": [value]}))

        for send in (parameters, documents):
            with self.subTest(send.__name__):
                statuses = [send(depth)[0] for depth in range(1, 20)]
                edge = statuses.index(next(status for status in statuses if status != 200))
                self.assertEqual(set(statuses[:edge]), {200})
                self.assertEqual(len(set(statuses[edge:])), 1, statuses)
                self.assertEqual(statuses[edge], 500, send(19))
                self.assertEqual(edge, {parameters: 9, documents: 10}[send])  # the map of the parameters is itself a level
        self.assertEqual(flow.stop(), 0)


class WebSocket(Wire):
    def test_max_message_bytes(self):
        flow = self.echo("max_message_bytes: 100000")
        padding = 100000 - len(request("a", [document("")])) - 10
        while len(request("a", [document("t" * padding)])) < 100000:
            padding += 1
        exact = request("a", [document("t" * padding)])
        self.assertEqual(len(exact), 100000)
        client = self.client(flow)
        client.send(frame(BINARY, exact))
        self.assertEqual(len(Answer(client.message()[1]).texts[0]), padding)
        client.send(frame(BINARY, request("a", [document("t" * (padding + 1))])))
        messages, (code, reason) = client.until_closed()
        self.assertEqual((messages, code), ([], 1009))
        self.assertIn("100000", reason)
        self.assertEqual(flow.stop(), 0)

    def test_max_header_bytes(self):
        """Of the whole head, from its first line to the empty one."""
        for limit in (256, 4096):
            flow = self.echo(f"max_header_bytes: {limit}")

            def handshake(size):
                text = ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Filling: \r\n\r\n")
                text = text.replace("\r\n\r\n", "v" * (size - len(text)) + "\r\n\r\n")
                self.assertEqual(len(text), size)
                status, headers, body = self.client(flow, handshake=False).http(text)
                if status == 431:
                    self.assertIn("max_header_bytes", body)
                    self.assertEqual(headers["connection"], "close")
                return status

            before = memory_peak(flow.pid("gateway"))
            sizes = (limit - 1, limit, limit + 1, limit + 2, 100000, 4000000)
            self.assertEqual([handshake(size) for size in sizes], [101, 101, 431, 431, 431, 431])
            if not harness.sanitized():
                self.assertLess(memory_peak(flow.pid("gateway")) - before, 4 << 20)
            self.assertEqual(flow.stop(), 0)

    def test_max_queue_per_executor(self):
        flow = self.flow("jtype: Flow\ngateway: {protocol: [http, websocket], port: 0, max_queue_per_executor: 2}\n"
                         f"executors: [{{name: gate, uses: {GATE}, window_requests: 1}}]\n").start()
        waiting, refused = [self.client(flow)], None
        waiting[0].send(self.wait_message("0") + END)
        flow.wait_log(r"inside$")
        while not refused:  # the first ones wait; who comes when two wait is refused
            client = self.client(flow)
            client.send(self.wait_message(str(len(waiting))) + END)
            ready, _, _ = harness.select.select([client.socket], [], [], 1)
            refused = client if ready else None
            waiting += [] if ready else [client]
            self.assertLessEqual(len(waiting), 3)
        messages, (code, reason) = refused.until_closed()
        self.assertEqual((messages, code, len(waiting)), ([], 1013, 3))
        self.assertIn("max_queue_per_executor", reason)
        self.write("open", "")
        answers = [client.until_closed() for client in waiting]
        self.assertEqual([(len(messages), end) for messages, end in answers], [(1, (1000, ""))] * 3)
        self.assertEqual(flow.stop(), 0)

    def test_a_connection_is_held_back_and_not_refused(self):
        for setting in ("max_in_flight: 3", "max_in_flight_per_client: 3", "prefetch: 3"):
            with self.subTest(setting):
                flow = self.gated(setting)
                client = self.client(flow)
                client.send(b"".join(self.wait_message(str(number)) for number in range(10)) + END)
                flow.wait_log(r"inside$", 3)
                if setting.startswith("max_in_flight:"):
                    messages, (code, reason) = self.client(flow).until_closed()
                    self.assertEqual((messages, code), ([], 1013))
                    self.assertIn("max_in_flight", reason)
                else:
                    other = self.client(flow)
                    other.send(frame(BINARY, request("other")))
                    self.assertEqual(Answer(other.message()[1]).id, "other")
                self.assertEqual(len([line for line in flow.lines if line.endswith("inside")]), 3)
                self.write("open", "")
                messages, end = client.until_closed()
                self.assertEqual((sorted(int(Answer(each).id) for _, each in messages), end), (list(range(10)), (1000, "")))
                self.assertEqual(flow.stop(), 0)
                os.unlink(self.path("open"))

    def test_max_bytes_in_flight(self):
        flow = self.gated("max_bytes_in_flight: 1000000")
        client = self.client(flow)
        client.send(self.wait_message("large", 3000000) + self.wait_message("next") + END)  # alone it is let in
        flow.wait_log(r"inside$")
        self.assertEqual(self.client(flow).until_closed()[1][0], 1013)
        self.assertEqual(len([line for line in flow.lines if line.endswith("inside")]), 1)
        self.write("open", "")
        messages, end = client.until_closed()
        self.assertEqual((sorted(Answer(each).id for _, each in messages), end), (["large", "next"], (1000, "")))
        self.assertEqual(flow.stop(), 0)

    def test_max_depth(self):
        flow = self.echo("max_depth: 10")

        def send(depth):
            value = 1
            for _ in range(depth):
                value = {"k": value}
            client = self.client(flow, protocol="json")
            client.send(frame(TEXT, json.dumps({"data": [], "parameters": {"k": value}})) + frame(TEXT, "{}"))
            return client.until_closed()[1][0]

        codes = [send(depth) for depth in range(1, 20)]
        edge = codes.index(1007)
        self.assertEqual(codes, [1000] * edge + [1007] * (19 - edge))
        self.assertEqual(edge, 9)  # maps in that of the parameters
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
