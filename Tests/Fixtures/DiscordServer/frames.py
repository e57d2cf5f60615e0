"""Writes the frames of a session for `server.py --replay`: Hello, READY, GUILD_CREATE and N times MESSAGE_CREATE.

    frames.py FILE N [zlib|zstd]

They are WebSocket frames of one compressed stream, as a gateway sends them: messages of about 0.9 kB, of varied content.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any, Iterator

import support  # noqa: F401, which finds some of the following

import shapes
import websocket
from compression import compression
from shapes import fixed_id

COMMON = ("the a of to and in is you that it he was for on are as with his they at be this have from or one had by "
          "word but not what all were we when your can said there use an each which she do how their if will up other "
          "about out many then them these so some her would make like him into time has look two more write go see "
          "naïve café Grüße 東京 привет 🙂 https://example.com/a?b=c **bold** `code` <@85899345920000000>").split()
SYLLABLES = "ka no ri ta mel bor un est vi ga lo per sin dra que fi tor em wa chi".split()
# As seldom as a client takes for sensible.
INTERVAL = 600_000


def events(count: int) -> Iterator[tuple[str, Any]]:
    """READY, the guild, and messages of many authors in ten channels; the same each time."""
    chance = random.Random(1)
    bot, guild = shapes.user(fixed_id(shapes.BOTS, 0), "bot0", bot=True), fixed_id(shapes.GUILDS, 0)
    channels = [shapes.channel(fixed_id(shapes.CHANNELS, number), guild, f"c{number}", number) for number in range(10)]
    people = [shapes.user(fixed_id(shapes.PEOPLE, number), f"person{number}") for number in range(500)]
    yield "READY", {
        "v": 10, "user": shapes.own_user(bot), "session_type": "normal", "guilds": [{"id": guild, "unavailable": True}],
        "session_id": "0" * 32, "resume_gateway_url": "ws://127.0.0.1:1/resume", "shard": [0, 1],
        "application": {"id": bot["id"], "flags": 0}, "private_channels": [], "relationships": [], "presences": []}
    yield "GUILD_CREATE", shapes.guild_create(shapes.guild(guild, "guild0"), channels, [bot, people[0]])
    rare = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(5000)]
    first = int(fixed_id(5, 0))
    for _ in range(count):
        text = " ".join(chance.choice(chance.choice((COMMON, rare))) for _ in range(chance.randint(5, 45)))
        first += chance.randint(1 << 20, 1 << 34)
        channel = chance.choice(channels)["id"]
        message = shapes.message(str(first), channel, chance.choice(people), text)
        yield "MESSAGE_CREATE", {**message, "guild_id": guild, "member": shapes.member()}


def write(path: str, count: int, name: str = "zlib") -> None:
    stream = compression(f"{name}-stream")
    assert stream, name

    def framed(payload: Any) -> bytes:
        text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        return websocket.frame(websocket.BINARY, stream.compress(text))

    with open(path, "wb") as file:
        file.write(framed({"t": None, "s": None, "op": 10, "d": {"heartbeat_interval": INTERVAL}}))
        for sequence, (name, data) in enumerate(events(count), 1):
            file.write(framed({"t": name, "s": sequence, "op": 0, "d": data}))


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
