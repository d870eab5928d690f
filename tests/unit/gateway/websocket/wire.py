"""A WebSocket client that can send anything, and the front over a router without executors (serve.c)."""
import base64
import json
import os
import queue
import re
import socket
import ssl
import struct
import subprocess
import threading
import zlib

BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", "build/dev"))
SERVE = os.path.join(BUILD, "tests", "websocket_serve")
PATIENCE = 60  # seconds; only a fault, or a very slow machine, takes so long
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x11\x22\x33\x44"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Server:
    def __init__(self, **settings):
        self.process = subprocess.Popen([SERVE, *(f"{name}={value}" for name, value in settings.items())],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.first = self.lines.get(timeout=PATIENCE)
        self.port = int(self.first.split()[1]) if self.first.startswith("port ") else None

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.lines.get(timeout=PATIENCE)
        if answer is None:
            raise AssertionError(f"the server ended at {line!r}")
        return answer

    def tell(self, line):
        answer = self.ask(line)
        if answer != "ok":
            raise AssertionError(f"{line}: {answer}")

    def stop(self):
        """Ends it; raises when something was left over or went wrong."""
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the server ended with {code}")


def head(opcode, size, fin=True, rsv=0, masked=True, form=None):
    """The frame's first bytes. `form`: 7, 16 or 64 bits for the length, else the shortest."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    if form is None:
        form = 7 if size < 126 else 16 if size < 65536 else 64
    if form == 7:
        return bytes([first, bit | size])
    if form == 16:
        return bytes([first, bit | 126]) + struct.pack(">H", size)
    return bytes([first, bit | 127]) + struct.pack(">Q", size)


def mask(payload, key=MASK):
    repeated = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, form=None, key=MASK):
    if isinstance(payload, str):
        payload = payload.encode()
    start = head(opcode, len(payload), fin, rsv, masked, form)
    return start + key + mask(payload, key) if masked else start + payload


def close_frame(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def request(identity, size=0):
    """A DataRequestProto with this id, and bytes that nobody reads."""
    name = identity.encode()
    header = b"\x0a" + bytes([len(name)]) + name
    message = b"\x0a" + bytes([len(header)]) + header
    return message + (b"\x4a" + varint(size) + b"x" * size if size else b"")


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def deflate(payload, level=6, whole=False):
    """As permessage-deflate has it; `whole`: with the end of the flush, so that more may follow."""
    packer = zlib.compressobj(level, wbits=-15)
    packed = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed if whole else packed[:-4]


def final_block(payload):
    """The same by a compressor that cannot flush (RFC 7692, 7.2.3.4)."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(payload) + packer.flush() + b"\0"


class Lost(Exception):
    """The connection ended without a close frame."""


class Client:
    """One connection. With `handshake` None the handshake is left to the caller."""

    def __init__(self, port, protocol="bytes", path="/", extra="", tls=None, host="127.0.0.1", handshake=True, buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.data = b""
        self.inflate = None
        if handshake:
            lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                     "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"]
            if protocol is not None:
                lines.append(f"Sec-WebSocket-Protocol: {protocol}")
            self.status, self.headers, self.body = self.http("\r\n".join(lines) + "\r\n" + extra + "\r\n")
            if self.status != 101:
                raise AssertionError(f"handshake: {self.status} {self.body}")
            self.terms = self.headers.get("sec-websocket-extensions", "")
            if "permessage-deflate" in self.terms:
                window = re.search("server_max_window_bits=([0-9]+)", self.terms)
                self.window = -int(window.group(1)) if window else -15
                self.inflate = zlib.decompressobj(wbits=self.window)

    def http(self, text):
        """Sends a request, reads the answer: status, headers (lower-case names), body."""
        self.send(text.encode() if isinstance(text, str) else text)
        while b"\r\n\r\n" not in self.data:
            self._more()
        top, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, value in
                   (line.split(":", 1) for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        while len(self.data) < size:
            self._more()
        body, self.data = self.data[:size], self.data[size:]
        return int(lines[0].split()[1]), headers, body.decode()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        try:
            data = self.socket.recv(1 << 20)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            data = b""
        if not data:
            raise Lost()
        self.data += data

    def _take(self, size):
        while len(self.data) < size:
            self._more()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def frame(self):
        """(fin, rsv, opcode, payload)"""
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        if second & 128:
            raise AssertionError("a server must not mask")
        return bool(first & 128), first >> 4 & 7, first & 15, self._take(size)

    def message(self):
        """The next whole message, or control frame, as (opcode, payload)."""
        kind, whole, packed = None, b"", False
        while True:
            fin, rsv, opcode, payload = self.frame()
            if opcode >= 8:
                return opcode, payload
            if opcode != CONTINUATION:
                kind, packed = opcode, rsv == 4
            whole += payload
            if fin:
                if packed:
                    whole = self.inflate.decompress(whole + b"\0\0\xff\xff")
                    if "server_no_context_takeover" in self.terms:
                        self.inflate = zlib.decompressobj(wbits=self.window)
                return kind, whole

    def until_closed(self):
        """All messages to the end, and how it ended: (code or None for no code, reason) or "lost"."""
        messages = []
        while True:
            try:
                opcode, payload = self.message()
            except Lost:
                return messages, "lost"
            if opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                self.acknowledge(payload)
                return messages, (code, payload[2:].decode())
            messages.append((opcode, payload))

    def acknowledge(self, payload=b""):
        """Answers the close frame, and waits for the end of the connection."""
        try:
            self.send(frame(CLOSE, payload))
            while self.socket.recv(65536):
                pass
        except OSError:
            pass

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def parse(text):
    return json.loads(text)


def key_bytes():
    return base64.b64encode(os.urandom(16)).decode()
