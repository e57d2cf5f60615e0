"""As much of HTTP/1.1 as servers for tests need, over asyncio's streams."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

MAXIMUM_HEAD = 64 << 10
# A parameter of a header field's value, quoted or not.
WORD = re.compile(r';\s*([\w*]+)=(?:"((?:\\.|[^"])*)"|([^;]*))')
REASONS = {101: "Switching Protocols", 200: "OK", 202: "Accepted", 204: "No Content", 302: "Found",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           408: "Request Timeout", 413: "Content Too Large", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass
class Part:
    """One field of a form, or one file."""

    name: str
    filename: str | None
    media_type: str
    data: bytes


@dataclass
class Request:
    """A request; the names of header fields are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    @property
    def form(self) -> dict[str, str]:
        """The fields of a body of application/x-www-form-urlencoded."""
        pairs = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def is_last(self) -> bool:
        """Whether its connection is to end with its answer."""
        return self.headers.get("connection", "").lower() == "close"

    def parts(self) -> list[Part]:
        """The fields and files of a multipart form; ValueError if it is none."""
        _, found, boundary = self.headers.get("content-type", "").partition("boundary=")
        if not found:
            raise ValueError("multipart/form-data without a boundary")
        mark = b"--" + boundary.split(";")[0].strip().strip('"').encode()
        pieces = (b"\r\n" + self.body).split(b"\r\n" + mark)
        if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
            raise ValueError("multipart/form-data that does not end with its boundary")
        return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, found, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not found:
        raise ValueError("a part without an empty line after its head")
    fields = dict(_header(line) for line in head.decode().split("\r\n") if line)
    words = {name: quoted or plain for name, quoted, plain in WORD.findall(fields.get("content-disposition", ""))}
    return Part(words.get("name", ""), words.get("filename"), fields.get("content-type", "text/plain"), data)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


@dataclass
class Answer:
    """What is answered; a body that is no bytes becomes JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    # Fields that come more than once.
    repeated: list[tuple[str, str]] = field(default_factory=list)

    def encoded(self) -> bytes:
        headers = dict(self.headers)
        match self.body:
            case None:
                body = b""
            case bytes():
                body = self.body
            case _:
                body = json.dumps(self.body, separators=(",", ":")).encode()
                # Without a charset: discord.py takes nothing else for JSON, and Discord sends nothing else.
                headers.setdefault("Content-Type", "application/json")
        if self.status not in (101, 204):
            headers["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in [*headers.items(), *self.repeated]]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request of a connection; None if it is at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    request = Request(method, target, dict(_header(line) for line in lines if line))
    if request.headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            request.body += (await reader.readexactly(size + 2))[:size]
        await reader.readuntil(b"\r\n")
    else:
        request.body = await reader.readexactly(int(request.headers.get("content-length") or 0))
    return request
