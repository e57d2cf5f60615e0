"""discord.py as a client of the server: the proof that the server is like Discord, and what benchmarks compare with.

    peer.py PORT TOKEN [--compress zlib|zstd] [--count N]

It answers each message "ping X" with "pong X", until its standard input ends. With --count it takes in N messages
instead, and prints what that took: events, seconds, CPU seconds, and the resident set in kilobytes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("token")
parser.add_argument("--compress", choices=["zlib", "zstd"], default="zlib")
parser.add_argument("--count", type=int)
options = parser.parse_args()

if options.compress == "zlib":
    # It takes zstd where there is a decoder; now there is none.
    sys.modules["zstandard"] = None  # type: ignore[assignment]

import discord  # noqa: E402
import yarl  # noqa: E402

discord.http.Route.BASE = f"http://127.0.0.1:{options.port}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{options.port}/gateway")
assert discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE == f"{options.compress}-stream"

intents = discord.Intents.default()
intents.message_content = True


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Peer(discord.Client):
    seen = 0
    began = 0.0
    began_cpu = 0.0

    async def on_message(self, message: discord.Message) -> None:
        if options.count is None:
            if message.author != self.user and message.content.startswith("ping "):
                assert message.guild and isinstance(message.author, discord.Member)
                await message.channel.send("pong " + message.content.removeprefix("ping "))
            return
        if self.seen == 0:
            self.began, self.began_cpu = time.monotonic(), cpu()
        self.seen += 1
        if self.seen == options.count:
            print(json.dumps({
                "events": self.seen, "seconds": time.monotonic() - self.began, "cpu": cpu() - self.began_cpu,
                "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)
            await self.close()


async def main() -> None:
    async with Peer(intents=intents, max_messages=None) as client:
        running = asyncio.create_task(client.start(options.token))
        # Nothing is ever written to its standard input: it can be read when it has ended.
        asyncio.get_running_loop().add_reader(sys.stdin, running.cancel)
        try:
            await running
        except asyncio.CancelledError:
            pass


asyncio.run(main())
