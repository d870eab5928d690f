"""A Flow over WebSocket: limits, clients that vanish or send rubbish, executors that fail, draining."""
import json
import os
import random
import signal
import socket
import struct
import sys
import threading

import harness
from harness import GATE, PLUGINS, SOURCE, memory
from messages import Answer, document, request

sys.path.insert(0, os.path.join(SOURCE, "tests/unit/gateway/websocket"))
from wire import BINARY, TEXT, Client, Lost, close_frame, frame, head, MASK  # noqa: E402

END = frame(BINARY, b"\0")
GATEWAY = "jtype: Flow\ngateway: {protocol: websocket, port: 0%s}\nexecutors: [{name: %s, uses: %s%s}]\n"


class Wire(harness.Case):
    def websocket(self, name="first", uses="echo", gateway="", executor=""):
        return self.flow(GATEWAY % (gateway, name, uses, executor)).start()

    def client(self, flow, **options):
        client = Client(flow.port, **options)
        self.addCleanup(client.close)
        return client

    def ask(self, flow, message):
        """One request on a connection of its own."""
        with Client(flow.port) as client:
            client.send(frame(BINARY, message) + END)
            messages, end = client.until_closed()
            self.assertEqual((len(messages), end), (1, (1000, "")))
            return Answer(messages[0][1])


class WebSocket(Wire):
    def test_small_limits_hold_back_and_lose_nothing(self):
        flow = self.websocket(gateway=", max_in_flight: 12, max_in_flight_per_client: 5, max_bytes_in_flight: 200000")
        count, failures = 300, []
        clients = [self.client(flow) for _ in range(6)]  # at the limit a new one would be refused

        def work(number, client):
            try:
                sender = threading.Thread(target=client.send, args=(b"".join(
                    frame(BINARY, request(f"{number}/{i}", [document("t" * (i * 37 % 5000))])) for i in range(count)) + END,))
                sender.start()
                messages, end = client.until_closed()
                sender.join()
                self.assertEqual(end, (1000, ""))
                self.assertEqual(sorted(Answer(message).id for _, message in messages),
                                 sorted(f"{number}/{i}" for i in range(count)))
            except BaseException as failure:  # it is told by the main thread
                failures.append(failure)

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(flow.stop(), 0)

    def test_a_timeout(self):
        flow = self.websocket("rogue", f"{PLUGINS}/rogue.so", ", timeout_send: 500")
        client = self.client(flow)
        client.send(frame(BINARY, request("quick")) + frame(BINARY, request("slow", [], "/slow", {"ms": 3600e3})))
        messages, (code, reason) = client.until_closed()
        self.assertEqual(([Answer(message).id for _, message in messages], code), (["quick"], 1011))
        self.assertIn("rogue", reason)
        self.assertEqual(flow.stop(), 0)

    def test_an_executor_that_dies(self):
        flow = self.websocket("rogue", f"{PLUGINS}/rogue.so")
        client = self.client(flow)
        client.send(frame(BINARY, request("dies", [document("kept")], "/abort")))
        answer = Answer(client.message()[1])
        self.assertEqual((answer.id, answer.code, answer.exception, answer.texts), ("dies", 1, "ExecutorDied", [b"kept"]))
        client.send(frame(BINARY, request("again", [document("new")])) + END)  # the restarted process has it
        messages, end = client.until_closed()
        self.assertEqual((Answer(messages[0][1]).texts, end), ([b"new"], (1000, "")))
        self.assertEqual(flow.stop(), 0)

    def test_draining(self):
        flow = self.websocket("gate", GATE, executor=", workers: 2")
        client, idle, page = self.client(flow), self.client(flow), self.client(flow, protocol="json")
        client.send(frame(BINARY, request("inside", [document("t")], "/wait", {"file": self.path("go")})))
        page.send(frame(TEXT, json.dumps({"execEndpoint": "/wait", "data": [], "parameters": {"file": self.path("go")}})))
        flow.wait_log(r"rep-0: inside$", 2)
        flow.signal(signal.SIGTERM)
        self.assertEqual(idle.until_closed(), ([], (1012, "")))
        self.write("go", "")
        messages, end = client.until_closed()
        self.assertEqual(([Answer(message).id for _, message in messages], end), (["inside"], (1012, "")))
        messages, end = page.until_closed()
        self.assertEqual((len(messages), end), (1, (1012, "")))
        self.assertEqual(flow.wait(), 0)


class Rude(Wire):
    def test_clients_that_vanish_leave_nothing(self):
        """Each round another way, with 32 requests inside; after it the executor's workers are free."""
        flow = self.websocket("rogue", f"{PLUGINS}/rogue.so", executor=", workers: 4")

        def reset(client):
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

        def in_a_message(client):
            client.send(head(BINARY, 1 << 20) + MASK + b"x" * 5000)
            client.close()

        def polite(client):
            client.send(close_frame(1000))
            self.assertEqual(client.until_closed()[1], (1000, ""))

        ways = [reset, in_a_message, polite, lambda client: client.close(), lambda client: client.send(b"\xff\xff")]
        for leave in ways * 3:
            client = Client(flow.port)
            client.send(b"".join(frame(BINARY, request(str(i), [document("t" * 20000)], "/slow", {"ms": 3600e3}))
                                 for i in range(32)))
            leave(client)
            self.assertEqual(self.ask(flow, request("next")).code, 0)
            client.close()
        self.assertEqual(flow.stop(), 0)

    def test_a_client_that_does_not_read(self):
        flow = self.websocket(gateway=", prefetch: 20")
        before = memory(flow.pid("gateway"))
        client, count = self.client(flow, buffer=4096), 1000
        message = b"".join(frame(BINARY, request(str(i), [document("t" * 100000)])) for i in range(count)) + END
        client.socket.settimeout(1)
        sent = 0
        try:
            while sent < len(message):
                sent += client.socket.send(message[sent:sent + (1 << 20)])
        except TimeoutError:
            pass  # the gateway takes no more
        self.assertLess(sent, len(message))
        if not harness.sanitized():
            self.assertLess(memory(flow.pid("gateway")) - before, 64 << 20)
        self.assertEqual(self.ask(flow, request("other")).id, "other")
        client.socket.settimeout(harness.PATIENCE)
        sender = threading.Thread(target=client.send, args=(message[sent:],))
        sender.start()
        messages, end = client.until_closed()
        sender.join()
        self.assertEqual((sorted(int(Answer(each).id) for _, each in messages), end), (list(range(count)), (1000, "")))
        self.assertEqual(flow.stop(), 0)

    def test_rubbish(self):
        """Random frames, random bytes in frames and out of them, broken off anywhere; others are served all the while."""
        flow = self.websocket()
        dice = random.Random(6455)
        good = frame(BINARY, request("good", [document("text")]))

        def piece():
            kind = dice.randrange(6)
            if kind == 0:
                return dice.randbytes(dice.randrange(200))
            if kind == 1:
                return good
            if kind == 2:
                return good[:dice.randrange(len(good))]
            payload = dice.randbytes(dice.choice((0, 1, 125, 126, 3000)))
            return frame(dice.choice((0, 1, 2, 2, 2, 8, 9, 10, dice.randrange(16))), payload, fin=dice.random() < 0.7,
                         rsv=dice.choice((0, 0, 0, 4, dice.randrange(8))), masked=dice.random() < 0.9)

        for number in range(300):
            with Client(flow.port, protocol=dice.choice(("bytes", "json", None)), extra=dice.choice(
                    ("", "Sec-WebSocket-Extensions: permessage-deflate\r\n"))) as client:
                client.socket.settimeout(0.01)
                try:
                    for _ in range(dice.randrange(8)):
                        client.send(piece())
                    if dice.random() < 0.5:
                        client.until_closed()
                except (OSError, Lost, UnicodeDecodeError):
                    pass
            if number % 50 == 0:
                self.assertEqual(self.ask(flow, request("other")).id, "other")
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", flow.port)) as rude:
                rude.sendall(dice.choice((b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n", b"\x16\x03\x01\x00", dice.randbytes(500),
                                          b"GET " + b"/" * 70000)))
        self.assertEqual(self.ask(flow, request("last")).id, "last")
        self.assertEqual(flow.stop(), 0)

    def test_many_connections(self):
        flow = self.websocket()
        clients = [self.client(flow) for _ in range(500)]
        for client in clients:
            client.send(frame(BINARY, request("many", [document("t")])))
        for client in clients:
            self.assertEqual(Answer(client.message()[1]).id, "many")
        if not harness.sanitized():
            self.assertLess(memory(flow.pid("gateway")), 80 << 20)
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
