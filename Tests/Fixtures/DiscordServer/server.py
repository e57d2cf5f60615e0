"""A Discord for tests, on loopback: REST under /api/v10, and the gateway, in one process.

    server.py [--port N] [--control-port N] [--tls CERTIFICATES] [--state FILE] [--token TOKEN]... [--openapi FILE]
              [--replay FILE]

Tests start it with --tests: it says which ports it listens on in one line of JSON, and ends with its standard input.
A person starts it without, is told what to write into plugins.yml, and ends it with Ctrl-C:

    python3 Tests/Fixtures/DiscordServer/server.py --port 8765
    curl -d '{"channel": "343597383680000000", "content": "hello"}' http://127.0.0.1:CONTROL/say

There are a bot for each token (two, if none is given), each in a guild with two channels, and people who say what
they are told to over the control port: control.py has what can be said and asked there, faults.py what can go wrong.
With --state the server can be killed and started again on its port, and has lost nothing: not a message, not a session.
With --replay every session is sent the frames of a file (see frames.py), as fast as it reads.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import Any

import support  # noqa: F401, which finds some of the following

import compression
import connection
import messages  # noqa: F401, which registers its routes
import routes  # noqa: F401
import websocket
from control import Control
from faults import Faults
from gateway import Gateway, Settings
from limits import Limits
from openapi import Document
from program import Server, arguments, run
from record import Record
from replay import replay
from rest import API
from web import Answer, Request
from world import World


class Discord(Server):
    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.record = Record(options.state)
        self.faults = Faults()
        self.gateway = Gateway(self.record, Settings())
        tokens = options.token or [World.token(0), World.token(1)]
        self.world = self.gateway.world = World(self.record, tokens, self.gateway.emit)
        document = Document(options.openapi) if options.openapi and os.path.exists(options.openapi) else None
        self.api = API(self.world, self.gateway, self.record, self.faults, Limits(), document)
        for kind, state in self.record.load():
            self.world.apply(kind, state)
            self.gateway.apply(kind, state)
            self.api.limits.apply(kind, state)
        self.control = Control(self.api, self.said)

    async def serve(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        host = "https://localhost" if writer.get_extra_info("sslcontext") else "http://127.0.0.1"
        base = f"{host}:{writer.get_extra_info('sockname')[1]}"
        if request.headers.get("upgrade", "").lower() == "websocket":
            await self._serve_gateway(request, reader, writer, base.replace("http", "ws", 1))
            return False
        if found := self.world.files.get(request.path):
            answer: Answer | None = Answer(200, found[1], {"Content-Type": found[0]})
        else:
            answer = await self.api.serve(request, base)
        if answer is None:
            return False
        writer.write(answer.encoded())
        await writer.drain()
        return not request.is_last

    async def _serve_gateway(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                             base: str) -> None:
        compressor = compression.compression(request.query.get("compress"))
        link = connection.Connection(self.gateway, self.faults, reader, writer, base, compressor or compression.Plain())
        fault = self.faults.take("connect", path=request.path)
        if fault:
            self.record.add("refused_connect", path=request.path, kind=fault["kind"])
        match fault and fault["kind"]:
            case "reset":
                return link.reset()
            case "hang":
                await reader.read()
                return
            case "status":
                writer.write(Answer(fault["status"], b"no\n").encoded())  # type: ignore[index]
                return
        answer = websocket.accept(request)
        writer.write(answer.encoded())
        if answer.status != 101:
            return
        if self.options.replay:
            return await replay(self.options.replay, self.record, reader, writer)
        await link.run(request)

    def instructions(self) -> str:
        base, channels = f"127.0.0.1:{self.said['plain']}", list(self.world.channels.values())
        says: list[Any] = [f"REST and gateway on {base}, control on 127.0.0.1:{self.said['control']}. In plugins.yml:",
                           "", f"    grants: {{ net.dial: ['{base}'], ... }}",
                           f"    config: {{ api: 'http://{base}/api/v10' }}", ""]
        says += [f"{bot.user['username']}'s token: {bot.token}" for bot in self.world.bots]
        says += [f"channel {channel['id']}: {channel.get('name')} of {self.world.guilds[channel['guild_id']]['name']}"
                 for channel in channels if "guild_id" in channel]
        return "\n".join(says)


if __name__ == "__main__":
    parser = arguments("A Discord for tests, on loopback.")
    parser.add_argument("--token", action="append", help="of a bot; once for each")
    parser.add_argument("--openapi", metavar="FILE", help="Discord's document, which requests are held to")
    parser.add_argument("--replay", metavar="FILE", help="frames to be sent to every session")
    run(Discord, parser)
