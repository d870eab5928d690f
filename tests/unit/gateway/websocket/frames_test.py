"""The RFC 6455 table of the server side: what is sent, frame by frame, and what must come back.

Each row is a connection of its own: name, options of the client, bytes, the messages that must come (pongs among them),
and the end: a close code, or None for a close frame without one.
"""
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import (BINARY, CLOSE, CONTINUATION, MASK, PING, PONG, TEXT, Client, Server, close_frame, deflate, final_block,  # noqa: E402
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


def row(name, sent, messages, end, **options):
    return name, options, sent, messages, end


def text(sent, end=1000):
    """A row of text messages: what the answers hold is tested elsewhere."""
    return row(f"text {sent[:40]}", sent if end != 1000 else sent + JSON_END, None, end, **JSON)


def json_text(value):
    return b'{"data":[{"text":"' + value + b'"}]}'


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
    row("16 bits for no bytes", frame(BINARY, b"", form=16), [], 1002),
    row("16 bits for 125 bytes", frame(BINARY, sized(125), form=16), [], 1002),
    row("64 bits for 126 bytes", frame(BINARY, sized(126), form=64), [], 1002),
    row("64 bits for 65535 bytes", frame(BINARY, sized(65535), form=64), [], 1002),
    row("a long form in a continuation", frame(BINARY, A, fin=False) + frame(CONTINUATION, b"x", form=16), [], 1002),
    row("a length of 2^63", bytes([0x82, 0xff]) + struct.pack(">Q", 1 << 63) + MASK + b"x", [], 1002),
    row("a length of 2^64 - 1", bytes([0x82, 0xff]) + struct.pack(">Q", (1 << 64) - 1) + MASK + b"x", [], 1002),
    row("a length of 2^63 without its mask", bytes([0x82, 0xff]) + struct.pack(">Q", 1 << 63), [], 1002),
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
    row("a ping of 126 bytes", frame(PING, b"p" * 126) + END, [], 1002),
    row("a ping of 70000 bytes", frame(PING, b"p" * 70000) + END, [], 1002),
    row("a ping with a length of 16 bits", head(PING, 4, form=16) + MASK + mask(b"ping"), [], 1002),
    row("a ping with a length of 64 bits", head(PING, 4, form=64) + MASK + mask(b"ping"), [], 1002),
    row("a ping in fragments", frame(PING, b"p", fin=False) + frame(CONTINUATION, b"q"), [], 1002),
    row("a ping between fragments", pieces(A, 50, between=frame(PING, b"p")) + END, [(PONG, b"p"), *OK[0]], 1000),
    row("a ping between many fragments", pieces(A, 50, 50, 50, between=frame(PONG, b"p")) + END, *OK),
    row("a pong that nobody asked for", frame(PONG, b"p") + END, [], 1000),
    row("a pong of 125 bytes", frame(PONG, b"p" * 125) + END, [], 1000),
    row("a pong of 126 bytes", frame(PONG, b"p" * 126) + END, [], 1002),
    row("a pong inside a message that breaks off", frame(BINARY, A, fin=False) + frame(PONG, b"p", fin=False), [], 1002),
    row("a pong in fragments", frame(PONG, b"p", fin=False), [], 1002),

    # the closing handshake
    row("no code", close_frame(), [], None),
    row("a code", close_frame(1000), [], 1000),
    row("a code and a reason", close_frame(1001, b"bye"), [], 1001),
    row("a reason of 123 bytes", close_frame(1000, b"r" * 123), [], 1000),
    row("a reason in UTF-8", close_frame(1000, "schön ✓ 🙂".encode()), [], 1000),
    row("a reason of 124 bytes", frame(CLOSE, struct.pack(">H", 1000) + b"r" * 124), [], 1002),
    row("half a code", frame(CLOSE, b"\x03"), [], 1002),
    row("a reason that is no UTF-8", close_frame(1000, b"\xff"), [], 1007),
    row("a reason that ends inside a character", close_frame(1000, "ä".encode()[:1]), [], 1007),
    row("a reason with a surrogate", close_frame(1000, b"\xed\xa0\x80"), [], 1007),
    row("a close in fragments", frame(CLOSE, b"\x03\xe8", fin=False), [], 1002),
    row("a close between fragments", frame(BINARY, A, fin=False) + close_frame(1001), [], 1001),
    row("two closes", close_frame(1000) + close_frame(1001), [], 1000),
    row("a message after the close", close_frame(1000) + frame(BINARY, A), [], 1000),
    *[row(f"code {code}", close_frame(code), [], code)
      for code in (1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)],
    *[row(f"code {code}", close_frame(code), [], 1002)
      for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)],
    row("a ping after the close", close_frame(1000) + frame(PING, b"p"), [], 1000),
    row("a broken frame after the close", close_frame(1000) + frame(3, b"x", rsv=7), [], 1000),
    row("a close after a broken frame", frame(3, b"x") + close_frame(1000), [], 1002),
    row("a reason above 125 bytes in 64 bits", head(CLOSE, 200, form=64) + MASK + mask(b"\x03\xe8" + b"r" * 198), [], 1002),
    row("a reason of U+FFFF and U+10FFFF", close_frame(1000, "\uffff\U0010ffff".encode()), [], 1000),
    row("a reason above U+10FFFF", close_frame(1000, b"\xf4\x90\x80\x80"), [], 1007),
    row("a reason in too many bytes", close_frame(1000, b"\xc0\xaf"), [], 1007),

    # opcodes and reserved bits
    *[row(f"opcode {opcode}", frame(opcode, b"x"), [], 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    *[row(f"reserved bits {rsv}", frame(BINARY, A, rsv=rsv), [], 1002) for rsv in (1, 2, 3, 4, 5, 6, 7)],
    row("a reserved bit in a ping", frame(PING, b"p", rsv=4), [], 1002),
    row("a reserved bit in a close", frame(CLOSE, b"\x03\xe8", rsv=2), [], 1002),
    row("a reserved bit in a continuation", frame(BINARY, A, fin=False) + frame(CONTINUATION, rsv=4), [], 1002),

    # masks
    row("a frame that is not masked", frame(BINARY, A, masked=False) + END, [], 1002),
    row("a ping that is not masked", frame(PING, b"p", masked=False) + END, [], 1002),
    row("a close that is not masked", b"\x88\x02\x03\xe8", [], 1002),
    row("an empty frame that is not masked", frame(BINARY, masked=False) + END, [], 1002),
    row("a continuation that is not masked", frame(BINARY, A, fin=False) + frame(CONTINUATION, b"x", masked=False), [], 1002),

    # text is UTF-8, wherever it is cut
    text(frame(TEXT, json_text("schön ✓ 🙂".encode()))),
    *[text(pieces(json_text("ä✓🙂".encode()), cut, opcode=TEXT)) for cut in range(18, 28)],
    text(pieces(json_text("✓🙂".encode()), *[1] * 25, opcode=TEXT)),
    text(pieces(json_text("✓".encode()), 19, opcode=TEXT, between=frame(PING, b"p"))),
    *[text(frame(TEXT, json_text(bad)), 1007) for bad in
      (b"\xff", b"\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
       b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xc3(", b"\xe2\x9c(", b"\xf0\x9f\x99(")],
    text(frame(TEXT, b'"\xe2\x9c'), 1007),  # it ends within a character
    text(pieces(b'"\xe2\x9c\x93\xff"', 2, opcode=TEXT), 1007),
    text(pieces(b'"\xc3("', 2, opcode=TEXT), 1007),
    text(frame(TEXT, b'"\xf4', fin=False) + frame(CONTINUATION, b"\x90", fin=False), 1007),  # at once, not at the end

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
    row("no compressed data", frame(BINARY, b"\xff\xff\xff", rsv=4), [], 1002, **DEFLATE),
    row("compressed data that break off", frame(BINARY, deflate(A)[:-3], rsv=4), [], 1002, **DEFLATE),
    row("compressed in a final block", frame(BINARY, final_block(A), rsv=4) + END, *OK, **DEFLATE),
    row("compressed in two blocks", frame(BINARY, deflate(A[:50], whole=True) + deflate(A[50:]), rsv=4) + END, *OK, **DEFLATE),
    row("not compressed, in a block", frame(BINARY, deflate(A, level=0), rsv=4) + END, *OK, **DEFLATE),
    row("compressed, a fragment for each byte", pieces(deflate(A), *[1] * (len(deflate(A)) - 1), rsv=4) + END, *OK, **DEFLATE),
    row("compressed, empty fragments", pieces(deflate(A), 0, 5, 0, 0, rsv=4) + END, *OK, **DEFLATE),
    row("compressed and plain in turn", frame(BINARY, deflate(A), rsv=4) + frame(BINARY, A) + frame(BINARY, deflate(A), rsv=4) + END,
        [(BINARY, A)] * 3, 1000, **DEFLATE),
    row("a compressed message that is not masked", frame(BINARY, deflate(A), rsv=4, masked=False), [], 1002, **DEFLATE),
    row("a compressed ping", frame(PING, deflate(b"p"), rsv=4), [], 1002, **DEFLATE),
    row("a compressed close", frame(CLOSE, b"\x03\xe8", rsv=4), [], 1002, **DEFLATE),
    row("each fragment marked as compressed",
        frame(BINARY, deflate(A)[:9], fin=False, rsv=4) + frame(CONTINUATION, deflate(A)[9:], rsv=4), [], 1002, **DEFLATE),
    row("compressed text that is not UTF-8", frame(TEXT, deflate(b'"\xc3("'), rsv=4), [], 1007, **JSON, **DEFLATE),
    row("compressed text", frame(TEXT, deflate(json_text("✓🙂".encode())), rsv=4) + JSON_END, None, 1000, **JSON, **DEFLATE),
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

    def check(self, name, options, sent, messages, end):
        with self.subTest(name), Client(self.server.port, **options) as client:
            for part in sent:
                client.send(part)
            got, closed = client.until_closed()
            if messages is not None:  # None: it depends on who is first, or is tested elsewhere
                self.assertEqual(sorted(got), sorted(messages))
            self.assertEqual(closed if closed == "lost" else closed[0], end)

    def test_rows(self):
        self.assertGreater(len(ROWS), 150)
        for name, options, sent, messages, end in ROWS:
            self.check(name, options, [sent], messages, end)

    def test_rows_in_single_bytes(self):
        """The same, byte by byte, where that takes no ages."""
        for name, options, sent, messages, end in ROWS:
            if len(sent) < 1000:
                self.check(name, options, [sent[i:i + 1] for i in range(len(sent))], messages, end)

    def test_reasons_come_back(self):
        for code, reason in ((1000, b"bye"), (1013, b""), (3001, "schön".encode()), (4000, b"r" * 123)):
            with self.subTest(code), Client(self.server.port) as client:
                client.send(close_frame(code, reason))
                self.assertEqual(client.until_closed(), ([], (code, reason.decode())))

    def test_a_fault_is_told(self):
        """The close frame says what was wrong."""
        for sent, words in ((frame(BINARY, A, masked=False), "not masked"), (frame(BINARY, A, form=64), "shortest form"),
                            (frame(3, b""), "opcode"), (frame(PING, b"", rsv=1), "reserved bit")):
            with self.subTest(words), Client(self.server.port) as client:
                client.send(sent)
                self.assertIn(words, client.until_closed()[1][1])

    def test_a_fault_cancels_what_is_inside(self):
        with Client(self.server.port) as client:
            client.send(frame(BINARY, request("never")))
            self.server.tell("live 1")
            client.send(frame(BINARY, A, masked=False))
            self.assertEqual(client.until_closed()[1][0], 1002)
            self.server.tell("live 0")


if __name__ == "__main__":
    unittest.main()
