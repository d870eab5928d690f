"""DataRequestProto by hand: as much of protobuf as the tests need, and nothing that would refuse a strange message."""
CALL = "/jina.JinaRPC/Call"
SINGLE = "/jina.JinaSingleDataRequestRPC/process_single_data"


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """Bytes or text: length-delimited; an integer: varint."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    """All fields of a message: (number, value), values as bytes or integers."""
    at, found = 0, []

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            size = number()
            value, at = data[at:at + size], at + size
            assert len(value) == size, "a message is cut off"
        else:
            size = {1: 8, 5: 4}[key & 7]
            value, at = data[at:at + size], at + size
        found.append((key >> 3, value))
    return found


def get(data, *path, default=b""):
    """The last field at this path of numbers."""
    for number in path:
        data = next((value for key, value in reversed(fields(data)) if key == number), None)
        if data is None:
            return default
    return data


def every(data, number):
    return [value for key, value in fields(data) if key == number]


def value(thing):
    """google.protobuf.Value."""
    import struct
    if isinstance(thing, bool):
        return varint(4 << 3) + varint(thing)
    if isinstance(thing, (int, float)):
        return varint(2 << 3 | 1) + struct.pack("<d", thing)
    if isinstance(thing, str):
        return field(3, thing)
    if isinstance(thing, dict):
        return field(5, structure(thing))
    return field(6, b"".join(field(1, value(item)) for item in thing))


def structure(mapping):
    return b"".join(field(1, field(1, key) + field(2, value(item))) for key, item in mapping.items())


def document(text=None, identity="", **more):
    """`more`: field numbers as f14=bytes."""
    out = field(1, identity) if identity else b""
    if text is not None:
        out += field(4, text)
    return out + b"".join(field(int(key[1:]), item) for key, item in more.items())


def request(identity="", documents=(), endpoint="/", parameters=None, target=None):
    header = (field(1, identity) if identity else b"") + field(3, endpoint)
    if target is not None:
        header += field(4, target)
    out = field(1, header)
    if parameters is not None:
        out += field(2, structure(parameters))
    return out + field(4, field(1, b"".join(field(1, each) for each in documents)))


class Answer:
    def __init__(self, message):
        self.bytes = message
        self.id = get(message, 1, 1).decode()
        self.code = get(message, 1, 2, 1, default=0)
        self.description = get(message, 1, 2, 2).decode()
        self.exception = get(message, 1, 2, 3, 1).decode()
        self.executor = get(message, 1, 2, 3, 4).decode()

    @property
    def documents(self):
        return every(get(self.bytes, 4, 1), 1)

    @property
    def texts(self):
        return [get(each, 4) for each in self.documents]
