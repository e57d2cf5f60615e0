"""The server's side of a WebSocket that does what it is told to, for tests.

Each text message is a word and what it is about; see `obey`. Whatever else comes is sent back as it came.
"""

import base64
import hashlib
import zlib

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload):
    """A whole message in one frame."""
    size = len(payload)
    if size < 126:
        head = bytes([size])
    elif size < 1 << 16:
        head = bytes([126]) + size.to_bytes(2, "big")
    else:
        head = bytes([127]) + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + head + payload


def read_frame(stream):
    """The opcode and the payload of the next frame, which must have a mask; (None, b"") at the end."""
    head = stream.read(2)
    if len(head) < 2:
        return None, b""
    assert head[1] & 0x80, "a client masks"
    size = head[1] & 0x7F
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
    mask = stream.read(4)
    return head[0] & 0xF, bytes(byte ^ mask[n % 4] for n, byte in enumerate(stream.read(size)))


class Peer:
    def __init__(self, handler, note):
        self.handler = handler
        self.note = note
        self.zlib = zlib.compressobj()

    def send(self, data):
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def obey(self, text):
        word, _, rest = text.partition(" ")
        match word:
            case "raw":
                # Bytes in hexadecimal, whether they are frames or not.
                self.send(bytes.fromhex(rest))
            case "zlib":
                # A text, compressed in the stream of this connection, and cut in two at a byte.
                cut, text = rest.split(" ", 1)
                data = self.zlib.compress(text.encode()) + self.zlib.flush(zlib.Z_SYNC_FLUSH)
                self.send(frame(BINARY, data[: int(cut)]) + frame(BINARY, data[int(cut) :]))
            case "long":
                # A text of so many letters.
                self.send(frame(TEXT, b"x" * int(rest)))
            case "many":
                # So many texts of so many letters, as fast as they are taken.
                count, size = rest.split(" ")
                for _ in range(int(count)):
                    self.send(frame(TEXT, b"x" * int(size)))
            case "leave":
                # Goes without a close frame.
                return False
            case _:
                self.send(frame(TEXT, text.encode()))
        return True

    def run(self):
        while True:
            opcode, payload = read_frame(self.handler.rfile)
            if opcode is None:
                self.note("end")
                return
            if opcode == CLOSE:
                self.note(f"close {int.from_bytes(payload[:2], 'big')}")
                self.send(frame(CLOSE, payload))
                return
            if opcode == PONG:
                self.send(frame(TEXT, b"pong " + payload))
            elif opcode != TEXT:
                self.send(frame(opcode, payload))
            elif not self.obey(payload.decode()):
                return


def serve(handler, note):
    """Answers the opening handshake, does what it is told to, and notes how it ended."""
    key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    handler.send_response(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
    handler.end_headers()
    Peer(handler, note).run()
