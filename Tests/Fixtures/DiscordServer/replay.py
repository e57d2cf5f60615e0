"""Sends a session the frames of a file, as fast as it reads: what a client can take in is measured with it."""

from __future__ import annotations

import asyncio
import struct
import time

import websocket
from record import Record


def _first_frame(head: bytes) -> int:
    """How long a file's first frame is, head and all."""
    size = head[1]
    if size == 126:
        return 4 + int(struct.unpack("!H", head[2:4])[0])
    return 2 + size


async def replay(path: str, record: Record, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hello, and when the client has identified, all the rest; then reads until the client leaves.

    Heartbeats are not answered: an answer would have to be compressed into the midst of the stream. Hello asks for
    one an hour.
    """
    number = len(record.entries["replay"])
    with open(path, "rb") as file:
        hello = _first_frame(file.read(4))
        file.seek(0)
        writer.write(file.read(hello))
        try:
            await websocket.read_message(reader, writer)
            record.add("replay", connection=number)
            began = time.monotonic()
            await asyncio.get_running_loop().sendfile(writer.transport, file, hello)
            record.add("replayed", connection=number, seconds=time.monotonic() - began)
            while True:
                await websocket.read_message(reader, writer)
        except (websocket.Closed, websocket.Misframed, asyncio.IncompleteReadError, OSError):
            pass
