"""The WebSocket front as its clients see it."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import (BINARY, CLOSE, PING, PONG, TEXT, Client, Lost, Server, close_frame, deflate, frame, head, mask,  # noqa: E402
                  MASK, request)

END = frame(BINARY, b"\0")
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
DRAINING, LIMIT = 6, 3  # sluice_status


class Case(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.server = Server(**self.settings)
        self.addCleanup(self.server.stop)

    def client(self, **options):
        client = Client(self.server.port, **options)
        self.addCleanup(client.close)
        return client


class Bytes(Case):
    """The sub-protocol `bytes`."""

    def test_one_request(self):
        client = self.client()
        client.send(frame(BINARY, request("later", 100)))
        self.assertEqual(client.message(), (BINARY, request("later", 100)))
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_many_sizes(self):
        client = self.client()
        for size in (0, 1, 100, 125 - 14, 126, 65535, 65536, 70000, 300000, 1000000):
            client.send(frame(BINARY, request("later", size)))
            self.assertEqual(client.message(), (BINARY, request("later", size)))

    def test_answers_as_they_come(self):
        client = self.client()
        for name in ("hold1", "hold2", "now3"):
            client.send(frame(BINARY, request(name)))
        self.assertEqual(client.message(), (BINARY, request("now3")))
        self.server.tell("release hold2")
        self.assertEqual(client.message(), (BINARY, request("hold2")))
        client.send(END)
        self.server.tell("release hold1")
        self.assertEqual(client.until_closed(), ([(BINARY, request("hold1"))], (1000, "")))

    def test_requests_enter_in_order(self):
        client = self.client()
        names = [f"later{i}" for i in range(500)]
        client.send(b"".join(frame(BINARY, request(name)) for name in names) + END)
        messages, end = client.until_closed()
        self.assertEqual(end, (1000, ""))
        self.assertEqual([message for _, message in messages], [request(name) for name in names])
        self.assertEqual([self.server.ask(f"id {i}") for i in range(500)], names)

    def test_after_the_end_nothing_is_read(self):
        client = self.client()
        client.send(frame(BINARY, request("hold")) + END + frame(BINARY, request("more")) + frame(BINARY, b"\xff"))
        client.send(frame(PING, "still there?"))
        self.assertEqual(client.message(), (PONG, b"still there?"))
        self.server.tell("release hold")
        self.assertEqual(client.until_closed(), ([(BINARY, request("hold"))], (1000, "")))
        self.assertEqual(self.server.ask("count"), "1")

    def test_an_empty_message_is_an_empty_request(self):
        client = self.client()
        client.send(frame(BINARY, b"") + END)
        self.assertEqual(client.until_closed(), ([(BINARY, b"")], (1000, "")))

    def test_unreadable(self):
        client = self.client()
        client.send(frame(BINARY, request("hold")))
        self.server.tell("submitted 1")
        client.send(frame(BINARY, b"\xff\xff"))
        self.server.tell("release hold")
        messages, (code, reason) = client.until_closed()
        self.assertEqual((messages, code), ([(BINARY, request("hold"))], 1007))
        self.assertIn("DataRequestProto", reason)

    def test_text_is_the_wrong_type(self):
        client = self.client()
        client.send(frame(TEXT, "{}"))
        messages, (code, reason) = client.until_closed()
        self.assertEqual((messages, code), ([], 1003))
        self.assertIn("bytes", reason)

    def test_failed_requests_are_answered(self):
        client = self.client()
        client.send(frame(BINARY, request("fail")) + frame(BINARY, request("later")) + END)
        messages, end = client.until_closed()
        self.assertEqual(([message.count(b"no") for _, message in messages], end), ([1, 0], (1000, "")))

    def test_a_timeout_ends_it_after_the_others(self):
        for name in ("timeout", "gone"):
            with self.subTest(name):
                client = self.client()
                client.send(frame(BINARY, request("hold")) + frame(BINARY, request(name)))
                self.server.tell("submitted 2" if name == "timeout" else "submitted 4")
                self.server.tell("release hold")
                messages, end = client.until_closed()
                self.assertEqual((messages, end), ([(BINARY, request("hold"))], (1011, f"TEXT of {name}")))

    def test_a_long_reason_is_cut_between_characters(self):
        self.server.tell("failure " + "ä" * 300)
        client = self.client()
        client.send(frame(BINARY, request("gone")))
        self.assertEqual(client.until_closed(), ([], (1011, "ä" * 61)))

    def test_hang_up_cancels(self):
        for rude in (True, False):
            with self.subTest(rude=rude):
                client = self.client()
                client.send(frame(BINARY, request("never1")) + frame(BINARY, request("never2")))
                self.server.tell("live 2")
                if rude:
                    client.close()
                else:
                    client.send(close_frame(1000, b"bye"))
                    self.assertEqual(client.message(), (CLOSE, b"\x03\xe8bye"))
                self.server.tell("live 0")
        self.assertEqual(self.server.ask("cancelled"), "4")

    def test_a_slow_reader(self):
        """A large answer that is taken late, and one more behind it."""
        client = self.client(buffer=8192)
        for _ in range(20):
            client.send(frame(BINARY, request("later", 1000000)))
        self.server.tell("submitted 20")
        client.send(END)
        messages, end = client.until_closed()
        self.assertEqual((len(messages), {len(message) for _, message in messages}, end),
                         (20, {len(request("later", 1000000))}, (1000, "")))


class Deflate(Case):
    """permessage-deflate."""

    def test_both_ways(self):
        client = self.client(extra=DEFLATE)
        self.assertEqual(client.headers["sec-websocket-extensions"], "permessage-deflate")
        for size in (0, 10, 1000, 65536, 200000, 1000000):
            client.send(frame(BINARY, deflate(request("later", size)), rsv=4))
            self.assertEqual(client.message(), (BINARY, request("later", size)))
        client.send(frame(BINARY, request("later", 50)))  # not compressed: that is the client's choice
        self.assertEqual(client.message(), (BINARY, request("later", 50)))
        client.send(frame(BINARY, deflate(b"\0"), rsv=4))
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_noise(self):
        client = self.client(extra=DEFLATE)
        noise = os.urandom(300000)
        message = request("later") + b"\x4a\xe0\xa7\x12" + noise
        self.assertEqual(len(noise), 0x60 | 0x27 << 7 | 0x12 << 14)
        for _ in range(3):
            client.send(frame(BINARY, deflate(message), rsv=4))
            self.assertEqual(client.message(), (BINARY, message))

    def test_many_at_once(self):
        client = self.client(extra=DEFLATE)
        names = [f"later{i}" for i in range(200)]
        client.send(b"".join(frame(BINARY, deflate(request(name, 3000)), rsv=4) for name in names) + END)
        messages, end = client.until_closed()
        self.assertEqual(([message for _, message in messages], end), ([request(name, 3000) for name in names], (1000, "")))

    def test_in_fragments(self):
        client = self.client(extra=DEFLATE)
        packed = deflate(request("later", 100000))
        half = len(packed) // 2
        client.send(frame(BINARY, packed[:half], fin=False, rsv=4) + frame(PING, "x") + frame(0, packed[half:]) + END)
        messages, end = client.until_closed()
        self.assertEqual((messages, end), ([(PONG, b"x"), (BINARY, request("later", 100000))], (1000, "")))

    def test_no_smaller_window_is_promised(self):
        client = self.client(extra="Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n")
        self.assertNotIn("sec-websocket-extensions", client.headers)
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_a_bomb_is_stopped_at_the_limit(self):
        client = self.client(extra=DEFLATE)
        client.send(frame(BINARY, deflate(request("later", 100 << 20)), rsv=4))
        messages, (code, reason) = client.until_closed()
        self.assertEqual((messages, code), ([], 1009))
        self.assertIn("max_message_bytes", reason)


class Json(Case):
    """Text messages."""

    @staticmethod
    def message(text):
        return frame(TEXT, json.dumps({"data": [{"text": text}]}))

    @staticmethod
    def texts(messages):
        return [json.loads(payload)["data"][0]["text"] for _, payload in messages]

    def test_one_request(self):
        client = self.client(protocol="json")
        client.send(frame(TEXT, '{"execEndpoint":"/search","data":[{"text":"blue"}],"parameters":{"limit":3}}'))
        opcode, payload = client.message()
        answer = json.loads(payload)
        self.assertEqual((opcode, answer["header"]["exec_endpoint"], answer["parameters"], answer["data"][0]["text"]),
                         (TEXT, "/search", {"limit": 3.0}, "blue"))
        client.send(frame(TEXT, " { } "))
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_ignored(self):
        client = self.client(protocol=None)
        client.send(b"".join(frame(TEXT, text) for text in ("[]", "1", "null", '"x"', "true")) + frame(TEXT, "{}"))
        self.assertEqual(client.until_closed(), ([], (1000, "")))
        self.assertEqual(self.server.ask("count"), "0")

    def test_faults(self):
        for sent in (frame(TEXT, "{"), frame(TEXT, ""), frame(TEXT, "nonsense"), frame(TEXT, '{"data":5}'),
                     frame(TEXT, '{"data":[{"blob":"abc"}]}'), frame(TEXT, b'{"data":[{"text":"\xff"}]}'),
                     frame(TEXT, b"\xc3", fin=False) + frame(0, b"("), frame(TEXT, b'"\xed\xa0\x80"')):
            with self.subTest(sent):
                client = self.client(protocol="json")
                client.send(sent)
                messages, (code, reason) = client.until_closed()
                self.assertEqual((messages, code), ([], 1007))
                self.assertGreater(len(reason), 10)

    def test_a_character_in_two_fragments(self):
        client = self.client(protocol="json")
        text = '{"data":[{"text":"ä€🙂"}]}'.encode()
        for cut in range(len(text) + 1):
            client.send(frame(TEXT, text[:cut], fin=False) + frame(0, text[cut:]))
            self.assertEqual(self.texts([client.message()]), ["ä€🙂"])

    def test_a_fault_comes_after_what_is_inside(self):
        client = self.client(protocol="json")
        client.send(self.message("a") + self.message("b") + frame(TEXT, "{") + self.message("c"))
        messages, (code, _) = client.until_closed()
        self.assertEqual((self.texts(messages), code), (["a", "b"], 1007))

    def test_binary_is_the_wrong_type(self):
        for payload in (b"\0", b"{}"):
            client = self.client(protocol="json")
            client.send(frame(BINARY, payload))
            self.assertEqual(client.until_closed()[1][0], 1003)

    def test_order_of_small_and_large(self):
        """Large texts are read by other threads; they enter in order all the same."""
        client = self.client(protocol="json")
        texts = [str(i) + "x" * (40000 if i % 3 == 0 else 10) for i in range(60)]
        client.send(b"".join(self.message(text) for text in texts) + frame(TEXT, "{}"))
        messages, end = client.until_closed()
        self.assertEqual((sorted(self.texts(messages)), end), (sorted(texts), (1000, "")))

    def test_hang_up_while_it_is_read(self):
        for _ in range(20):
            client = self.client(protocol="json")
            client.send(self.message("x" * 500000) * 3)
            client.close()
        self.server.tell("live 0")

    def test_compressed(self):
        client = self.client(protocol="json", extra=DEFLATE)
        client.send(frame(TEXT, deflate(json.dumps({"data": [{"text": "x" * 100000}]}).encode()), rsv=4))
        self.assertEqual(self.texts([client.message()]), ["x" * 100000])
        client.send(frame(TEXT, "{}"))
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_a_timeout(self):
        self.server.tell("failure gone")
        client = self.client(protocol="json", path="/dry_run")
        self.assertEqual(client.until_closed(), ([], (1011, "gone of gone")))


class Pressure(Case):
    settings = {"prefetch": 3}

    def test_prefetch(self):
        client = self.client()
        for i in range(6):
            client.send(frame(BINARY, request(f"hold{i}")))
        self.server.tell("submitted 3")
        client.send(frame(PING, "not read yet"))
        self.server.tell("release hold1")
        self.assertEqual(client.message(), (BINARY, request("hold1")))
        self.server.tell("submitted 4")
        for i in (0, 2, 3):
            self.server.tell(f"release hold{i}")
            self.assertEqual(client.message(), (BINARY, request(f"hold{i}")))
        self.server.tell("submitted 6")
        self.assertEqual(client.message(), (PONG, b"not read yet"))
        client.send(END)
        self.server.tell("release hold4")
        self.server.tell("release hold5")
        messages, end = client.until_closed()
        self.assertEqual((len(messages), end), (2, (1000, "")))

    def test_answers_that_are_not_taken_count(self):
        client = self.client(buffer=4096)
        size = 1000000
        for i in range(40):
            threading_send(client, frame(BINARY, request(f"later{i}", size)))
        # The system's buffers hold some answers; then the client's own messages are not read any more.
        for thread in THREADS:
            thread.join(0.2)
        self.assertLess(int(self.server.ask("count")), 40)
        messages = [client.message() for _ in range(40)]
        for thread in THREADS:
            thread.join()
        THREADS.clear()
        self.assertEqual([message for _, message in messages], [request(f"later{i}", size) for i in range(40)])
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_room_in_the_router(self):
        self.server.tell("room 0")
        client = self.client()
        client.send(frame(BINARY, request("later1")) + frame(BINARY, request("later2")))
        # One message comes in before it is known that there is no room.
        self.assertEqual(client.message(), (BINARY, request("later1")))
        self.server.tell("waiting 1")
        self.assertEqual(self.server.ask("count"), "1")
        self.server.tell("room 1")
        self.assertEqual(client.message(), (BINARY, request("later2")))
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_hang_up_while_paused(self):
        client = self.client()
        for i in range(6):
            client.send(frame(BINARY, request(f"never{i}")))
        self.server.tell("submitted 3")
        client.socket.shutdown(socket.SHUT_RDWR)
        client.close()
        self.server.tell("live 0")
        self.assertEqual(self.server.ask("cancelled"), "3")


THREADS = []


def threading_send(client, data):
    """In order, and without waiting."""
    import threading
    before = THREADS[-1] if THREADS else None

    def send():
        if before is not None:
            before.join()
        client.send(data)
    THREADS.append(threading.Thread(target=send))
    THREADS[-1].start()


class Limits(Case):
    settings = {"max_message_bytes": 1000}

    def test_at_the_edge(self):
        client = self.client()
        message = request("later", 1000 - len(request("later", 900)) + 900)
        self.assertEqual(len(message), 1000)
        client.send(frame(BINARY, message))
        self.assertEqual(client.message(), (BINARY, message))
        client.send(frame(BINARY, message + b"x"))
        messages, (code, reason) = client.until_closed()
        self.assertEqual((messages, code), ([], 1009))
        self.assertIn("1000", reason)

    def test_in_fragments(self):
        for sizes, code in (((500, 500), 1000), ((500, 501), 1009), ((1000, 0, 0), 1000), ((999, 1, 1), 1009)):
            with self.subTest(sizes=sizes):
                client = self.client()
                payload = request("later", 1000 - len(request("later", 900)) + 900) + b"x" * 10
                at, sent = 0, b""
                for i, size in enumerate(sizes):
                    sent += frame(0 if i else BINARY, payload[at:at + size], fin=i == len(sizes) - 1)
                    at += size
                client.send(sent + END)
                messages, end = client.until_closed()
                self.assertEqual((len(messages), end[0]), (1 if code == 1000 else 0, code))

    def test_announced(self):
        client = self.client()
        client.send(head(BINARY, 1 << 40) + MASK + mask(b"x"))  # one byte of it is enough
        self.assertEqual(client.until_closed()[1][0], 1009)

    def test_what_is_in_flight_is_answered_first(self):
        client = self.client()
        client.send(frame(BINARY, request("hold")) + head(BINARY, 2000) + MASK + mask(b"x"))
        self.server.tell("release hold")
        messages, (code, _) = client.until_closed()
        self.assertEqual((messages, code), ([(BINARY, request("hold"))], 1009))


class Stop(Case):
    def test_drain(self):
        idle, busy, ended = self.client(), self.client(), self.client()
        busy.send(frame(BINARY, request("hold1")))
        self.server.tell("submitted 1")
        ended.send(frame(BINARY, request("hold2")) + END)
        self.server.tell("submitted 2")
        self.server.tell("drain")
        self.assertEqual(idle.until_closed(), ([], (1012, "")))
        late = self.client()
        self.assertEqual(late.until_closed(), ([], (1012, "")))
        self.assertEqual(self.server.ask("wait 10"), "0")
        busy.send(frame(BINARY, request("later")))
        self.server.tell("release hold1")
        self.server.tell("release hold2")
        self.assertEqual(busy.until_closed(), ([(BINARY, request("hold1"))], (1012, "")))
        self.assertEqual(ended.until_closed(), ([(BINARY, request("hold2"))], (1000, "")))
        self.assertEqual(self.server.ask("wait 30000"), "1")
        self.assertEqual(self.server.ask("count"), "2")

    def test_what_is_left_is_cancelled(self):
        client = self.client()
        client.send(frame(BINARY, request("never")))
        self.server.tell("submitted 1")
        self.server.process.stdin.close()
        with self.assertRaises(Lost):
            client.message()
        self.assertEqual(self.server.process.wait(60), 0)

    def test_refused(self):
        self.server.tell(f"refuse {LIMIT}")
        self.assertEqual(self.client().until_closed(), ([], (1013, "refused by the test")))


class Life(Case):
    settings = {"ping_interval_ms": 300, "ping_timeout_ms": 600}

    def test_pings_and_no_pong(self):
        client = self.client()
        opcode, payload = client.message()
        self.assertEqual((opcode, len(payload)), (PING, 4))
        client.send(frame(PONG, payload))
        self.assertEqual(client.message()[0], PING)
        self.assertEqual(client.until_closed(), ([], (1011, "keepalive ping timeout")))

    def test_what_is_inside_is_cancelled(self):
        client = self.client()
        client.send(frame(BINARY, request("never")))
        messages, end = client.until_closed()
        self.assertEqual(([opcode for opcode, _ in messages], end), ([PING], (1011, "keepalive ping timeout")))
        self.server.tell("live 0")


class DryRun(Case):
    def test_bytes(self):
        self.assertEqual(self.client(path="/dry_run").until_closed(), ([(BINARY, b"")], (1000, "")))

    def test_json(self):
        for protocol in ("json", None):
            client = self.client(path="/dry_run", protocol=protocol)
            self.assertEqual(client.until_closed(), ([(TEXT, b"{}")], (1000, "")))

    def test_unreachable(self):
        self.server.tell("failure gone")
        for protocol in ("bytes", "json"):
            client = self.client(path="/dry_run", protocol=protocol)
            self.assertEqual(client.until_closed(), ([], (1011, "gone of gone")))

    def test_failed(self):
        self.server.tell("failure fail")
        client = self.client(path="/dry_run")
        self.assertEqual(client.until_closed(), ([(BINARY, b"\x08\x01\x12\x02no")], (1000, "")))


@unittest.skipUnless(shutil.which("openssl"), "openssl, which comes with the package of the library, makes the certificates")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name in ("server", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-keyout", cls.path(f"{name}.key"), "-out", cls.path(f"{name}.pem"), "-days", "2",
                            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                           check=True, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def trusting(self, own=None):
        context = ssl.create_default_context(cafile=self.path("server.pem"))
        if own:
            context.load_cert_chain(self.path(f"{own}.pem"), self.path(f"{own}.key"))
        return context

    def serve(self, **settings):
        server = Server(certfile=self.path("server.pem"), keyfile=self.path("server.key"), **settings)
        self.addCleanup(server.stop)
        return server

    def converse(self, client):
        with client:
            for size in (10, 70000, 900000):
                client.send(frame(BINARY, request("later", size)) * 3)
                for _ in range(3):
                    self.assertEqual(client.message(), (BINARY, request("later", size)))
            client.send(END)
            self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_requests(self):
        server = self.serve()
        self.converse(Client(server.port, tls=self.trusting()))
        self.converse(Client(server.port, tls=self.trusting(), extra=DEFLATE))

    def test_health(self):
        with Client(self.serve().port, tls=self.trusting(), handshake=False) as client:
            self.assertEqual(client.http("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")[2], "{}")

    def test_versions(self):
        port = self.serve().port
        for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            with self.subTest(version), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context = self.trusting()
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = version
                if good:
                    self.converse(Client(port, tls=context))
                else:
                    with self.assertRaises((ssl.SSLError, OSError)):
                        Client(port, tls=context)

    def test_certificates_of_clients(self):
        server = self.serve(ca_certs=self.path("other.pem"))
        self.converse(Client(server.port, tls=self.trusting("other")))
        for own in (None, "server"):
            with self.subTest(own), self.assertRaises((ssl.SSLError, OSError, Lost)):
                Client(server.port, tls=self.trusting(own)).close()

    def test_plain_clients(self):
        with Client(self.serve().port, handshake=False) as client, self.assertRaises(Lost):
            client.http("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_wrong_files(self):
        for settings, part in (({"certfile": "/nowhere.pem", "keyfile": self.path("server.key")}, "/nowhere.pem"),
                               ({"certfile": self.path("server.pem"), "keyfile": self.path("other.key")}, "other.key"),
                               ({"certfile": self.path("server.key"), "keyfile": self.path("server.key")}, "server.key"),
                               ({"certfile": self.path("server.pem"), "keyfile": self.path("server.key"),
                                 "ca_certs": self.path("server.key")}, "server.key")):
            with self.subTest(part):
                server = Server(**settings)
                server.stop()
                self.assertTrue(server.first.startswith("failed"), server.first)
                self.assertIn(part, server.first)


class Open(unittest.TestCase):
    def test_the_port_is_taken(self):
        first = Server()
        self.addCleanup(first.stop)
        second = Server(port=first.port)
        second.stop()
        self.assertIn("system error", second.first)
        self.assertIn(f"127.0.0.1:{first.port}", second.first)

    def test_no_such_host(self):
        server = Server(host="256.0.0.1")
        server.stop()
        self.assertIn("256.0.0.1", server.first)

    def test_more_connections_wait(self):
        server = Server(connections_max=2)
        self.addCleanup(server.stop)
        first, second = Client(server.port), Client(server.port)
        third = Client(server.port, handshake=False)
        self.addCleanup(second.close)
        self.addCleanup(third.close)
        first.close()
        # Taken as soon as there is room.
        self.assertEqual(third.http("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")[2], "{}")


class Handshake(Case):
    """Sub-protocols and paths."""

    def test_subprotocols(self):
        for offered, echoed, opcode in (("bytes", "bytes", BINARY), ("json", "json", TEXT), (None, None, TEXT),
                                        ("foo", None, TEXT), ("json, bytes", "json", TEXT), ("bytes, json", "json", TEXT),
                                        ("bytes,json", "json", TEXT), ("BYTES", None, TEXT), ("", None, TEXT),
                                        ("foo, bar", None, TEXT), ("foo, json", "json", TEXT), ("a.b-c_d", None, TEXT),
                                        ("x" * 62, None, TEXT)):
            with self.subTest(offered=offered):
                client = self.client(protocol=offered, path="/dry_run")
                self.assertEqual(client.headers.get("sec-websocket-protocol"), echoed)
                self.assertEqual(client.message()[0], opcode)

    def test_the_query_is_ignored(self):
        client = self.client(path="/?a=b")
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_other_headers_are_ignored(self):
        client = self.client(extra="Origin: http://elsewhere\r\nAuthorization: Bearer x\r\n"
                                   "Sec-WebSocket-Extensions: foo; bar=1, x-webkit-deflate-frame\r\n")
        self.assertNotIn("sec-websocket-extensions", client.headers)
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))


class Http(Case):
    def ask(self, line, headers="Host: localhost\r\n"):
        return self.client(handshake=False).http(f"{line} HTTP/1.1\r\n{headers}\r\n")

    def test_health(self):
        status, headers, body = self.ask("GET /")
        self.assertEqual((status, headers["content-type"], body), (200, "application/json", "{}"))

    def test_status(self):
        status, _, body = self.ask("GET /status")
        self.assertEqual(status, 200)
        self.assertIn('"jina":"sluice', body)

    def test_unknown(self):
        self.assertEqual(self.ask("GET /nothing")[0], 404)
        self.assertEqual(self.ask("POST /", "Host: localhost\r\nContent-Length: 0\r\n")[0], 405)

    def test_dry_run(self):
        status, headers, body = self.ask("GET /dry_run")
        self.assertEqual((status, headers["content-type"], body),
                         (200, "application/json", '{"code":0,"description":"","exception":null}'))
        self.server.tell("failure gone")
        answer = json.loads(self.ask("GET /dry_run")[2])
        self.assertEqual((answer["code"], answer["description"]), (1, "gone of gone"))
        self.assertEqual(answer["exception"]["name"], "InternalNetworkError")
        self.server.tell("failure fail")
        answer = json.loads(self.ask("GET /dry_run")[2])
        self.assertEqual((answer["code"], answer["description"]), (1, "no"))

    def test_hang_up_cancels(self):
        self.server.tell("failure never")
        client = self.client(handshake=False)
        client.send(b"GET /dry_run HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.server.tell("submitted 1")
        client.close()
        self.server.tell("live 0")

    def test_several_requests_on_one_connection(self):
        client = self.client(handshake=False)
        for path in ("/", "/dry_run", "/dry_run", "/status", "/nothing", "/dry_run"):
            self.assertEqual(client.http(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")[0],
                             404 if path == "/nothing" else 200)


if __name__ == "__main__":
    unittest.main()
