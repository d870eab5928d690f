"""The way in: the port, TLS, handshakes, sub-protocols, HTTP requests, dry runs."""
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import DEFLATE, END, Case  # noqa: E402
from wire import BINARY, BUILD, TEXT, Client, Lost, Server, frame, request  # noqa: E402


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


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([os.path.join(BUILD, "tests", "tls", "make_certificates"), cls.folder.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def trusting(self, own=None):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
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

    def test_pauses(self):
        """A socket that is not read for a while, with bytes decrypted and not, and answers that are not taken."""
        server = self.serve(prefetch=2)
        with Client(server.port, tls=self.trusting(), buffer=8192) as client:
            names = [f"later{i}" for i in range(300)]
            sender = threading.Thread(target=client.send, args=(b"".join(
                frame(BINARY, request(name, 5000)) for name in names) + END,))
            sender.start()
            messages, end = client.until_closed()
            sender.join()
            self.assertEqual(([message for _, message in messages], end), ([request(name, 5000) for name in names], (1000, "")))

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
        server = self.serve(ca_certs=self.path("ca.pem"))
        self.converse(Client(server.port, tls=self.trusting("client")))
        for own in (None, "client-other", "client-expired"):
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
