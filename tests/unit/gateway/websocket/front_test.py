"""The WebSocket front as its clients see it: messages, back-pressure, limits, the end."""
import json
import os
import socket
import sys
import threading
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import DEFLATE, END, Case  # noqa: E402
from wire import BINARY, CLOSE, MASK, PING, PONG, TEXT, Lost, close_frame, deflate, frame, head, mask, request  # noqa: E402

LIMIT = 3  # sluice_status
EXEC_ENDPOINT = 3  # field of a HeaderProto


THREADS = []


def threading_send(client, data):
    """In order, and without waiting."""
    before = THREADS[-1] if THREADS else None

    def send():
        if before is not None:
            before.join()
        client.send(data)
    THREADS.append(threading.Thread(target=send))
    THREADS[-1].start()


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


    def test_a_close_while_answers_wait(self):
        """The frame that is under way is sent to its end, then ours; nothing else."""
        for sent, code in ((close_frame(4000, b"enough"), 4000), (frame(3, b""), 1002)):
            with self.subTest(code):
                client = self.client(buffer=8192)
                before = int(self.server.ask("count"))
                for _ in range(20):
                    client.send(frame(BINARY, request("later", 1000000)))
                self.server.tell(f"submitted {before + 20}")
                client.send(sent)
                messages, end = client.until_closed()
                self.assertLess(len(messages), 20)
                self.assertEqual(({message for _, message in messages} - {request("later", 1000000)}, end[0]), (set(), code))
                self.server.tell("live 0")


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

    def test_what_is_agreed_on_is_kept(self):
        """The test's own decompressor has just the window that was promised, and forgets what it may."""
        noise = os.urandom(20000)
        message = request("later") + b"\x4a\xc0\xb8\x02" + noise + noise
        self.assertEqual(len(noise) * 2, 0x40 | 0x38 << 7 | 0x02 << 14)
        for terms in ("server_max_window_bits=9", "server_max_window_bits=12", "server_no_context_takeover",
                      "client_no_context_takeover",
                      "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"):
            with self.subTest(terms):
                client = self.client(extra=f"Sec-WebSocket-Extensions: permessage-deflate; {terms}\r\n")
                self.assertEqual(client.headers["sec-websocket-extensions"], f"permessage-deflate; {terms}")
                for _ in range(3):
                    client.send(frame(BINARY, deflate(message), rsv=4))
                    self.assertEqual(client.message(), (BINARY, message))
                client.send(END)
                self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_the_clients_context_is_kept(self):
        client = self.client(extra=DEFLATE)
        packer = zlib.compressobj(wbits=-15)
        message = request("later", 30000)
        for _ in range(3):
            packed = packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH)
            client.send(frame(BINARY, packed[:-4], rsv=4))
            self.assertEqual(client.message(), (BINARY, message))

    def test_what_cannot_be_promised_is_not(self):
        client = self.client(extra="Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8\r\n")
        self.assertNotIn("sec-websocket-extensions", client.headers)
        client.send(END)
        self.assertEqual(client.until_closed(), ([], (1000, "")))

    def test_a_large_answer_that_shrinks(self):
        """It is compressed in turns."""
        client = self.client(extra=DEFLATE)
        client.send(frame(BINARY, deflate(request("later", 1040000)), rsv=4) + frame(BINARY, deflate(request("later2")), rsv=4) + END)
        messages, end = client.until_closed()
        self.assertEqual(([message for _, message in messages], end), ([request("later", 1040000), request("later2")], (1000, "")))

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
        self.server.tell(f"name_by {EXEC_ENDPOINT}")
        client = self.client(protocol="json")
        texts = [str(i) + "x" * (40000 if i % 3 == 0 else 10) for i in range(60)]
        client.send(b"".join(frame(TEXT, json.dumps({"execEndpoint": f"/{i}", "data": [{"text": text}]}))
                             for i, text in enumerate(texts)) + frame(TEXT, "{}"))
        messages, end = client.until_closed()
        self.assertEqual((sorted(self.texts(messages)), end), (sorted(texts), (1000, "")))
        self.assertEqual([self.server.ask(f"id {i}") for i in range(60)], [f"/{i}" for i in range(60)])

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
        # The system's buffers hold some answers; then the client's own messages are not read any more, and a send waits.
        for thread in THREADS:
            thread.join(1)
            if thread.is_alive():
                break
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


class Alive(Case):
    """Whoever answers pings stays, however slow the machine is."""
    settings = {"ping_interval_ms": 100, "ping_timeout_ms": 60000}

    def test_pongs(self):
        client = self.client()
        for _ in range(4):
            opcode, payload = client.message()
            self.assertEqual((opcode, len(payload)), (PING, 4))
            client.send(frame(PONG, payload))
        client.send(END)
        messages, end = client.until_closed()
        self.assertEqual((set(messages) - {(PING, payload) for _, payload in messages}, end), (set(), (1000, "")))


class Life(Case):
    settings = {"ping_interval_ms": 300, "ping_timeout_ms": 600}

    def test_no_pong(self):
        client = self.client()
        messages, end = client.until_closed()
        self.assertEqual(([opcode for opcode, _ in messages], end), ([PING], (1011, "keepalive ping timeout")))

    def test_what_is_inside_is_cancelled(self):
        client = self.client()
        client.send(frame(BINARY, request("never")))
        messages, end = client.until_closed()
        self.assertEqual(([opcode for opcode, _ in messages], end), ([PING], (1011, "keepalive ping timeout")))
        self.server.tell("live 0")


if __name__ == "__main__":
    unittest.main()
