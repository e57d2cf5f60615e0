"""Answers from recordings, in Betamax's format: what a client asks is answered as Reddit did when it was recorded.

Which fields a query or form has counts, not their order; `limit`, `raw_json`, a slash at the end and the host do not.
What was recorded several times is answered in that order, and then with the last answer again, but before an anchor
(`before`) with an empty listing, as is what was recorded without one. Any token is good.
"""

from __future__ import annotations

import base64
import binascii
import glob
import gzip
import json
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from oauth import TOKEN_PATHS
from rest import plain_path
from web import Answer, Request
from world import Object

RELAXED = ("limit", "raw_json")
# What is of one connection, or of how an answer was packed for it.
OF_THE_CONNECTION = ("connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding")
# What a body of JSON or HTML starts with, and a packed one.
STARTS, GZIP = (b"{", b"[", b"<", b'"'), b"\x1f\x8b"
# What stands in recordings for what was not to be told, and what may stand in a header field.
PLACEHOLDERS = {"ACCESS_TOKEN": "replayed-access", "REFRESH_TOKEN": "replayed-refresh"}

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass
class Recorded:
    """The answers to one request, in their order."""

    answers: list[Answer] = field(default_factory=list)
    asked: int = 0


def key(method: str, target: str, body: bytes | str) -> Key:
    """What two requests share that are the same."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    parts = urlsplit(target)
    path = unquote(plain_path(parts.path))
    pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(text, keep_blank_values=True)
    if path in TOKEN_PATHS:
        # Who logs in, and how the secret was called when it was recorded, does not matter.
        pairs = [pair for pair in pairs if pair[0] == "grant_type"]
    return method, path, tuple(sorted(pair for pair in pairs if pair[0] not in RELAXED))


def without(key: Key, name: str) -> Key:
    return key[0], key[1], tuple(pair for pair in key[2] if pair[0] != name)


class Recordings:
    def __init__(self, places: list[str], placeholders: dict[str, str]) -> None:
        """Reads files, or all of directories; `placeholders` says what stands for what in them (<NAME>)."""
        self._placeholders = {**PLACEHOLDERS, **placeholders}
        self.recorded: dict[Key, Recorded] = {}
        for place in places:
            files = sorted(glob.glob(os.path.join(glob.escape(place), "*.json"))) if os.path.isdir(place) else [place]
            for file in files:
                with open(file, encoding="utf-8") as opened:
                    self._take(json.load(opened))

    def _take(self, recording: Object) -> None:
        for one in recording.get("interactions") or recording.get("http_interactions") or []:
            request, response = one["request"], one["response"]
            found = key(request["method"], self._filled(request["uri"]), self._body(request.get("body"), {}))
            answers = self.recorded.setdefault(found, Recorded()).answers
            headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
            fields = [(name, self._filled(value)) for name, values in response.get("headers", {}).items()
                      for value in ([values] if isinstance(values, str) else values)
                      if name.lower() not in OF_THE_CONNECTION]
            body = self._body(response.get("body"), headers)
            answers.append(Answer(int(response["status"]["code"]), body, {}, fields))

    def _filled(self, text: str) -> str:
        for name, value in self._placeholders.items():
            text = text.replace(f"<{name}>", value).replace(f"%3C{name}%3E", value)
        return text

    def _body(self, body: Any, headers: Object) -> bytes:
        """What was sent: text, or base64, or either in an object, and packed by gzip perhaps."""
        if body is None:
            return b""
        if isinstance(body, str):
            body = {"string": body}
        data = str(body.get("string") or "").encode()
        if "base64_string" in body:
            data = base64.b64decode(body["base64_string"] or "")
        elif headers and data and data[:1] not in STARTS:
            try:
                unpacked = base64.b64decode(data, validate=True)
            except binascii.Error:
                unpacked = data
            # Else it is a text that only does not look like JSON, such as `null`.
            data = unpacked if unpacked[:1] in STARTS or unpacked[:2] == GZIP else data
        if data[:2] == GZIP:
            data = gzip.decompress(data)
        try:
            return self._filled(data.decode()).encode()
        except UnicodeDecodeError:
            return data

    def answer(self, request: Request) -> Answer | None:
        """What was recorded; None if nothing was."""
        asked = key(request.method, request.target, request.body if request.method == "POST" else b"")
        found, is_before = self.recorded.get(asked), "before" in request.query
        if found is None and request.path.rstrip("/") in TOKEN_PATHS:
            found = next((one for (_, path, _), one in self.recorded.items() if path in TOKEN_PATHS), None)
        if found is None:
            around = self.recorded.get(without(asked, "before")) if is_before else None
            return self._empty(around.answers[-1]) if around else None
        found.asked += 1
        if found.asked > len(found.answers) and is_before:
            return self._empty(found.answers[-1])
        return found.answers[min(found.asked, len(found.answers)) - 1]

    @staticmethod
    def _empty(answer: Answer) -> Answer:
        """A listing of the same shape, without anything in it."""
        document = json.loads(answer.body)
        if not isinstance(document, dict) or "children" not in document.get("data", {}):
            return answer
        document["data"] |= {"children": [], "after": None, "before": None}
        if "dist" in document["data"]:
            document["data"]["dist"] = 0
        return Answer(answer.status, json.dumps(document).encode(), {}, answer.repeated)

    def list(self) -> list[Object]:
        return [{"method": method, "path": path, "fields": dict(fields), "recorded": len(one.answers),
                 "asked": one.asked} for (method, path, fields), one in self.recorded.items()]
