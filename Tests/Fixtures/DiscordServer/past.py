"""What was written in a channel before the test: any number of messages, of which each is made when somebody asks for it."""

from __future__ import annotations

import bisect
import random
from typing import Any

import shapes
from shapes import Object

WORDS = ("duck", "pond", "reed", "frost", "lantern", "harbour", "tin", "letter", "orchard", "slate")
# Ids of the past are a second apart.
STEP = 1000 << 22


class Messages(dict[int, Object]):
    """The messages of a channel by their ids: those that were written, and those of a past that is made up as it is read."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.channel = channel
        self._ids: range = range(0)
        self._seed = 0
        self._author: Object = {}
        self._gone: set[int] = set()

    def invent(self, count: int, last: int, seed: int, author: Object) -> None:
        """Has messages of the past: so many, up to an id, a second apart."""
        self._ids = range(last - (count - 1) * STEP, last + 1, STEP)
        self._seed, self._author = seed, author

    def __contains__(self, id: object) -> bool:
        return super().__contains__(id) or id in self._ids and id not in self._gone

    def __getitem__(self, id: int) -> Object:
        return super().__getitem__(id) if super().__contains__(id) else self.__missing__(id)

    def __missing__(self, id: int) -> Object:
        if id not in self:
            raise KeyError(id)
        chance = random.Random(self._seed * 1_000_003 + self._ids.index(id))
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 12)))
        return shapes.message(str(id), self.channel, self._author, f"{text} {self._ids.index(id)}")

    def get(self, id: int, default: Any = None) -> Any:
        return self[id] if id in self else default

    def pop(self, id: int, default: Any = None) -> Any:
        found = self.get(id, default)
        super().pop(id, None)
        if id in self._ids:
            self._gone.add(id)
        return found

    def ids(self) -> list[int]:
        """All, oldest first."""
        written = [id for id in dict.keys(self) if id not in self._ids]
        return sorted([id for id in self._ids if id not in self._gone] + written)

    def values(self) -> Any:
        return [self[id] for id in self.ids()]

    def before(self, end: int | None, count: int) -> list[int]:
        """The last so many before an id, oldest first."""
        written = sorted(id for id in dict.keys(self) if id not in self._ids and (end is None or id < end))
        chosen: list[int] = []
        place = len(self._ids) if end is None else bisect.bisect_left(self._ids, end)
        while len(chosen) < count and (written or place > 0):
            invented = self._ids[place - 1] if place > 0 else -1
            if written and written[-1] > invented:
                chosen.append(written.pop())
                continue
            place -= 1
            if invented not in self._gone:
                chosen.append(invented)
        return chosen[::-1]

    def some(self, count: int, seed: int) -> list[int]:
        """So many of the past, chosen by chance."""
        there = [id for id in self._ids if id not in self._gone]
        return random.Random(seed).sample(there, min(count, len(there)))
