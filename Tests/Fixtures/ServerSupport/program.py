"""A server as a program: what all of them are told, where they listen, and how they end."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from typing import Any, Callable

from listening import certified, listen
from plane import ControlPlane
from web import Request


class Server:
    """A server adds what it serves, what it is told besides, and what it says of itself."""

    control: ControlPlane

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        # What the tests are told: where it listens, and whatever a server adds.
        self.said: dict[str, Any] = {}

    async def serve(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers a request; whether the connection goes on."""
        raise NotImplementedError

    def instructions(self) -> str:
        """What a person who has started the server wants to know."""
        raise NotImplementedError

    async def start(self) -> None:
        self.said["plain"] = await listen(self.options.port, self.serve)
        self.said["control"] = await listen(self.options.control_port, self.control.connection)
        if self.options.tls:
            self.said["secure"] = await listen(self.options.tls_port, self.serve, certified(self.options.tls))


def arguments(description: str) -> argparse.ArgumentParser:
    """What every server is told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="where it is reached; 0: the kernel picks one")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--tls", metavar="DIRECTORY", help="speak TLS too, with its good.pem and good.key")
    parser.add_argument("--state", metavar="FILE", help="where everything is kept that a killed server must know")
    parser.add_argument("--tests", action="store_true", help="say all that in JSON, and end with standard input")
    return parser


async def _run(server: Server) -> None:
    await server.start()
    if not server.options.tests:
        print(server.instructions(), flush=True)
        await asyncio.Event().wait()
    print(json.dumps(server.said), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    # At once, whatever still waits: the tests are over.
    os._exit(0)


def run(server: Callable[[argparse.Namespace], Server], parser: argparse.ArgumentParser) -> None:
    """Runs a server until the tests end that have started it, or a person presses Ctrl-C."""
    async def main() -> None:
        await _run(server(parser.parse_args()))

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
