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
import json
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
from listening import Serve, certified, end_with_standard_input, listen
from openapi import Document
from record import Record
from replay import replay
from rest import API
from web import Answer, Request
from world import World


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
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
        self.ports: dict[str, int] = {}
        self.control = Control(self.api, self.ports)

    async def start(self) -> None:
        self.ports["plain"] = await listen(self.options.port, self._serve("http://127.0.0.1"))
        self.ports["control"] = await listen(self.options.control_port, self.control.connection)
        if self.options.tls:
            context = certified(self.options.tls)
            self.ports["secure"] = await listen(self.options.tls_port, self._serve("https://localhost"), context)

    def _serve(self, host: str) -> Serve:
        async def serve(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
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
            return request.headers.get("connection", "").lower() != "close"
        return serve

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
        """What a person who has started the server wants to know."""
        base, channels = f"127.0.0.1:{self.ports['plain']}", list(self.world.channels.values())
        says: list[Any] = [f"REST and gateway on {base}, control on 127.0.0.1:{self.ports['control']}. In plugins.yml:",
                           "", f"    grants: {{ net.dial: ['{base}'], ... }}",
                           f"    config: {{ api: 'http://{base}/api/v10' }}", ""]
        says += [f"{bot.user['username']}'s token: {bot.token}" for bot in self.world.bots]
        says += [f"channel {channel['id']}: {channel.get('name')} of {self.world.guilds[channel['guild_id']]['name']}"
                 for channel in channels if "guild_id" in channel]
        return "\n".join(says)


async def main() -> None:
    parser = argparse.ArgumentParser(description="A Discord for tests, on loopback.")
    parser.add_argument("--port", type=int, default=0, help="of REST and gateway; 0: the kernel picks one")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--tls", metavar="DIRECTORY", help="speak TLS too, with its good.pem and good.key")
    parser.add_argument("--state", metavar="FILE", help="where everything is kept that a killed server must know")
    parser.add_argument("--token", action="append", help="of a bot; once for each")
    parser.add_argument("--openapi", metavar="FILE", help="Discord's document, which requests are held to")
    parser.add_argument("--replay", metavar="FILE", help="frames to be sent to every session")
    parser.add_argument("--tests", action="store_true", help="say the ports in JSON, and end with standard input")
    server = Server(parser.parse_args())
    await server.start()
    if not server.options.tests:
        print(server.instructions(), flush=True)
        await asyncio.Event().wait()
    print(json.dumps(server.ports), flush=True)
    await end_with_standard_input()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
