"""A gRPC client of a page, over HTTP/2 frames made by hand: it reads only what it is told to read, asks for as little or as
much window as it likes, and may vanish at any moment. gRPC's own library would be too polite for these tests.

A Connection is driven by step(): one thread, no locks. It does not read a stream's answers ahead of its window: with
`auto=False` the peer gets no more window than `window` bytes until grant() is called.
"""
import select
import socket
import struct
import time

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 0x20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 60
WINDOW_MAX = 2**31 - 1
STATIC = [  # RFC 7541, appendix A
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
    (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
    (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""), ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""),
    ("allow", ""), ("authorization", ""), ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""),
    ("content-language", ""), ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
    ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""),
    ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""),
    ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", "")]


def literal(text):
    """A string of HPACK, without Huffman."""
    data = text.encode() if isinstance(text, str) else text
    return integer(len(data), 7, 0) + data


def integer(value, bits, first):
    top = (1 << bits) - 1
    if value < top:
        return bytes([first | value])
    out = bytearray([first | top])
    value -= top
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


class HeaderReader:
    """Header blocks as gRPC's core writes them: no Huffman but for binary values, which come out as they are."""

    def __init__(self):
        self.table = []

    def entry(self, index):
        return STATIC[index - 1] if index <= len(STATIC) else self.table[index - len(STATIC) - 1]

    def read(self, block):
        headers, at = {}, 0

        def number(bits):
            nonlocal at
            value = block[at] & (1 << bits) - 1
            at += 1
            if value == (1 << bits) - 1:
                shift = 0
                while True:
                    byte = block[at]
                    at += 1
                    value += (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
            return value

        def text():
            nonlocal at
            size = number(7)
            at += size
            return bytes(block[at - size:at]).decode("latin-1")

        while at < len(block):
            first = block[at]
            if first & 0x80:
                name, value = self.entry(number(7))
            elif first & 0xE0 == 0x20:
                number(5)
                continue
            else:
                index = number(6 if first & 0x40 else 4)
                name = self.entry(index)[0] if index else text()
                value = text()
                if first & 0x40:
                    self.table.insert(0, (name, value))
            headers[name] = value
        return headers


class Stream:
    """One call. `messages` are the answers so far, `status` is None until the trailers came (or the stream was reset: then
    `reset` is HTTP/2's error code)."""

    def __init__(self, number, send_window, window):
        self.number = number
        self.out = bytearray()
        self.half_close = self.half_closed = False
        self.send_window = send_window
        self.window = window  # what the peer may still send
        self.buffer = bytearray()
        self.messages = []
        self.headers = {}
        self.status = self.details = self.reset = None

    @property
    def ended(self):
        return self.status is not None or self.reset is not None


class Connection:
    def __init__(self, port, window=WINDOW_MAX, auto=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.window, self.auto = window, auto
        self.out = bytearray(PREFACE)
        self.into = bytearray()
        self.streams = {}
        self.next_stream = 1
        self.send_window = 65535
        self.initial_window = 65535
        self.frame_size = 16384
        self.block, self.block_flags = bytearray(), 0
        self.reader = HeaderReader()
        self.closed = False
        self.goaway = None
        self.frame(SETTINGS, 0, 0, struct.pack(">HI", 4, window))
        self.frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_MAX - 65535))

    # to the peer

    def frame(self, kind, flags, stream, payload=b""):
        self.out += struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

    def call(self, path, metadata=(), timeout=None):
        stream = Stream(self.next_stream, self.initial_window, self.window)
        self.streams[stream.number] = stream
        self.next_stream += 2
        fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("te", "trailers"),
                  ("content-type", "application/grpc")]
        if timeout is not None:
            fields.append(("grpc-timeout", f"{int(timeout * 1000)}m"))
        block = b"".join(b"\0" + literal(name) + literal(value) for name, value in [*fields, *metadata])
        kind = HEADERS
        while True:
            piece, block = block[:self.frame_size], block[self.frame_size:]
            self.frame(kind, 0 if block else END_HEADERS, stream.number, piece)
            kind = CONTINUATION
            if not block:
                return stream

    def send(self, stream, message, compressed=0):
        stream.out += bytes([compressed]) + struct.pack(">I", len(message)) + message
        self.push(stream)

    def half_close(self, stream):
        stream.half_close = True
        self.push(stream)

    def reset(self, stream, code=8):
        stream.out.clear()
        stream.reset = code
        self.frame(RST_STREAM, 0, stream.number, struct.pack(">I", code))

    def grant(self, stream, size):
        stream.window += size
        self.frame(WINDOW_UPDATE, 0, stream.number, struct.pack(">I", size))

    def push(self, stream):
        at = 0
        while at < len(stream.out) and min(self.send_window, stream.send_window) > 0 and len(self.out) < 1 << 20:
            size = min(len(stream.out) - at, self.send_window, stream.send_window, self.frame_size)
            self.frame(DATA, 0, stream.number, bytes(stream.out[at:at + size]))
            at += size
            self.send_window -= size
            stream.send_window -= size
        del stream.out[:at]
        if stream.half_close and not stream.half_closed and not stream.out:
            stream.half_closed = True
            self.frame(DATA, END_STREAM, stream.number)

    # from the peer

    def step(self, timeout=PATIENCE):
        """Write what can be written and read once. False: nothing happened in this time, or the connection is closed."""
        if self.closed:
            return False
        for stream in self.streams.values():
            if stream.out and not stream.ended:
                self.push(stream)
        readable, writable, _ = select.select([self.socket], [self.socket] if self.out else [], [], timeout)
        try:
            if writable:
                del self.out[:self.socket.send(memoryview(self.out)[:1 << 18])]
            if readable:
                data = self.socket.recv(1 << 18)
                self.closed = not data
                self.into += data
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        at = 0
        while len(self.into) - at >= 9:
            size = int.from_bytes(self.into[at:at + 3], "big")
            if len(self.into) - at < 9 + size:
                break
            kind, flags = self.into[at + 3], self.into[at + 4]
            number = struct.unpack_from(">I", self.into, at + 5)[0] & 0x7fffffff
            self.on_frame(kind, flags, number, bytes(self.into[at + 9:at + 9 + size]))
            at += 9 + size
        del self.into[:at]
        return bool(readable or writable)

    def until(self, done, patience=PATIENCE):
        limit = time.monotonic() + patience
        while not done():
            left = limit - time.monotonic()
            if left <= 0 or self.closed:
                raise AssertionError("the connection was closed" if self.closed else "nothing more came")
            self.step(left)

    def on_frame(self, kind, flags, number, payload):
        stream = self.streams.get(number)
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack_from(">HI", payload, at)
                if key == 4:
                    for each in self.streams.values():
                        each.send_window += value - self.initial_window
                    self.initial_window = value
                elif key == 5:
                    self.frame_size = value
            self.frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            self.goaway = struct.unpack_from(">II", payload)
        elif kind == WINDOW_UPDATE:
            size = struct.unpack(">I", payload)[0]
            if number == 0:
                self.send_window += size
            elif stream:
                stream.send_window += size
        elif kind == RST_STREAM and stream and stream.status is None:
            stream.reset = struct.unpack(">I", payload)[0]
        elif kind in (HEADERS, CONTINUATION):
            self.block += payload
            self.block_flags |= flags
            if self.block_flags & END_HEADERS:
                headers = self.reader.read(self.block)
                self.block, self.block_flags = bytearray(), 0
                if stream:
                    stream.headers.update(headers)
                    if "grpc-status" in headers:
                        stream.status = int(headers["grpc-status"])
                        stream.details = headers.get("grpc-message", "")
        elif kind == DATA:
            self.on_data(stream, payload)

    def on_data(self, stream, payload):
        if payload:
            self.frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload)))
        if not stream:
            return
        stream.window -= len(payload)
        if payload and self.auto and not stream.ended:
            self.grant(stream, len(payload))
        stream.buffer += payload
        while len(stream.buffer) >= 5:
            size = int.from_bytes(stream.buffer[1:5], "big")
            if len(stream.buffer) < 5 + size:
                break
            stream.messages.append(bytes(stream.buffer[5:5 + size]))
            del stream.buffer[:5 + size]

    def close(self):
        self.socket.close()
        self.closed = True

    def vanish(self):
        """As if the client's machine were switched off and on again: a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def unary(port, path, message, metadata=(), timeout=None, patience=PATIENCE):
    """One call on a connection of its own: the stream, at its end."""
    connection = Connection(port)
    try:
        stream = connection.call(path, metadata, timeout)
        connection.send(stream, message)
        connection.half_close(stream)
        connection.until(lambda: stream.ended, patience)
    finally:
        connection.close()
    return stream
