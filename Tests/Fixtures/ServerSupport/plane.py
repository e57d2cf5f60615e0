"""What tests tell a server, and ask it: `POST /NAME` with a JSON object, on a port of its own."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import fields
from typing import Any

from record import Entry, Record
from scripts import Script, Scripts
from web import Answer, Request


class ControlPlane:
    """A server adds its own: a method `on_NAME` answers `/NAME`."""

    def __init__(self, record: Record, faults: Scripts) -> None:
        self.record, self.faults = record, faults

    async def serve(self, request: Request) -> Answer:
        verb = getattr(self, "on_" + request.path.strip("/"), None)
        if verb is None:
            known = ", ".join(name.removeprefix("on_") for name in dir(self) if name.startswith("on_"))
            return Answer(404, {"error": f"{request.path}: expected one of {known}"})
        try:
            return Answer(200, await verb(**json.loads(request.body or b"{}")))
        except (KeyError, ValueError, TypeError) as error:
            return Answer(400, {"error": f"{request.path}: {type(error).__name__}: {error}"})

    async def connection(self, request: Request, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves a request of a connection; whether that goes on."""
        writer.write((await self.serve(request)).encoded())
        await writer.drain()
        return not request.is_last

    async def on_script(self, on: str, kind: str, times: int | None = None, where: Entry | None = None,
                        chance: float | None = None, seed: int = 0, **more: Any) -> Entry:
        """Inflicts a fault the next times that something happens: once, or so many times, or with a probability.

        `where` has regular expressions for what it is about, such as path or method, which must fit all of it.
        """
        if times is None and chance is None:
            times = 1
        self.faults.scripts.append(
            Script(on, times, where or {}, {"kind": kind, **more}, 1.0 if chance is None else chance,
                   random.Random(seed)))
        return {}

    async def on_forget(self) -> Entry:
        """Takes back all scripts."""
        self.faults.scripts.clear()
        return {}

    async def on_record(self, kind: str, where: Entry | None = None) -> list[Entry]:
        """Everything of a kind that has been received."""
        return self.record.find(kind, where or {})

    async def on_wait(self, kind: str, count: int = 1, where: Entry | None = None, timeout: float = 30.0) -> Entry:
        """Waits until so many of a kind have been received."""
        came = await self.record.wait(kind, where or {}, count, timeout)
        return {"came": came, "entries": self.record.find(kind, where or {})}


def check_settings(settings: Any, changes: Entry) -> None:
    """Raises ValueError for a setting that a dataclass does not have."""
    known = {field.name for field in fields(settings)}
    for name in changes:
        if name not in known:
            raise ValueError(f"no setting '{name}', expected one of {', '.join(sorted(known))}")
