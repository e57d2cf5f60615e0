"""RFC 6455 from the server's side: the handshake, frames, and how to break them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import struct

from web import Answer, Request

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# What a client may send is 4096 bytes; a little more is read so that it can be told.
MAXIMUM_MESSAGE = 1 << 20


class Closed(Exception):
    """The client has closed the connection, with this code; 1005 if it gave none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Misframed(Exception):
    """The client has sent what RFC 6455 does not allow."""


def accept(request: Request) -> Answer:
    """The answer to a request to speak WebSocket."""
    key = request.headers.get("sec-websocket-key", "")
    if request.headers.get("sec-websocket-version") != "13" or len(key) != 24:
        return Answer(400, b"Sec-WebSocket-Version is 13, Sec-WebSocket-Key has 24 characters\n")
    digest = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()
    return Answer(101, None, {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": digest})


def frame(opcode: int, data: bytes, final: bool = True, masked: bool = False) -> bytes:
    """A frame; masked only to see what a client makes of that."""
    first, mask_bit, size = opcode | (0x80 if final else 0), 0x80 if masked else 0, len(data)
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + unmasked(data, mask)


def unmasked(data: bytes, mask: bytes) -> bytes:
    """The bytes of a masked frame, and the other way round."""
    size = len(data)
    pad = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bool, bytes]:
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    if not second & 0x80:
        raise Misframed("a frame that is not masked")
    if first & 0x70:
        raise Misframed("a reserved bit is set, though no extension was agreed on")
    if size > MAXIMUM_MESSAGE:
        raise Misframed(f"a frame of {size} bytes")
    mask = await reader.readexactly(4)
    return first & 0x0F, bool(first & 0x80), unmasked(await reader.readexactly(size), mask)


async def read_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next message; pings are answered on the way.

    Raises Closed or Misframed, or what the stream raises when the connection breaks.
    """
    message, begun = b"", False
    while True:
        opcode, final, data = await _read_frame(reader)
        match opcode:
            case 0x0 | 0x1 | 0x2:
                if begun == (opcode != 0):
                    raise Misframed("a message within a message, or the rest of none")
                message, begun = message + data, True
                if final:
                    return message
            case 0x8:
                code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
                raise Closed(code, data[2:].decode(errors="replace"))
            case 0x9:
                writer.write(frame(PONG, data))
            case 0xA:
                pass
            case _:
                raise Misframed(f"the opcode {opcode}")
