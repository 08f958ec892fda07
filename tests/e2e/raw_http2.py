"""Just enough HTTP/2 (RFC 9113) and HPACK (RFC 7541) to be a bad client."""
import socket
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, PING = 0, 1, 3, 4, 6
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(number, value):
    return struct.pack(">HI", number, value)


def integer(value):
    """With a prefix of 7 bits."""
    if value < 127:
        return bytes([value])
    out, value = [127], value - 127
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def headers(path, *more):
    """A request's header block: literals that are not indexed."""
    said = {name for name, _ in more}
    usual = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
             ("te", "trailers"), ("content-type", "application/grpc")]
    fields = [field for field in usual if field[0] not in said] + list(more)
    block = b""
    for name, value in fields:
        block += b"\0" + integer(len(name)) + name.encode() + integer(len(value)) + value.encode()
    return block


def message(body):
    return b"\0" + struct.pack(">I", len(body)) + body


class Client:
    """A connection that sends what it is told and reads only when it is told."""

    def __init__(self, port, window=65535):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.stream = -1
        self.send(PREFACE + frame(SETTINGS, 0, 0, setting(4, window)))

    def send(self, data):
        self.socket.sendall(data)

    def open(self, path, body=b"", flags=END_STREAM, *more):
        """A call with a message. Returns its stream."""
        self.stream += 2
        self.send(frame(HEADERS, END_HEADERS, self.stream, headers(path, *more)) +
                  frame(DATA, flags, self.stream, message(body)))
        return self.stream

    def read_all(self):
        """What comes until the server closes."""
        data = b""
        while piece := self.socket.recv(1 << 16):
            data += piece
        return data

    def frames_until_end(self, stream):
        """(kind, flags, stream) of the frames up to the one that ends the stream."""
        data = b""
        while True:
            while len(data) < 9 or len(data) < 9 + int.from_bytes(data[:3], "big"):
                piece = self.socket.recv(1 << 16)
                assert piece, "closed"
                data += piece
            size, kind, flags, of = int.from_bytes(data[:3], "big"), data[3], data[4], data[5:9]
            data = data[9 + size:]
            yield kind, flags, int.from_bytes(of, "big")
            if int.from_bytes(of, "big") == stream and (flags & END_STREAM or kind == RST_STREAM):
                return

    def close(self):
        self.socket.close()
