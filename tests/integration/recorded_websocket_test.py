"""What the Python client was recorded to do over WebSocket (tests/golden/websocket/client), done by ours: a server plays the recorded
answers; the handshakes, the frames and the outcome are compared. Where we differ on purpose the case stands in DIFFERENT with
the reason; any other difference fails."""
import base64
import glob
import hashlib
import json
import os
import socket
import struct
import threading
import time

import harness

CLIENT = os.path.join(harness.SOURCE, "tests", "golden", "websocket", "client")
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
END_OF_INPUT = b"\0"
GAP_MAX = 0.3  # seconds; longer silences were there to see that nothing comes, …
WAITED_FOR = {"timeout": 2}  # … but for those in which something must happen
ID_AT, ID_SIZE = 4, 32  # the request id in a serialized request: header, then request_id

# Name -> exit code of ours, and why it is not what Python makes of the same.
DIFFERENT = {
    "answer_4mib": (0, "there is no limit of 4 MiB"),
    "answer_4mib_plus_1": (0, "there is no limit of 4 MiB"),
    "answer_empty": (0, "an answer to no request is passed over, as Python 3.5.0 does"),
    "close_1006": (9, "a close code that must not be sent"),
    "cookies": (0, "a cookie is metadata like any other header"),
    "error_status_continue": (7, "the command tells of failures even when it goes on"),
    "extension_unasked": (3, "an extension that was not offered (RFC 6455, 4.1)"),
    "handshake_closed": (3, "one connection: the Python client's HTTP library tries twice"),
    "metadata": (0, "metadata travel as headers on every protocol"),
    "subprotocol_json": (3, "a sub-protocol that was not offered (RFC 6455, 4.1)"),
    "timeout": (5, "a deadline holds on every protocol"),
}
# Of the old client, whose failures have other classes and which knows no attempts, headers or code 1.
DIFFERENT_3_5 = {
    "auth": (0, "headers are sent; the old client ignores them"),
    "headers": (0, "headers are sent; the old client ignores them"),
    "order_in_order": (0, "answers come in order; the old client knows none"),
    "error_status": (7, "a failure is an error; the old client ignores it"),
    "retry_handshake": (3, "attempts are made; the old client knows none"),
    "retry_handshake_all": (3, "attempts are made; the old client knows none"),
}
# An answer to no request, which both clients log and pass over.
LOGGED = ("answer_empty", "answer_twice", "unknown_id")

# What no command line can do, with the test that does.
LEFT_OUT = {"async_break": "leaving a stream early: client.stream"}

# What the exit code is for what Python raises. CancelledError: any close but 1011 with requests outstanding; ours says more.
EXIT = {"ConnectionError": {1, 3, 9}, "BadServer": {7}, "BadRequestType": {1}, "DecodeError": {1}, "ValueError": {1},
        "WSServerHandshakeError": {1, 3, 9}, "ServerDisconnectedError": {3}, "ClientConnectorError": {3}}
EXIT_OF_CLOSE = {1000: 3, 1001: 3, 1002: 9, 1003: 1, 1007: 1, 1008: 1, 1009: 4, 1012: 3, 1013: 4, 3000: 9, 4000: 9, None: 3}

WHAT_IS_GIVEN = {
    "headers": ["--metadata", "X-Own=1"], "metadata": ["--metadata", "a=b"], "cookies": ["--metadata", "Cookie=a=b"],
    "auth": ["--metadata", "Authorization=Basic " + base64.b64encode(b"u:p").decode()],
    "params_target": ["--parameters", '{"k": 1}', "--target-executor", "worker"], "batch": ["--request-size", "2"],
    "order_default": ["--request-size", "1"], "order_in_order": ["--request-size", "1", "--results-in-order"],
    "slow_generator": ["--request-size", "1"], "prefetch_2": ["--request-size", "1", "--prefetch", "2"],
    "timeout": ["--timeout", "0.5"], "error_status_continue": ["-k"],
}
DOCUMENTS = {"batch": 5, "order_default": 4, "order_in_order": 4, "prefetch_2": 4, "slow_generator": 3, "inputs_none": None,
             "inputs_empty_list": None, "inputs_empty_generator": 0}


def varint(number):
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def large_answer(request, size):
    """An answer of exactly so many bytes to this request: its header, and a document with a long text."""
    header = request[:2 + request[1]]
    document = field(1, b"a")

    def message(count):
        return header + field(4, field(1, field(1, document + field(4, b"x" * count))))

    count = size - len(message(size)) + size
    assert len(message(count)) == size
    return message(count)


class Connection:
    """The server's side of one connection: plays what was recorded of it and keeps what the client sends."""

    def __init__(self, stream, handshake, events, longest_gap):
        self.stream, self.handshake, self.events, self.longest_gap = stream, handshake, events, longest_gap
        self.buffer, self.ended, self.head = b"", False, []
        self.frames = []       # (opcode, payload), of the client
        self.early = 0         # requests that had come when the first answer was sent

    # what comes

    def fill(self, timeout):
        self.stream.settimeout(timeout)
        try:
            data = self.stream.recv(1 << 20)
        except socket.timeout:
            return False
        except OSError:
            data = b""
        self.ended = self.ended or not data
        self.buffer += data
        return bool(data)

    def take(self):
        """Frames that are whole."""
        while len(self.buffer) >= 2:
            size, at = self.buffer[1] & 0x7F, 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(self.buffer) < 2 + width:
                    return
                size, at = int.from_bytes(self.buffer[2:2 + width], "big"), 2 + width
            if len(self.buffer) < at + 4 + size:
                return
            assert self.buffer[0] & 0x80 and self.buffer[1] & 0x80, "a client's frame is whole and masked"
            mask, data = self.buffer[at:at + 4], self.buffer[at + 4:at + 4 + size]
            self.frames.append((self.buffer[0] & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))))
            self.buffer = self.buffer[at + 4 + size:]

    def wait(self, done, seconds=harness.PATIENCE):
        """Until done(), the client's end, or so long. True: done."""
        deadline = time.monotonic() + seconds
        while True:
            self.take()
            if done():
                return True
            left = deadline - time.monotonic()
            if self.ended or left <= 0 or not self.fill(left) and not self.ended:
                self.take()
                return done()

    def requests(self):
        return [data for opcode, data in self.frames if opcode == BINARY and data != END_OF_INPUT]

    def at_end(self):
        return (BINARY, END_OF_INPUT) in self.frames

    def close_codes(self):
        return [struct.unpack(">H", data[:2])[0] if data else None for opcode, data in self.frames if opcode == CLOSE]

    # what is played

    def send(self, opcode, data, fin):
        size = bytes([len(data)]) if len(data) < 126 else struct.pack(">BH", 126, len(data)) if len(data) < 1 << 16 else \
            struct.pack(">BQ", 127, len(data))
        self.stream.settimeout(harness.PATIENCE)
        try:
            self.stream.sendall(bytes([fin << 7 | opcode]) + size + data)
        except OSError:
            pass  # the client has gone; that it did is looked at by the frames

    def answer_handshake(self):
        while b"\r\n\r\n" not in self.buffer and self.fill(harness.PATIENCE):
            pass
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1").split("\r\n")
        key = next(line for line in self.head if line.lower().startswith("sec-websocket-key")).split(": ")[1]
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        answer = self.handshake.get("answer")
        if answer is None:
            return False
        self.stream.sendall((answer.replace("<accept>", accept) + "\r\n").encode())
        return answer.startswith("HTTP/1.1 101")

    def with_our_ids(self, payload):
        """The recorded bytes of the server, with the ids of our requests in place of the recorded client's."""
        recorded = [base64.b64decode(event["payload_base64"]) for event in self.events if is_request(event)]
        for theirs, ours in zip(recorded, self.requests()):
            payload = payload.replace(theirs[ID_AT:ID_AT + ID_SIZE], ours[ID_AT:ID_AT + ID_SIZE])
        return payload

    def play_one(self, event):
        if "length" in event:
            payload = large_answer(self.requests()[0], event["length"])
        else:
            payload = base64.b64decode(event["payload_base64"])
        self.send(event["opcode"], payload, event["fin"])

    def whole(self, events):
        """Server events with ids replaced. An id may be cut by a fragment, so a message is put together and cut again."""
        pieces = [event for event in events if event["opcode"] in (CONTINUATION, TEXT, BINARY) and "length" not in event]
        joined = self.with_our_ids(b"".join(base64.b64decode(event["payload_base64"]) for event in pieces))
        for event in pieces:
            size = len(base64.b64decode(event["payload_base64"]))
            event["payload_base64"], joined = base64.b64encode(joined[:size]).decode(), joined[size:]

    def play(self):
        requests, end, before_ms, first = 0, False, self.handshake["ms"], True
        for index, event in enumerate(self.events):
            gap, before_ms = (event["ms"] - before_ms) / 1000, event["ms"]
            if event["dir"] == "client":
                requests += is_request(event)
                end = end or event.get("payload_base64") == "AA=="
                continue
            if "opcode" not in event:
                continue
            if not self.wait(lambda: len(self.requests()) >= requests and (self.at_end() or not end)):
                return
            if event["opcode"] == CLOSE and event.get("close_code") == 1000 and any(
                    later.get("payload_base64") == "AA==" for later in self.events[index:]):
                self.wait(self.at_end)  # ours takes a close for a failure while more input may come
            if gap > GAP_MAX:
                self.wait(lambda: False, min(gap, self.longest_gap))
            if first:
                self.early, first = len(self.requests()), False
            message = [one for one in self.events[index:] if one["dir"] == "server" and "opcode" in one]
            if event["opcode"] in (TEXT, BINARY):
                until = next((i for i, one in enumerate(message) if one["fin"] and one["opcode"] in (CONTINUATION, TEXT, BINARY)))
                self.whole(message[:until + 1])
            self.play_one(event)
            if event["opcode"] == PING:
                self.wait(lambda: any(opcode == PONG for opcode, _ in self.frames))
        self.end(requests)

    def end(self, requests):
        """The client ends the connection, where it did; else the server, after the last that it got. Without a close frame our
        client must have said before that there is no more, which it does sooner than Python."""
        ends = [event for event in self.events if event.get("event") == "TCP end"]
        closes = any(event["dir"] == "client" and event.get("opcode") == CLOSE for event in self.events)
        dry_run = "/dry_run" in self.head[0]
        frame = any(event["dir"] == "server" and event.get("opcode") == CLOSE for event in self.events)

        def is_over():
            return not ends and len(self.requests()) >= requests and (bool(self.close_codes()) or not closes) and \
                (self.at_end() or dry_run or frame)

        self.wait(is_over)

    def run(self):
        with self.stream:
            if self.answer_handshake():
                self.play()
            if not self.ended:
                self.stream.shutdown(socket.SHUT_WR)
            self.wait(lambda: False)  # a close with something unread would cut off what was sent


def read(name):
    with open(os.path.join(CLIENT, f"{name}.json")) as file:
        return json.load(file)


def is_request(event):
    return event["dir"] == "client" and event.get("opcode") == BINARY and event["payload_base64"] != "AA=="


class Server:
    """One recording; the connections come one after the other."""

    def __init__(self, recording):
        self.recording, self.connections, self.failures = recording, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                stream, _ = self.socket.accept()
            except OSError:
                return
            # A further one than was recorded meets what the last one met.
            number = min(len(self.connections) + 1, self.recording["handshakes"][-1]["connection"])
            plan = next(one for one in self.recording["handshakes"] if one["connection"] == number)
            events = [dict(event) for event in self.recording["events"] if event["connection"] == number]
            self.connections.append(Connection(stream, plan, events, WAITED_FOR.get(self.recording["name"], GAP_MAX)))
            try:
                self.connections[-1].run()
            except (AssertionError, OSError, StopIteration, IndexError) as error:
                self.failures.append(repr(error))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(harness.PATIENCE)


def without_id(request):
    return request[:ID_AT] + b"#" * ID_SIZE + request[ID_AT + ID_SIZE:]


class RecordedWebSocket(harness.Case):
    def arguments(self, name, endpoint):
        count = DOCUMENTS.get(name, 1)
        if count is None:
            inputs = ["--none"]
        else:
            documents = [{"id": "a" if count == 1 else str(i), "text": "hello"} for i in range(count)]
            inputs = ["--jsonl", self.write(f"{name}.jsonl", "".join(json.dumps(one) + "\n" for one in documents))]
        attempts = ["--max-attempts", "3", "--initial-backoff", "0.05"] if name.startswith("retry") else []
        return [endpoint, *inputs, *WHAT_IS_GIVEN.get(name, []), *attempts]

    def ask(self, name, uri):
        if name.startswith("ready_"):
            return self.sluice("ping", uri)
        if name == "profiling":
            return self.sluice("post", uri, "--profile")
        if name == "two_posts":
            first = self.sluice("post", uri, *self.arguments(name, "/index"))
            second = self.sluice("post", uri, "/search", "--jsonl", self.write("b.jsonl", '{"id": "b", "text": "hello"}\n'))
            return tuple(one + other for one, other in zip(first, second))
        return self.sluice("post", uri, *self.arguments(name, "/index"))

    def check_handshake(self, recorded, ours):
        self.assertEqual(ours[0], recorded["request_line"])
        headers = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in ours[1:]}
        left_out = ("Host", "Sec-WebSocket-Key", "Accept", "Accept-Encoding", "User-Agent")
        for key, value in recorded["headers"]:
            if key not in left_out:
                self.assertEqual(headers[key.lower()].lower(), value.lower())
        self.assertEqual(len(base64.b64decode(headers["sec-websocket-key"])), 16)
        self.assertNotIn("sec-websocket-extensions", headers)

    def check_frames(self, name, recorded, ours):
        theirs = [base64.b64decode(event["payload_base64"]) for event in recorded if is_request(event)]
        got = [without_id(request) for request in ours.requests()]
        if name == "inputs_empty_list":  # our "nothing" is Python's None; its empty list has a `data` without documents
            theirs = [request.replace(b"\x22\x02\x0a\x00", b"") for request in theirs]
        if name.startswith("ready_"):
            # A server that answers before it is asked is not asked any more.
            self.assertEqual(ours.requests(), [] if name == "ready_unasked" and not ours.requests() else theirs)
        elif name == "profiling":  # the document's id is made anew each time
            self.assertEqual([len(request) for request in got], [len(request) for request in theirs])
        else:
            self.assertEqual(got, [without_id(request) for request in theirs])
        if name == "prefetch_2":
            self.assertEqual(ours.early, 2)
        if any(event.get("opcode") == PONG for event in recorded):
            self.assertIn((PONG, b"mid"), ours.frames)

    def check_close(self, recorded, ours):
        """The client answers a close with its code (RFC 6455, 5.5.1); Python always with 1000."""
        sent = [event.get("close_code") for event in recorded if event["dir"] == "server" and event.get("opcode") == CLOSE]
        if sent and any(event["dir"] == "client" and event.get("opcode") == CLOSE for event in recorded):
            self.assertEqual(ours.close_codes(), [sent[0]])

    def check_outcome(self, recording, code, out, err, different):
        outcome, name = recording["outcome"], recording["name"]
        if different is not None:
            self.assertEqual(code, different[0], err)
        elif outcome.get("raised") == "CancelledError":
            closes = [event["close_code"] for event in recording["events"] if event["dir"] == "server" and event.get("opcode") == CLOSE]
            self.assertEqual(code, EXIT_OF_CLOSE[closes[0]] if closes else 3, err)
        elif "raised" in outcome:
            self.assertIn(code, EXIT[outcome["raised"]], err)
        elif name.startswith("ready_"):
            self.assertEqual(code == 0, outcome["returned"], err)
        elif name == "profiling":
            self.assertEqual(code, 0, err)
            for label in outcome["returned"]:
                self.assertIn(label, out)
        else:
            self.assertEqual(code, 0, err)
            self.assertEqual("that nobody waits for" in err if name in LOGGED else err, name in LOGGED or "")
            returned = outcome["returned"]
            lists = [returned] if "ids_texts" in returned else returned["items"]
            documents = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([[document["id"], (document.get("text") or "")[:50]] for document in documents],
                             [pair for one in lists for pair in one["ids_texts"]])
        if outcome.get("text") in ("the reason", "x"):
            self.assertIn(outcome["text"], err)

    def replay(self, recording, different):
        name = recording["name"]
        server = Server(recording if recording["handshakes"] or name == "refused" else read("simple"))
        if name == "refused":
            server.close()
        try:
            code, out, err = self.ask(name, f"ws://127.0.0.1:{server.port}")
        finally:
            if name != "refused":
                server.close()
        self.assertEqual(server.failures, [])
        if different is None:
            self.assertEqual(len(server.connections), recording["connections"])
        for number, (ours, handshake) in enumerate(zip(server.connections, recording["handshakes"]), 1):
            self.check_handshake(handshake, ours.head)
            events = [event for event in recording["events"] if event["connection"] == number]
            if events and different is None:
                self.check_frames(name, events, ours)
                self.check_close(events, ours)
        self.check_outcome(recording, code, out, err, different)

    def test_all(self):
        equal = deviations = left_out = 0
        for path in sorted(glob.glob(os.path.join(CLIENT, "*.json"))):
            if os.path.basename(path) == "index.json":
                continue
            recording = read(os.path.basename(path)[:-len(".json")])
            name = recording["name"]
            if name in LEFT_OUT:
                left_out += 1
                continue
            different = DIFFERENT.get(name)
            if recording["jina"] == "3.5.0":
                different = DIFFERENT_3_5.get(name, different)
                different = None if name == "answer_empty" else different
            with self.subTest(os.path.basename(path)):
                self.replay(recording, different)
                equal += different is None
                deviations += different is not None
        # A difference that is not written down above has failed by now.
        print(f"{equal} equal, {deviations} deviations, 0 unexplained, {left_out} left out")
        self.assertGreater(equal, 100)


if __name__ == "__main__":
    harness.main()
