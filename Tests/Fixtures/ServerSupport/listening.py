"""How a server listens on loopback."""

from __future__ import annotations

import asyncio
import ssl
from typing import Awaitable, Callable

from web import MAXIMUM_HEAD, Request, read_request

# Answers a request; whether the connection goes on.
Serve = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


async def listen(port: int, serve: Serve, context: ssl.SSLContext | None = None) -> int:
    """Serves a port, or one that the kernel picks: which it is."""
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader, writer)) and await serve(request, reader, writer):
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # A client may leave when it likes, and say what it likes.
        finally:
            writer.close()

    listener = await asyncio.start_server(client, "127.0.0.1", port, ssl=context, limit=MAXIMUM_HEAD, backlog=1024)
    return int(listener.sockets[0].getsockname()[1])


def certified(directory: str) -> ssl.SSLContext:
    """TLS with the good.pem and good.key of a directory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/good.pem", f"{directory}/good.key")
    return context
