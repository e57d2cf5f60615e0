"""A server of models for tests, on loopback, that speaks as OpenAI's API does: /v1/models and /v1/embeddings.

    server.py [--port N] [--control-port N] [--tls CERTIFICATES] [--key KEY] [--model NAME]
              [--dimension N] [--plain]

Tests start it with --tests: it says in one line of JSON where it listens, and ends with its standard input. A person
starts it without, and ends it with Ctrl-C:

    python3 Tests/Fixtures/OpenAIServer/server.py --port 8767 --key sk-something

A vector is made of a text's digest: the same text has the same, and no two others do. With --plain it answers with lists
of numbers whatever it is asked for, as some servers do. On record are `request` (with `key`, the status of its answer
and the fault) and `embedded` (with `input`).

What goes wrong is told by script(on="request", kind=...): instead of an answer `status` (with `status`, `message`,
`code`, `headers`), `html`, `leak` (401, quoting the key), `hang`; with it `late` (by `seconds`), `truncated` (half of
the body, said to be whole), `cut` (the connection ends half way), and in it `count` (one vector is missing), `dimension`
(vectors have a number too few), `nan`, `zero`, `reversed` (in another order), `index` (all have the same).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import struct
from typing import Any

import support  # noqa: F401, which finds some of the following

from plane import ControlPlane
from program import Server, arguments, run
from record import Entry, Record
from scripts import Scripts
from web import Answer, Request

# Texts of a request, as OpenAI's own has it.
TEXTS_MAX = 2048
PAGE = b"<!doctype html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n"


def vector(text: str, dimension: int) -> list[float]:
    """Numbers that single precision holds, of no particular length."""
    numbers: list[float] = []
    while len(numbers) < dimension:
        digest = hashlib.sha256(f"{len(numbers)} {text}".encode()).digest()
        numbers += [value / 128 for value in struct.unpack("<32b", digest)]
    return numbers[:dimension]


class Control(ControlPlane):
    def __init__(self, server: OpenAI) -> None:
        super().__init__(Record(None), Scripts())
        self.server = server

    async def on_vectors(self, texts: list[str]) -> list[list[float]]:
        """What texts are answered with."""
        return [vector(text, self.server.options.dimension) for text in texts]

    async def on_key(self, key: str) -> Entry:
        """Wants another key from now on."""
        self.server.options.key = key
        return {}

    async def on_counts(self) -> Entry:
        """How much of each kind has been received."""
        return {kind: len(entries) for kind, entries in self.record.entries.items()}


class OpenAI(Server):
    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.control = Control(self)

    async def serve(self, request: Request, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        control = self.control
        fault = control.faults.take("request", method=request.method, path=request.path) or {"kind": "none"}
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if fault["kind"] == "late":
            await asyncio.sleep(fault["seconds"])
        answer = self.answer(request, key, fault)
        control.record.add("request", method=request.method, path=request.path, key=key, status=answer.status,
                           fault=fault["kind"])
        if fault["kind"] == "hang":
            await asyncio.Event().wait()
        data = answer.encoded()
        writer.write(data[:-len(answer.body or b"") // 2] if fault["kind"] == "cut" else data)
        await writer.drain()
        return fault["kind"] != "cut" and not request.is_last

    def answer(self, request: Request, key: str, fault: Entry) -> Answer:
        match fault["kind"]:
            case "status":
                return error(fault["status"], fault.get("message", "no"), fault.get("code"), fault.get("headers"))
            case "html":
                return Answer(fault.get("status", 200), PAGE, {"Content-Type": "text/html"})
            case "leak":
                return error(401, f"Incorrect API key provided: {key}", "invalid_api_key")
        if self.options.key and key != self.options.key:
            return error(401, "Incorrect API key provided", "invalid_api_key")
        match request.method, request.path:
            case "GET", "/v1/models":
                answer = Answer(200, {"object": "list", "data": [{"id": self.options.model, "object": "model"}]})
            case "POST", "/v1/embeddings":
                answer = self.embeddings(request, fault)
            case _:
                answer = error(404, f"Invalid URL ({request.method} {request.path})")
        # As bytes, so that they can be cut.
        answer.body = json.dumps(answer.body).encode()
        answer.headers["Content-Type"] = "application/json"
        if fault["kind"] == "truncated":
            answer.body = answer.body[:len(answer.body) // 2]
        return answer

    def embeddings(self, request: Request, fault: Entry) -> Answer:
        order = json.loads(request.body)
        texts = [order["input"]] if isinstance(order["input"], str) else order["input"]
        if order["model"] != self.options.model:
            return error(404, f"The model `{order['model']}` does not exist", "model_not_found")
        if not 1 <= len(texts) <= TEXTS_MAX or not all(texts):
            return error(400, "'$.input' is invalid. Please check the API reference")
        if poison := next((text for text in texts if "poison" in text), None):
            return error(400, f"there is poison in: {poison}")
        self.control.record.add("embedded", input=texts)
        vectors = [vector(text, self.options.dimension) for text in texts]
        indices = [0] * len(texts) if fault["kind"] == "index" else list(range(len(texts)))
        match fault["kind"]:
            case "dimension":
                vectors = [numbers[1:] for numbers in vectors]
            case "nan":
                vectors[0][0] = float("nan")
            case "zero":
                vectors[0] = [0.0] * len(vectors[0])
        is_packed = order.get("encoding_format") == "base64" and not self.options.plain
        data = [{"object": "embedding", "index": index, "embedding": packed(numbers) if is_packed else numbers}
                for index, numbers in zip(indices, vectors)]
        match fault["kind"]:
            case "count":
                data.pop()
            case "reversed":
                data.reverse()
        return Answer(200, {"object": "list", "model": order["model"], "data": data,
                            "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}})

    def instructions(self) -> str:
        return f"http://127.0.0.1:{self.said['plain']}/v1, control on 127.0.0.1:{self.said['control']}; model: {self.options.model}"


def error(status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    body: dict[str, Any] = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return Answer(status, body, dict(headers or {}))


def packed(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


if __name__ == "__main__":
    parser = arguments("A server of models for tests, on loopback.")
    parser.add_argument("--key", default="", help="the key that is wanted; empty: none")
    parser.add_argument("--model", default="digest", help="what the model is called")
    parser.add_argument("--dimension", type=int, default=8, help="numbers of a vector")
    parser.add_argument("--plain", action="store_true", help="answer with lists of numbers whatever is asked for")
    run(OpenAI, parser)
