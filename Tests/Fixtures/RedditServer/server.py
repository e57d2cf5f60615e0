"""A Reddit for tests, on loopback: www.reddit.com, where tokens are from, and oauth.reddit.com, in one process.

    server.py [--port N] [--control-port N] [--tls CERTIFICATES] [--state FILE] [--account NAME]... [--subreddit NAME]
              [--expires-in SECONDS] [--allowance N --window SECONDS] [--replay PLACE... [--placeholder NAME=VALUE]]

Tests start it with --tests: it says in one line of JSON where it listens and who may log in, and ends with its
standard input. A person starts it without, is told what to log in with, and ends it with Ctrl-C:

    python3 Tests/Fixtures/RedditServer/server.py --port 8766
    curl -d '{"subreddit": "testing", "title": "hello"}' http://127.0.0.1:CONTROL/say

There are accounts, each with an app of its own for scripts, an app for the web, and some subreddits; people write what
they are told to over the control port: control.py has what can be said and asked there, faults.py what can go wrong.
With --state the server can be killed and started again on its port, and has lost nothing: no thing, no token, no mail.
With --replay it answers from recordings alone, and says on the control port what was asked that is not recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses

import support  # noqa: F401, which finds some of the following

import editing  # noqa: F401, which registers its routes
import faults as wrong
import inbox  # noqa: F401
import listings  # noqa: F401
import posting  # noqa: F401
import trees  # noqa: F401
from control import Control
from limits import Limits
from oauth import Tokens
from program import Server, arguments, run
from record import Record
from replay import Recordings
from rest import API, plain_path
from scripts import Scripts
from settings import Settings
from web import Answer, Request
from world import World

ACCOUNTS = ["testbot_0", "testbot_1"]


class Reddit(Server):
    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.record = Record(options.state)
        settings = Settings(expires_in=options.expires_in, allowance=options.allowance, window=options.window)
        world = World(self.record, settings, options.account or ACCOUNTS, options.subreddit or [])
        tokens = Tokens(self.record, world, settings)
        for kind, state in self.record.load():
            world.apply(kind, state)
            tokens.apply(kind, state)
            if kind == "settings":
                for name, value in state.items():
                    setattr(settings, name, value)
        world.listed.update(entry["name"] for entry in self.record.entries["listed"])
        self.api = API(world, tokens, self.record, Scripts(), Limits(settings), settings)
        placeholders = dict(pair.split("=", 1) for pair in options.placeholder or [])
        self.recordings = Recordings(options.replay, placeholders) if options.replay else None
        self.control = Control(self.api, self.said, self.recordings)

    async def start(self) -> None:
        await super().start()
        base, world = f"http://127.0.0.1:{self.said['plain']}", self.api.world
        self.said |= {"reddit_url": base, "oauth_url": base, "apps": list(world.apps.values()),
                      "accounts": list(world.accounts.values()),
                      "subreddits": [subreddit["name"] for subreddit in world.subreddits.values()]}

    async def serve(self, request: Request, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        delivery = await (self._replayed(request) if self.recordings else self.api.serve(request))
        return await delivery.send(writer) and not request.is_last

    async def _replayed(self, request: Request) -> wrong.Delivery:
        """What was recorded, and what goes wrong with it."""
        assert self.recordings
        path = plain_path(request.path)
        fault = self.api.faults.take("request", method=request.method, path=path) or {"kind": "none"}
        await wrong.before(fault)
        answer, violations = wrong.given(fault), []
        if answer is None and fault["kind"] not in wrong.UNHEARD:
            found = self.recordings.answer(request)
            violations = [] if found else [f"not recorded: {request.target}"]
            # A copy, since it may be spoilt.
            answer = dataclasses.replace(found, headers={}) if found else Answer(
                404, {"message": "Not Found", "error": 404})
            wrong.after(fault, answer)
        self.record.add("request", method=request.method, path=path, query=request.query, fault=fault["kind"],
                        form=request.form if request.method == "POST" else {}, status=answer and answer.status,
                        violations=violations)
        return wrong.Delivery(answer, fault)

    def instructions(self) -> str:
        says = [f"reddit_url and oauth_url: {self.said['reddit_url']}, control on 127.0.0.1:{self.said['control']}", ""]
        says += [", ".join(f"{name} {value}" for name, value in account.items()) for account in self.said["accounts"]]
        says += ["", "subreddits: " + ", ".join(self.said["subreddits"])]
        return "\n".join(says)


if __name__ == "__main__":
    usual = Settings()
    parser = arguments("A Reddit for tests, on loopback.")
    parser.add_argument("--account", action="append", help="who may log in; once for each")
    parser.add_argument("--subreddit", action="append", help="a public one, instead of the usual; once for each")
    parser.add_argument("--expires-in", type=int, default=usual.expires_in, help="how many seconds a token is good for")
    parser.add_argument("--allowance", type=int, default=usual.allowance, help="how many calls in a window")
    parser.add_argument("--window", type=float, default=usual.window, help="how many seconds that is")
    parser.add_argument("--replay", nargs="+", metavar="PLACE", help="recordings, or directories of them")
    parser.add_argument("--placeholder", action="append", metavar="NAME=VALUE", help="what <NAME> stands for in them")
    run(Reddit, parser)
