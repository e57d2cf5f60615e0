"""What goes wrong with requests, on command: `script(on="request", kind=..., ...)`.

Instead of being answered: `unsent` (the connection is reset before anything happens), `lost` (after it has happened),
`hang`, `status` (with `status`, `retry_after`, `headers`, `message`, `reason`; from 500 on a page of HTML unless there
is a `message`), `html` (a page, with `status`, by default 200), `errors` (200 with `errors`: a list of lists),
`ratelimit` (200 with RATELIMIT: `minutes` or `seconds`), `expire` (the token that it is made with).
With the answer: `truncated` (its body is cut, and said to be whole; at `bytes`, else half way), `cut` (so that the
connection ends before the body does), `late` (by `seconds`), `dribble` (in `pieces`, over `seconds`).
With a listing: `empty`, `skip` (the newest `count` things, shown the next time), `vanish` (they are deleted for good).
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass

from web import Answer
from world import Object

# Nothing happens of what was asked; and what happens, but the client does not learn of.
UNHEARD = ("unsent", "hang")
UNSEEN = ("unsent", "hang", "lost", "truncated", "cut", "status", "html", "errors", "ratelimit")
PAGE = (b"<!doctype html>\n<html><head><title>Ow! -- reddit.com</title></head><body><h1>all of our servers are busy"
        b" right now</h1><p>please try again in a minute</p></body></html>\n")


@dataclass
class Delivery:
    """An answer, and what goes wrong on its way."""

    answer: Answer | None
    fault: Object

    async def send(self, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        kind = self.fault["kind"]
        if self.answer is None or kind == "lost":
            return reset(writer)
        data = self.answer.encoded()
        if kind == "cut":
            writer.write(data[:self.fault.get("bytes", len(data) - len(self.answer.body or b"") // 2)])
            await writer.drain()
            return False
        pieces = self.fault.get("pieces", 10) if kind == "dribble" else 1
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            if start:
                await asyncio.sleep(self.fault.get("seconds", 1.0) / pieces)
            writer.write(data[start:start + size])
            await writer.drain()
        return True


def reset(writer: asyncio.StreamWriter) -> bool:
    """Ends a connection with a reset, whatever was still to be sent or read."""
    stream = writer.get_extra_info("socket")
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def before(fault: Object) -> None:
    match fault["kind"]:
        case "hang":
            await asyncio.sleep(fault.get("seconds", 3600))
        case "late":
            await asyncio.sleep(fault["seconds"])


def given(fault: Object) -> Answer | None:
    """The answer that is given instead of what was asked for."""
    match fault["kind"]:
        case "status":
            status = fault["status"]
            headers = dict(fault.get("headers", {}))
            if "retry_after" in fault:
                headers["Retry-After"] = str(fault["retry_after"])
            if status >= 500 and "message" not in fault:
                return Answer(status, PAGE, {"Content-Type": "text/html; charset=UTF-8", **headers})
            reason = {"reason": fault["reason"]} if "reason" in fault else {}
            return Answer(status, {**reason, "message": fault.get("message", "no"), "error": status}, headers)
        case "html":
            return Answer(fault.get("status", 200), PAGE, {"Content-Type": "text/html; charset=UTF-8"})
        case "errors":
            return Answer(200, {"json": {"errors": fault["errors"]}})
        case "ratelimit":
            return Answer(200, ratelimit(fault["seconds"] if "seconds" in fault else fault.get("minutes", 7) * 60))
    return None


def ratelimit(seconds: float) -> Object:
    """What who has posted too much is answered; the text is rounded, the number is not."""
    minutes = int(seconds // 60)
    number, unit = (minutes, "minute") if minutes else (max(1, int(seconds)), "second")
    text = f"you are doing that too much. try again in {number} {unit}{'s' if number > 1 else ''}."
    return {"json": {"ratelimit": float(seconds), "errors": [["RATELIMIT", text, "ratelimit"]]}}


def after(fault: Object, answer: Answer) -> None:
    """Spoils an answer."""
    if fault["kind"] == "truncated":
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        answer.body = data[:fault.get("bytes", len(data) // 2)]
        answer.headers.setdefault("Content-Type", "application/json; charset=UTF-8")
