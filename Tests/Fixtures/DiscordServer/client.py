"""A small client of the server, for its own tests: blocking, and free to do what no client should."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
import zlib
from typing import Any

import support  # noqa: F401, which finds some of the following

import websocket
from child import Child
from shapes import Object

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = "DiscordBot (https://example.com, 1.0)"
# GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT
INTENTS = 1 << 0 | 1 << 9 | 1 << 12 | 1 << 15


class Server(Child):
    """A server of one's own, which may be killed and started again where it was."""

    def __init__(self, *options: str) -> None:
        super().__init__(f"{HERE}/server.py", *options)

    def request(self, method: str, path: str, body: Any = None, token: str | None = None,
                headers: dict[str, str] | None = None) -> tuple[int, Any, Any]:
        """The status, the head and the body of an answer."""
        head = {"User-Agent": AGENT, **({"Authorization": f"Bot {token}"} if token else {})}
        if body is not None and not isinstance(body, bytes):
            body, head["Content-Type"] = json.dumps(body).encode(), "application/json"
        return self.exchange(self.ports["plain"], method, f"/api/v10{path}", body, head | (headers or {}))


class Gateway:
    """A connection to the gateway."""

    def __init__(self, server: Server, path: str = "/gateway", query: str = "v=10&encoding=json",
                 compress: str | None = None, authority: str | None = None) -> None:
        """Connects, over TLS if there is a certificate of an authority to trust."""
        port = server.ports["secure" if authority else "plain"]
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=20)
        if authority:
            context = ssl.create_default_context(cafile=authority)
            self.stream = context.wrap_socket(self.stream, server_hostname="localhost")
        self.inflater = zlib.decompressobj() if compress else None
        key = base64.b64encode(os.urandom(16)).decode()
        query += f"&compress={compress}" if compress else ""
        self.stream.sendall(
            f"GET {path}/?{query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._exactly(1)
        self.status = int(head.split()[1])

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.stream.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def send(self, operation: int, data: Any = None, **more: Any) -> None:
        self.send_bytes(json.dumps({"op": operation, "d": data, **more}).encode())

    def send_bytes(self, data: bytes) -> None:
        self.stream.sendall(websocket.frame(websocket.TEXT, data, masked=True))

    def close(self, code: int) -> None:
        self.stream.sendall(websocket.frame(websocket.CLOSE, struct.pack("!H", code), masked=True))
        self.stream.close()

    def frame(self) -> tuple[int, bool, bytes]:
        """The next frame: its opcode, whether it is a message's last, its content."""
        first, size = self._exactly(2)
        size &= 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        return first & 0x0F, bool(first & 0x80), self._exactly(size)

    def next(self) -> Object:
        """The next message; EOFError with the code if it is the end."""
        message = b""
        while True:
            opcode, is_last, data = self.frame()
            if opcode == websocket.CLOSE:
                raise EOFError(struct.unpack("!H", data[:2])[0])
            message += data
            if message.endswith(b"\x00\x00\xff\xff") if self.inflater else is_last:
                found: Object = json.loads(self.inflater.decompress(message) if self.inflater else message)
                return found

    def until(self, name: str) -> list[Object]:
        """All events up to one of a name."""
        events = []
        while True:
            message = self.next()
            if message["op"] == 0:
                events.append(message)
                if message["t"] == name:
                    return events

    def end(self) -> int | None:
        """The code that it is closed with; None if it just ends."""
        try:
            while True:
                self.next()
        except EOFError as end:
            return end.args[0] if end.args else None

    def identify(self, token: str, intents: int = INTENTS, **more: Any) -> None:
        properties = {"os": "linux", "browser": "tests", "device": "tests"}
        self.send(2, {"token": token, "intents": intents, "properties": properties, **more})

    def resume(self, token: str, session: str, sequence: int) -> None:
        self.send(6, {"token": token, "session_id": session, "seq": sequence})
