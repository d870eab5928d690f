"""The RFC 6455 table of the server side: what is sent, frame by frame, and what must come back.

Each row is a connection of its own: name, options of the client, bytes, the messages that must come (pongs among them),
and the end: a close code (None: a close frame without one), or "lost" for a connection that ends without a close frame.
Rows with `why` are those where RFC 6455 asks for more than libwebsockets 4.1 lets us do; they say what happens instead.
"""
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import (BINARY, CLOSE, CONTINUATION, KEY, MASK, PING, PONG, TEXT, Client, Lost, Server, close_frame, deflate,  # noqa: E402
                  frame, head, mask, request)

LIMIT = 1 << 20
END = frame(BINARY, b"\0")
JSON_END = frame(TEXT, "{}")
A = request("later", 200)  # 216 bytes
DEFLATE = {"extra": "Sec-WebSocket-Extensions: permessage-deflate\r\n"}
JSON = {"protocol": "json"}


def sized(size):
    """A request of exactly this many bytes."""
    for inner in range(max(0, size - 30), size):
        if len(request("later", inner)) == size:
            return request("later", inner)
    raise AssertionError(size)


def pieces(message, *sizes, opcode=BINARY, between=b"", **options):
    """The message in fragments of these sizes, the rest in the last; `between` comes after each but the last."""
    out, at = b"", 0
    for i, size in enumerate((*sizes, len(message) - sum(sizes))):
        last = i == len(sizes)
        out += frame(CONTINUATION if i else opcode, message[at:at + size], fin=last, **(options if i == 0 else {}))
        out += b"" if last else between
        at += size
    return out


OK = ([(BINARY, A)], 1000)


def row(name, sent, messages, end, why=None, **options):
    return name, options, sent, messages, end, why


ROWS = [
    # whole messages and the three forms of a length
    row("one frame", frame(BINARY, A) + END, *OK),
    row("two messages", frame(BINARY, A) * 2 + END, [(BINARY, A)] * 2, 1000),
    row("no bytes", frame(BINARY) + END, [(BINARY, b"")], 1000),
    row("125 bytes", frame(BINARY, sized(125)) + END, [(BINARY, sized(125))], 1000),
    row("126 bytes", frame(BINARY, sized(126)) + END, [(BINARY, sized(126))], 1000),
    row("65535 bytes", frame(BINARY, sized(65535)) + END, [(BINARY, sized(65535))], 1000),
    row("65536 bytes", frame(BINARY, sized(65536)) + END, [(BINARY, sized(65536))], 1000),
    row("a mask of zeros", frame(BINARY, A, key=b"\0\0\0\0") + END, *OK),
    row("a mask with zeros", frame(BINARY, A, key=b"\0\xff\0\x01") + END, *OK),
    row("another mask for each frame", pieces(A, 10, key=b"abcd") + END, *OK),
    row("16 bits for a short length", frame(BINARY, A[:0], form=16) + END, [(BINARY, b"")], 1000,
        "RFC 6455 asks for the shortest form; libwebsockets does not show which one was used"),
    row("64 bits for a short length", frame(BINARY, A, form=64) + END, *OK,
        "the same"),
    row("a length of 2^63", bytes([0x82, 0xff]) + struct.pack(">Q", 1 << 63) + MASK + b"x", [], "lost",
        "libwebsockets ends the connection itself, without a close frame"),
    row("a length of 2^63 - 1", bytes([0x82, 0xff]) + struct.pack(">Q", (1 << 63) - 1) + MASK + b"x", [], 1009),

    # fragments
    row("two fragments", pieces(A, 100) + END, *OK),
    row("three fragments", pieces(A, 1, 100) + END, *OK),
    row("a fragment for each byte", pieces(A, *[1] * (len(A) - 1)) + END, *OK),
    row("an empty first fragment", pieces(A, 0) + END, *OK),
    row("an empty last fragment", pieces(A, len(A)) + END, *OK),
    row("empty fragments only", pieces(b"", 0, 0) + END, [(BINARY, b"")], 1000),
    row("many empty fragments", pieces(A, *[0] * 1000) + END, *OK),
    row("the end of input in two fragments", pieces(b"\0", 0), [], 1000),
    row("the end of input with one more byte", frame(BINARY, b"\0\0"), [], 1007),
    row("fragments of 64 KiB", pieces(sized(LIMIT), *[65536] * 15) + END, [(BINARY, sized(LIMIT))], 1000),
    row("a new message inside another", frame(BINARY, A, fin=False) + frame(BINARY, A), [], 1002),
    row("text inside a binary message", frame(BINARY, A, fin=False) + frame(TEXT, "x"), [], 1002),
    row("a continuation of nothing", frame(CONTINUATION, A), [], 1002),
    row("a continuation of nothing, not final", frame(CONTINUATION, A, fin=False), [], 1002),
    row("a continuation after a whole message", frame(BINARY, A) + frame(CONTINUATION, A), None, 1002),
    row("a message that never ends, then a close", frame(BINARY, A, fin=False) + close_frame(1000), [], 1000),

    # pings and pongs
    row("a ping", frame(PING) + END, [(PONG, b"")], 1000),
    row("a ping of 125 bytes", frame(PING, b"p" * 125) + END, [(PONG, b"p" * 125)], 1000),
    row("a ping of every byte", frame(PING, bytes(range(125))) + END, [(PONG, bytes(range(125)))], 1000),
    row("a ping of 126 bytes", frame(PING, b"p" * 126) + END, [], "lost",
        "libwebsockets ends the connection itself, without a close frame"),
    row("a ping with a length of 64 bits", head(PING, 4, form=64) + MASK + mask(b"ping"), [], "lost", "the same"),
    row("a ping in fragments", frame(PING, b"p", fin=False) + frame(CONTINUATION, b"q"), [], 1002),
    row("a ping between fragments", pieces(A, 50, between=frame(PING, b"p")) + END, [(PONG, b"p"), *OK[0]], 1000),
    row("a ping between many fragments", pieces(A, 50, 50, 50, between=frame(PONG, b"p")) + END, *OK),
    row("a pong that nobody asked for", frame(PONG, b"p") + END, [], 1000),
    row("a pong of 125 bytes", frame(PONG, b"p" * 125) + END, [], 1000),
    row("a pong of 126 bytes", frame(PONG, b"p" * 126) + END, [], "lost", "the same"),
    row("a pong in fragments", frame(PONG, b"p", fin=False), [], 1002),

    # the closing handshake
    row("no code", close_frame(), [], None),
    row("a code", close_frame(1000), [], 1000),
    row("a code and a reason", close_frame(1001, b"bye"), [], 1001),
    row("a reason of 123 bytes", close_frame(1000, b"r" * 123), [], 1000),
    row("a reason in UTF-8", close_frame(1000, "schön ✓ 🙂".encode()), [], 1000),
    row("a reason of 124 bytes", frame(CLOSE, struct.pack(">H", 1000) + b"r" * 124), [], "lost", "the same"),
    row("half a code", frame(CLOSE, b"\x03"), [], 1002),
    row("a reason that is no UTF-8", close_frame(1000, b"\xff"), [], 1007),
    row("a reason that ends inside a character", close_frame(1000, "ä".encode()[:1]), [], 1007),
    row("a reason with a surrogate", close_frame(1000, b"\xed\xa0\x80"), [], 1007),
    row("a close in fragments", frame(CLOSE, b"\x03\xe8", fin=False), [], 1002),
    row("a close between fragments", frame(BINARY, A, fin=False) + close_frame(1001), [], 1001),
    row("two closes", close_frame(1000) + close_frame(1001), [], 1000),
    row("a message after the close", close_frame(1000) + frame(BINARY, A), [], 1000),
    *[row(f"code {code}", close_frame(code), [], code)
      for code in (1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)],
    *[row(f"code {code}", close_frame(code), [], 1002)
      for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)],
    *[row(f"code {code}", close_frame(code), [], 1002,
          "registered after RFC 6455; libwebsockets takes them for reserved") for code in (1012, 1013, 1014)],

    # opcodes and reserved bits
    *[row(f"opcode {opcode}", frame(opcode, b"x"), [], 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    *[row(f"reserved bits {rsv}", frame(BINARY, A, rsv=rsv), [], 1002) for rsv in (1, 2, 3, 4, 5, 6, 7)],
    row("a reserved bit in a ping", frame(PING, b"p", rsv=4), [], 1002),
    row("a reserved bit in a close", frame(CLOSE, b"\x03\xe8", rsv=2), [], 1002),
    row("a reserved bit in a continuation", frame(BINARY, A, fin=False) + frame(CONTINUATION, rsv=4), [], 1002),

    # masks
    row("a frame that is not masked", frame(BINARY, A, masked=False) + END, *OK,
        "RFC 6455 asks to end the connection; libwebsockets takes the frame and does not show that it was not masked"),

    # the wrong type
    row("text with `bytes`", frame(TEXT, "x"), [], 1003),
    row("text in fragments with `bytes`", pieces(b"text", 1, opcode=TEXT), [], 1003),
    row("text after a request", frame(BINARY, A) + frame(TEXT, "x"), [(BINARY, A)], 1003),

    # the limit
    row("a message of the limit", frame(BINARY, sized(LIMIT)) + END, [(BINARY, sized(LIMIT))], 1000),
    row("a message above the limit", frame(BINARY, sized(LIMIT + 1)), [], 1009),
    row("fragments above the limit", pieces(sized(LIMIT + 1), LIMIT), [], 1009),
    row("the limit, and empty fragments", pieces(sized(LIMIT), LIMIT, 0, 0) + END, [(BINARY, sized(LIMIT))], 1000),

    # permessage-deflate
    row("a compressed message", frame(BINARY, deflate(A), rsv=4) + END, *OK, **DEFLATE),
    row("a plain message", frame(BINARY, A) + END, *OK, **DEFLATE),
    row("compressed, in fragments", pieces(deflate(A), 5, 5, rsv=4) + END, *OK, **DEFLATE),
    row("compressed, a ping between", pieces(deflate(A), 5, rsv=4, between=frame(PING, b"p")) + END,
        [(PONG, b"p"), *OK[0]], 1000, **DEFLATE),
    row("compressed to nothing", frame(BINARY, deflate(b""), rsv=4) + END, [(BINARY, b"")], 1000, **DEFLATE),
    row("compressed above the limit", frame(BINARY, deflate(sized(LIMIT + 1)), rsv=4), [], 1009, **DEFLATE),
    row("compressed to the limit", frame(BINARY, deflate(sized(LIMIT)), rsv=4) + END,
        [(BINARY, sized(LIMIT))], 1000, **DEFLATE),
    row("no compressed data", frame(BINARY, b"\xff\xff\xff", rsv=4), [], "lost",
        "libwebsockets ends the connection itself, without a close frame", **DEFLATE),
    row("another reserved bit", frame(BINARY, A, rsv=2), [], 1002, **DEFLATE),
    row("a reserved bit in a later frame of a plain message",
        frame(BINARY, A, fin=False) + frame(CONTINUATION, b"", rsv=4), [], 1002, **DEFLATE),
]


class Frames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(max_message_bytes=LIMIT)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def check(self, name, options, sent, messages, ends):
        with self.subTest(name), Client(self.server.port, **options) as client:
            try:
                for part in sent:
                    client.send(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was closed before all was sent
            got, closed = client.until_closed()
            if messages is not None:  # None: it depends on who is first
                self.assertEqual(sorted(got), sorted(messages))
            self.assertIn(closed if closed == "lost" else closed[0], ends)

    def test_rows(self):
        self.assertGreater(len(ROWS), 100)
        for name, options, sent, messages, end, _ in ROWS:
            self.check(name, options, [sent], messages, [end])

    def test_rows_in_single_bytes(self):
        """The same, byte by byte, where that takes no ages. What comes behind a forbidden frame can have the connection
        reset, and the close frame lost with it."""
        for name, options, sent, messages, end, _ in ROWS:
            if len(sent) < 1000:
                self.check(name, options, [sent[i:i + 1] for i in range(len(sent))], messages,
                           [end, "lost"] if end == 1002 else [end])

    def test_reasons_come_back(self):
        for code, reason in ((1000, b"bye"), (3001, "schön".encode()), (4000, b"r" * 123)):
            with self.subTest(code), Client(self.server.port) as client:
                client.send(close_frame(code, reason))
                self.assertEqual(client.until_closed(), ([], (code, reason.decode())))


def handshake(method="GET", path="/", version="HTTP/1.1", without=(), **headers):
    fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": KEY}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return f"{method} {path} {version}\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items() if name not in without) + "\r\n"


# name, request, status (None: the connection ends without an answer), a part of the body
HANDSHAKES = [
    ("plain", handshake(), 101, ""),
    ("other letter case", handshake(Upgrade="WebSocket", Connection="upgrade"), 101, ""),
    ("Connection is a list", handshake(Connection="keep-alive, Upgrade"), 101, ""),
    ("a query", handshake(path="/?token=1"), 101, ""),
    ("dry run", handshake(path="/dry_run"), 101, ""),
    ("unknown path", handshake(path="/foo"), 403, ""),
    ("a path above", handshake(path="/dry_run/x"), 403, ""),
    ("version 12", handshake(Sec_WebSocket_Version="12"), 400, "invalid Sec-WebSocket-Version header: 12."),
    ("version 8", handshake(Sec_WebSocket_Version="8"), 400, "Version header: 8."),
    ("no version", handshake(without=("Sec-WebSocket-Version",)), 400, "Version"),
    ("no key", handshake(without=("Sec-WebSocket-Key",)), 400, "missing Sec-WebSocket-Key header"),
    ("a short key", handshake(Sec_WebSocket_Key="AAAA"), 400, "invalid Sec-WebSocket-Key header: AAAA."),
    ("a key of 15 bytes", handshake(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAA"), 400, "Key"),
    ("a key that is no base64", handshake(Sec_WebSocket_Key="!" * 22 + "=="), 400, "Key"),
    ("a key with bits too many", handshake(Sec_WebSocket_Key="A" * 21 + "B=="), 400, "Key"),
    ("a very long key", handshake(Sec_WebSocket_Key="A" * 1000), 400, "Key"),
    ("POST", handshake(method="POST", Content_Length="0"), 400, "method"),
    ("no Connection", handshake(without=("Connection",)), 400, "Connection"),
    ("Connection without upgrade", handshake(Connection="keep-alive"), 400, "Connection"),
    ("another upgrade", handshake(Upgrade="h2c"), 400, "Upgrade"),
    ("no Host", handshake(without=("Host",)), 400, "Host"),
    ("no sub-protocol that can be read", handshake(Sec_WebSocket_Protocol=",,"), 400, "Sec-WebSocket-Protocol"),
    ("a sub-protocol of 100 letters", handshake(Sec_WebSocket_Protocol="x" * 100), 400, "Sec-WebSocket-Protocol"),
    ("sub-protocols of 200 letters", handshake(Sec_WebSocket_Protocol="bytes, " * 30 + "x"), 400, "Sec-WebSocket-Protocol"),
    ("no HTTP", "hello\r\n\r\n", 403, ""),
    ("headers above the limit", handshake(X_Large="x" * 20000), None, ""),
]


class Handshakes(unittest.TestCase):
    def test_rows(self):
        server = Server()
        self.addCleanup(server.stop)
        for name, text, status, part in HANDSHAKES:
            with self.subTest(name), Client(server.port, handshake=False) as client:
                try:
                    got, headers, body = client.http(text)
                except Lost:
                    got, headers, body = None, {}, ""
                self.assertEqual(got, status)
                self.assertIn(part, body)
                if status == 101:
                    self.assertEqual(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                elif status is not None and name != "no HTTP":  # that is libwebsockets' answer
                    self.assertEqual(headers["content-type"], "text/plain")
                    self.assertEqual(body.startswith("Failed to open a WebSocket connection: "), status == 400)


if __name__ == "__main__":
    unittest.main()
