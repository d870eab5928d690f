"""Requests, well and badly said, and what the port answers: the opening handshake (RFC 6455, 4.2) and plain HTTP (RFC 9112)."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import END, Case  # noqa: E402
from wire import BINARY, KEY, Client, Lost, Server, frame, request  # noqa: E402

ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
OPEN, INVALID = "Failed to open a WebSocket connection: ", "Invalid HTTP request: "
LIMIT = 8192  # max_header_bytes of the server


def handshake(method="GET", path="/", version="HTTP/1.1", without=(), more="", **headers):
    fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": KEY}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return f"{method} {path} {version}\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items() if name not in without) + more + "\r\n"


def padded(size):
    """A handshake whose head has so many bytes."""
    return handshake(X_Large="x" * (size - len(handshake(X_Large=""))))


# name, request, status, a part of the body
HANDSHAKES = [
    ("plain", handshake(), 101, ""),
    ("other letter case", handshake(Upgrade="WebSocket", Connection="upgrade"), 101, ""),
    ("names in other letter case", handshake().replace("Sec-WebSocket", "SEC-websocket").replace("Upgrade:", "UPGRADE:"), 101, ""),
    ("Connection is a list", handshake(Connection="keep-alive, Upgrade"), 101, ""),
    ("Connection in two lines", handshake(Connection="keep-alive", more="Connection: Upgrade\r\n"), 101, ""),
    ("no blank behind the colon", handshake().replace(": ", ":"), 101, ""),
    ("blanks around a value", handshake(Upgrade=" \t websocket \t "), 101, ""),
    ("an empty line before it", "\r\n" + handshake(), 101, ""),
    ("a query", handshake(path="/?token=1"), 101, ""),
    ("a whole address", handshake(path="ws://localhost:1234/?token=1"), 101, ""),
    ("an address without a path", handshake(path="http://localhost"), 101, ""),
    ("dry run", handshake(path="/dry_run"), 101, ""),
    ("dry run, in %XX", handshake(path="/dry%5Frun"), 101, ""),
    ("a head of the limit", padded(LIMIT), 101, ""),
    ("an unknown sub-protocol of 100 letters", handshake(Sec_WebSocket_Protocol="x" * 100), 101, ""),
    ("many sub-protocols", handshake(Sec_WebSocket_Protocol="bytes, " * 30 + "x"), 101, ""),
    ("unknown path", handshake(path="/foo"), 403, ""),
    ("a path above", handshake(path="/dry_run/x"), 403, ""),
    ("version 12", handshake(Sec_WebSocket_Version="12"), 426, OPEN + "invalid Sec-WebSocket-Version header: 12."),
    ("version 8", handshake(Sec_WebSocket_Version="8"), 426, "Version header: 8."),
    ("version 013", handshake(Sec_WebSocket_Version="013"), 426, "Version"),
    ("two versions in a line", handshake(Sec_WebSocket_Version="13, 8"), 426, "Version"),
    ("no version", handshake(without=("Sec-WebSocket-Version",)), 426, "missing Sec-WebSocket-Version"),
    ("two versions", handshake(more="Sec-WebSocket-Version: 13\r\n"), 400, OPEN + "more than one Sec-WebSocket-Version"),
    ("no key", handshake(without=("Sec-WebSocket-Key",)), 400, OPEN + "missing Sec-WebSocket-Key header"),
    ("two keys", handshake(more=f"Sec-WebSocket-Key: {KEY}\r\n"), 400, OPEN + "more than one Sec-WebSocket-Key"),
    ("an empty key", handshake(Sec_WebSocket_Key=""), 400, OPEN + "invalid Sec-WebSocket-Key"),
    ("a short key", handshake(Sec_WebSocket_Key="AAAA"), 400, "invalid Sec-WebSocket-Key header: AAAA."),
    ("a key of 15 bytes", handshake(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAA"), 400, "Key"),
    ("a key of 17 bytes", handshake(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAAA="), 400, "Key"),
    ("a key that is no base64", handshake(Sec_WebSocket_Key="!" * 22 + "=="), 400, "Key"),
    ("a key with bits too many", handshake(Sec_WebSocket_Key="A" * 21 + "B=="), 400, "Key"),
    ("a very long key", handshake(Sec_WebSocket_Key="A" * 1000), 400, "Key"),
    ("POST", handshake(method="POST", Content_Length="0"), 400, OPEN + "did not receive a valid HTTP request; unsupported HTTP method: POST."),
    ("get", handshake(method="get"), 400, "method: get."),
    ("HTTP/1.0", handshake(version="HTTP/1.0"), 400, OPEN),
    ("a body", handshake(Content_Length="5") + "hello", 400, OPEN),
    ("no Connection", handshake(without=("Connection",)), 400, OPEN + "missing Connection"),
    ("Connection without upgrade", handshake(Connection="keep-alive"), 400, OPEN + "invalid Connection"),
    ("no Upgrade", handshake(without=("Upgrade",)), 400, OPEN + "missing Upgrade"),
    ("another upgrade", handshake(Upgrade="h2c"), 400, OPEN + "invalid Upgrade header: h2c."),
    ("two upgrades", handshake(more="Upgrade: h2c\r\n"), 400, OPEN + "invalid Upgrade"),
    ("no sub-protocol that can be read", handshake(Sec_WebSocket_Protocol=",,"), 400, OPEN + "invalid Sec-WebSocket-Protocol"),
    ("a sub-protocol with a blank", handshake(Sec_WebSocket_Protocol="by tes"), 400, "Sec-WebSocket-Protocol"),
    ("extensions that cannot be read", handshake(Sec_WebSocket_Extensions="permessage-deflate; =1"), 400,
     OPEN + "invalid Sec-WebSocket-Extensions"),
    ("no Host", handshake(without=("Host",)), 400, INVALID + "missing Host"),
]


def plain(line="GET / HTTP/1.1", *fields, host="Host: a\r\n"):
    return f"{line}\r\n{host}" + "".join(f"{field}\r\n" for field in fields) + "\r\n"


# name, request, status, may the connection live on?, a part of the body
REQUESTS = [
    ("health", plain(), 200, True, "{}"),
    ("health, HTTP/1.0", plain("GET / HTTP/1.0", host=""), 200, False, "{}"),
    ("health, a last request", plain("GET / HTTP/1.1", "Connection: close"), 200, False, "{}"),
    ("health with a length of 0", plain("GET / HTTP/1.1", "Content-Length: 0"), 200, True, "{}"),
    ("health with a body", plain("GET / HTTP/1.1", "Content-Length: 3") + "abc", 200, False, "{}"),
    ("health with a body in chunks", plain("GET / HTTP/1.1", "Transfer-Encoding: chunked") + "0\r\n\r\n", 200, False, "{}"),
    ("a whole address", plain("GET http://a/ HTTP/1.1"), 200, True, "{}"),
    ("an offer of HTTP/2", plain("GET / HTTP/1.1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
     200, True, "{}"),
    ("an unknown path", plain("GET /nothing HTTP/1.1"), 404, True, "Not Found"),
    ("an unknown path and method", plain("BREW /nothing HTTP/1.1"), 404, True, "Not Found"),
    ("POST", plain("POST / HTTP/1.1", "Content-Length: 0"), 405, True, "Method Not Allowed"),
    ("HEAD", plain("DELETE /status HTTP/1.1"), 405, True, "Method Not Allowed"),
    ("POST with a body", plain("POST / HTTP/1.1", "Content-Length: 3") + "abc", 405, False, "Method Not Allowed"),
    ("a request within a body", plain("POST / HTTP/1.1", f"Content-Length: {len(plain())}") + plain(), 405, False, ""),
    # what could be read in two ways
    ("a length and a coding", plain("POST / HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400, False,
     INVALID + "it has both"),
    ("two lengths", plain("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 4") + "abcd", 400, False, "more than one"),
    ("twice the same length", plain("POST / HTTP/1.1", "Content-Length: 3", "content-length: 3") + "abc", 400, False, "more than one"),
    ("lengths in a list", plain("POST / HTTP/1.1", "Content-Length: 3, 3") + "abc", 400, False, "invalid Content-Length"),
    ("a length with a sign", plain("POST / HTTP/1.1", "Content-Length: +3") + "abc", 400, False, "invalid Content-Length"),
    ("a length below 0", plain("POST / HTTP/1.1", "Content-Length: -1"), 400, False, "invalid Content-Length"),
    ("a length in hexadecimal", plain("POST / HTTP/1.1", "Content-Length: 0x3") + "abc", 400, False, "invalid Content-Length"),
    ("an empty length", plain("POST / HTTP/1.1", "Content-Length:"), 400, False, "invalid Content-Length"),
    ("a length of 30 digits", plain("POST / HTTP/1.1", "Content-Length: " + "9" * 30), 400, False, "invalid Content-Length"),
    ("a coding with HTTP/1.0", plain("POST / HTTP/1.0", "Transfer-Encoding: chunked"), 400, False, "HTTP/1.1"),
    ("a coding that hides", plain("POST / HTTP/1.1", "Transfer-Encoding: xchunked") + "abc", 405, False, ""),
    ("a blank before the colon", plain("GET / HTTP/1.1", "Content-Length : 3"), 400, False, "no header"),
    ("a folded line", plain("GET / HTTP/1.1", "X: a", " b"), 400, False, "no header"),
    ("a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, False, "no header"),
    ("a line without a colon", plain("GET / HTTP/1.1", "Nonsense"), 400, False, "no header"),
    ("a name with a blank", plain("GET / HTTP/1.1", "Content Length: 3"), 400, False, "no header"),
    ("an empty name", plain("GET / HTTP/1.1", ": 3"), 400, False, "no header"),
    ("a line feed alone", "GET / HTTP/1.1\nHost: a\n\n", 400, False, "CR LF"),
    ("a line feed alone in a header", plain("GET / HTTP/1.1", "X: a\nContent-Length: 3"), 400, False, "CR LF"),
    ("a carriage return alone", plain("GET / HTTP/1.1", "X: a\rContent-Length: 3"), 400, False, "CR LF"),
    ("a NUL", plain("GET / HTTP/1.1", "X: a\0b"), 400, False, "control character"),
    ("a control character", plain("GET / HTTP/1.1", "X: a\x01b"), 400, False, "control character"),
    ("two Hosts", plain("GET / HTTP/1.1", "Host: b"), 400, False, "more than one Host"),
    ("no Host", plain(host=""), 400, False, "missing Host"),
    ("a Host that is none", plain(host="Host: a/b\r\n"), 400, False, "invalid Host"),
    # first lines
    ("no HTTP", "hello\r\n\r\n", 400, False, "first line"),
    ("HTTP/0.9", "GET /\r\n\r\n", 400, False, "first line"),
    ("HTTP/2", plain("GET / HTTP/2.0"), 505, False, "HTTP/1.1"),
    ("HTTP/2's greeting", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, False, "HTTP/1.1"),
    ("http/1.1", plain("GET / http/1.1"), 400, False, "first line"),
    ("two blanks", plain("GET  / HTTP/1.1"), 400, False, ""),
    ("a blank in the path", plain("GET /a b HTTP/1.1"), 400, False, "first line"),
    ("a blank at the end", plain("GET / HTTP/1.1 "), 400, False, "first line"),
    ("no path", plain("GET * HTTP/1.1"), 400, False, "no path"),
    ("CONNECT", plain("CONNECT a:80 HTTP/1.1"), 400, False, "no path"),
    ("a % that is nothing", plain("GET /%zz HTTP/1.1"), 400, False, "hexadecimal"),
    ("a % at the end", plain("GET /% HTTP/1.1"), 400, False, "hexadecimal"),
    ("a NUL in %XX", plain("GET /%00 HTTP/1.1"), 400, False, "hexadecimal"),
    ("a fragment", plain("GET /#a HTTP/1.1"), 400, False, "not allowed"),
    ("letters beyond ASCII in the path", plain("GET /\u00e4 HTTP/1.1"), 400, False, "not allowed"),
    ("a method that is none", plain("G@T / HTTP/1.1"), 400, False, "first line"),
    ("TLS to a port without it", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, False, "control character"),
    ("two empty lines before it", "\r\n\r\n" + plain(), 400, False, "does not"),
    # sizes
    ("100 headers", plain("GET / HTTP/1.1", *["X: y"] * 99), 200, True, "{}"),
    ("101 headers", plain("GET / HTTP/1.1", *["X: y"] * 100), 431, False, "100 headers"),
    ("a head above the limit", padded(LIMIT + 1), 431, False, "max_header_bytes"),
    ("a path above the limit", plain("GET /" + "x" * 20000 + " HTTP/1.1"), 431, False, "max_header_bytes"),
    ("a head without an end", "GET / HTTP/1.1\r\n" + "X: y\r\n" * 20000, 431, False, "max_header_bytes"),
]


class Rows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def ended(self, client):
        with self.assertRaises(Lost):
            client.frame()

    def check_handshake(self, text, status, part, piece):
        with Client(self.server.port, handshake=False) as client:
            for at in range(0, len(text), piece):
                client.send(text[at:at + piece].encode("latin-1"))
            got, headers, body = client.http("")
            self.assertEqual(got, status)
            self.assertIn(part, body)
            if status == 101:
                self.assertEqual(headers["sec-websocket-accept"], ACCEPT)
                return
            self.assertEqual(headers["content-type"], "text/plain")
            self.assertEqual(headers["connection"], "close")
            self.assertEqual(headers.get("sec-websocket-version"), "13" if status == 426 else None)
            self.ended(client)

    def test_handshakes(self):
        for name, text, status, part in HANDSHAKES:
            for piece in (len(text), 7) if len(text) < 2000 else (len(text),):
                with self.subTest(name, piece=piece):
                    self.check_handshake(text, status, part, piece)

    def check_request(self, text, status, lives, part):
        with Client(self.server.port, handshake=False) as client:
            got, headers, body = client.http(text.encode("latin-1"))
            self.assertEqual(got, status)
            self.assertIn(part, body)
            self.assertEqual(headers.get("connection") != "close", lives)
            if status == 405:
                self.assertEqual(headers["allow"], "GET")
            if lives:
                self.assertEqual(client.http(plain())[2], "{}")
            else:
                self.ended(client)  # and there was no second answer

    def test_requests(self):
        self.assertGreater(len(REQUESTS), 50)
        for name, text, status, lives, part in REQUESTS:
            with self.subTest(name):
                self.check_request(text, status, lives, part)


class Ways(Case):
    """What is not one request and one answer."""

    def test_several_at_once(self):
        client = self.client(handshake=False)
        client.send((plain() + plain("GET /dry_run HTTP/1.1") + plain("GET /nothing HTTP/1.1") + plain("GET /dry_run HTTP/1.1")).encode())
        self.assertEqual([client.http("")[0] for _ in range(4)], [200, 200, 404, 200])

    def test_a_websocket_behind_a_request(self):
        client = self.client(handshake=False)
        client.send((plain("GET /dry_run HTTP/1.1") + handshake(Sec_WebSocket_Protocol="bytes")).encode() +
                    frame(BINARY, request("later")) + END)
        self.assertEqual([client.http("")[0] for _ in range(2)], [200, 101])
        self.assertEqual(client.until_closed(), ([(BINARY, request("later"))], (1000, "")))

    def test_thousands_of_requests_whose_answers_are_not_read(self):
        """The next request is read when the answer before it is taken."""
        client = self.client(handshake=False, buffer=4096)
        client.socket.settimeout(0.3)
        sent = 0
        try:
            while sent < 20000000:
                sent += client.socket.send(plain("GET /status HTTP/1.1").encode() * 100)
        except TimeoutError:
            pass
        self.assertLess(sent, 20000000)
        client.close()


class Slow(Case):
    settings = {"handshake_timeout_ms": 3000}  # long enough for a slow machine to say what it has to say in time

    def test_a_head_that_does_not_end(self):
        client = self.client(handshake=False)
        status, headers, body = client.http("GET / HTTP/1.1\r\n")
        self.assertEqual((status, headers["connection"], body), (408, "close", INVALID + "its head has not come in time.\n"))
        self.assertRaises(Lost, client.frame)

    def test_a_byte_now_and_then_is_not_enough(self):
        client = self.client(handshake=False)
        began = time.monotonic()
        client.socket.settimeout(0.05)
        data = b""
        for byte in plain("GET / HTTP/1.1", "X: " + "y" * 1000):
            client.socket.send(byte.encode())
            try:
                data = client.socket.recv(1000)
            except TimeoutError:
                continue
            break
        self.assertIn(b"408", data)
        self.assertLess(time.monotonic() - began, 30)

    def test_silence(self):
        client = self.client(handshake=False)
        self.assertRaises(Lost, client.frame)
        client = self.client(handshake=False)
        self.assertEqual(client.http(plain())[0], 200)
        self.assertRaises(Lost, client.frame)  # after it has lived on for as long

    def test_websockets_are_not_meant(self):
        client = self.client()
        silent = self.client(handshake=False)
        self.assertRaises(Lost, silent.frame)  # so the time that a handshake may take is over for the older one too
        client.send(frame(BINARY, request("later")) + END)
        self.assertEqual(client.until_closed(), ([(BINARY, request("later"))], (1000, "")))


if __name__ == "__main__":
    unittest.main()
