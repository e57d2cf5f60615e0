"""What the server has received, with times, and what it must not forget when it is killed."""

from __future__ import annotations

import asyncio
import collections
import json
import os
import time
from dataclasses import dataclass
from typing import Any, Iterator

Entry = dict[str, Any]


def matches(entry: Entry, wanted: Entry) -> bool:
    """Whether an entry has all the fields that are wanted, with their values."""
    return all(
        matches(entry.get(name) or {}, value) if isinstance(value, dict) else entry.get(name) == value
        for name, value in wanted.items())


@dataclass
class _Waiter:
    kind: str
    where: Entry
    missing: int
    done: asyncio.Future[None]


class Record:
    """Entries by kind, each with the time it came; in a file too if there is one.

    The file is of lines. What one `write` has written is there after the process is killed, and a line that is cut
    off is the last one and is dropped.
    """

    def __init__(self, path: str | None) -> None:
        self.entries: dict[str, list[Entry]] = collections.defaultdict(list)
        self._waiters: list[_Waiter] = []
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600) if path else None

    def load(self) -> Iterator[tuple[str, Entry]]:
        """Reads the file: takes in what was received, and yields the state that was kept, in its order."""
        if self._file is None:
            return
        data = b""
        while piece := os.read(self._file, 1 << 20):
            data += piece
        whole, _, torn = data.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(data) - len(torn))
        for line in whole.splitlines():
            place, kind, entry = json.loads(line)
            if place == "state":
                yield kind, entry
            else:
                self.entries[kind].append(entry)

    def keep(self, kind: str, /, **state: Any) -> None:
        """Keeps a change of state for the server that is started after this one."""
        self._write("state", kind, state)

    def add(self, kind: str, /, **fields: Any) -> Entry:
        """Notes what has been received, or done about it, and wakes who waits for that."""
        entry = {"at": time.time(), **fields}
        self.entries[kind].append(entry)
        self._write("record", kind, entry)
        for waiter in self._waiters:
            if waiter.kind == kind and matches(entry, waiter.where):
                waiter.missing -= 1
                if waiter.missing == 0 and not waiter.done.done():
                    waiter.done.set_result(None)
        return entry

    def find(self, kind: str, where: Entry) -> list[Entry]:
        return [entry for entry in self.entries[kind] if matches(entry, where)]

    async def wait(self, kind: str, where: Entry, count: int, timeout: float) -> bool:
        """Whether so many of a kind have come before the timeout (in seconds) is over."""
        missing = count - len(self.find(kind, where))
        if missing <= 0:
            return True
        waiter = _Waiter(kind, where, missing, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await asyncio.wait_for(waiter.done, timeout)
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            self._waiters.remove(waiter)

    def _write(self, place: str, kind: str, entry: Entry) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps([place, kind, entry], separators=(",", ":")).encode() + b"\n")
