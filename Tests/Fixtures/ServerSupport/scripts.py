"""What is to go wrong when something happens next."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

from record import Entry


@dataclass
class Script:
    """A fault that waits for something to happen, so many times; None: each time."""

    on: str
    times: int | None
    where: Entry
    fault: Entry
    # With how much probability it strikes, each time; the same each run.
    chance: float = 1.0
    random: random.Random = field(default_factory=lambda: random.Random(0))

    def fits(self, on: str, context: Entry) -> bool:
        return self.on == on and self.times != 0 and all(
            re.fullmatch(str(value), str(context.get(name))) for name, value in self.where.items()) and (
            self.chance >= 1 or self.random.random() < self.chance)


class Scripts:
    def __init__(self) -> None:
        self.scripts: list[Script] = []

    def take(self, on: str, **context: Any) -> Entry | None:
        """The fault to be inflicted now that something happens, if there is one."""
        script = next((script for script in self.scripts if script.fits(on, context)), None)
        if script is None:
            return None
        if script.times is not None:
            script.times -= 1
        return script.fault
