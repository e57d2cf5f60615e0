"""What tests tell this Discord, and ask it, besides what plane.py has for every server.

A script strikes on a connect, hello, identify, resume or request, `where` with path, method, bot, shard. On record are
connect, identify, ready, resume, resumed, refused, heartbeat, presence, voice, members, close_sent, end, request, posted,
edited, deleted, reacted and callback.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import asdict
from typing import Any

import shapes
from connection import Connection
from faults import inflict
from plane import ControlPlane, check_settings
from rest import API
from shapes import Object

# Messages at a rate go out in portions of so many seconds.
PORTION = 0.005


class Control(ControlPlane):
    def __init__(self, api: API, ports: Object) -> None:
        super().__init__(api.record, api.faults)
        self.api, self.ports = api, ports

    async def on_world(self) -> Object:
        """What there is: ports, bots with their tokens, guilds and channels."""
        world = self.api.world
        return {"ports": self.ports, "guilds": list(world.guilds.values()), "channels": list(world.channels.values()),
                "bots": [{**bot.user, "token": bot.token} for bot in world.bots]}

    async def on_settings(self, **changes: Any) -> Object:
        """Changes settings of the gateway."""
        settings = self.api.gateway.settings
        check_settings(settings, changes)
        self.api.gateway.apply("settings", changes)
        self.api.record.keep("settings", **changes)
        return asdict(settings)

    async def on_bot(self, bot: str, token: str | None = None, allowed_intents: int | None = None,
                     identified: int | None = None) -> Object:
        """Changes a bot: its token, its privileged intents, how often it has identified today."""
        found = self.api.world.bot(bot)
        if found is None:
            raise ValueError(f"no bot {bot}")
        intents = found.allowed_intents if allowed_intents is None else allowed_intents
        self.api.world.change("bot", bot=bot, token=token or found.token, allowed_intents=intents)
        if identified is not None:
            self.api.gateway.identifies[bot] = [time.time()] * identified
        return {"remaining": self.api.gateway.remaining(bot)}

    async def on_limit(self, route: str | None = None, limit: int = 50, window: float = 1.0, name: str | None = None,
                       invalid: int | None = None) -> Object:
        """Changes a limit: of a route, of all others ("*"), or of all of a bot (no route). Routes of a name share."""
        change = {"route": route, "limit": limit, "window": window, "name": name, "invalid": invalid}
        self.api.limits.apply("limit", change)
        self.api.record.keep("limit", **change)
        return {}

    async def on_guilds(self, bot: str, count: int = 1) -> list[Object]:
        """Makes guilds; their ids follow on each other, and so do their shards."""
        return [self.api.world.add_guild(bot, f"more{number}") for number in range(count)]

    async def on_channels(self, guild: str, count: int = 1, access: str = "all",
                          more: Object | None = None) -> list[Object]:
        """Makes channels that a bot may use ("all"), only read ("read"), or not see ("none")."""
        return [self.api.world.add_channel(guild, f"more{number}", access, **(more or {})) for number in range(count)]

    async def on_conversation(self, bot: str, person: str) -> Object:
        return self.api.world.conversation(bot, person)

    async def on_webhook(self, channel: str) -> Object:
        world = self.api.world
        hook = shapes.webhook(world.ids.next(), secrets.token_urlsafe(51), world.channels[channel])
        world.change("webhook", webhook=hook)
        return hook

    async def on_interaction(self, bot: str, channel: str, name: str = "hello") -> Object:
        """Somebody uses a slash command of a bot's."""
        world = self.api.world
        id, token, user = world.ids.next(), secrets.token_urlsafe(60), world.person(None)
        place = world.channels[channel]
        self.api.interactions[id] = {"id": id, "token": token, "application_id": bot, "channel_id": channel,
                                     "bot": world.people[bot]}
        self.api.gateway.emit("INTERACTION_CREATE", {
            "id": id, "application_id": bot, "type": 2, "token": token, "version": 1, "channel_id": channel,
            "channel": place, "guild_id": place.get("guild_id"), "member": shapes.member(user), "locale": "en-US",
            "data": {"id": "1", "name": name, "type": 1}, "entitlements": [], "app_permissions": "0"}, place)
        return {"id": id, "token": token}

    async def on_say(self, channel: str, content: str = "hello", author: str | None = None, name: str | None = None,
                     count: int = 1, rate: float | None = None, more: Object | None = None) -> Object:
        """Somebody writes a message, or many: `{n}` in the content is the number; at a rate a second, if given."""
        person, ids = self.api.world.person(author, name), []
        began = time.monotonic()
        for number in range(count):
            if rate and (ahead := number / rate - (time.monotonic() - began)) > PORTION:
                await asyncio.sleep(ahead)
            elif number % 100 == 99:
                await asyncio.sleep(0)
            text = content.replace("{n}", str(number))
            ids.append(self.api.world.write(channel, person, text, **(more or {}))["id"])
        return {"ids": ids}

    async def on_past(self, channel: str, count: int, seed: int = 0, age: float = 86400.0) -> Object:
        """Has messages stand in a channel that were written a second apart, up to so many seconds ago; nobody is told."""
        # Channels that are given a past in the same millisecond have messages of their own all the same.
        last = (int((time.time() - age) * 1000 - shapes.EPOCH) << 22) + list(self.api.world.channels).index(channel)
        self.api.world.change("past", channel=channel, count=count, last=last, seed=seed)
        return {}

    async def on_churn(self, channel: str, edits: int = 0, deletions: int = 0, seed: int = 0) -> Object:
        """Messages of a channel's past, chosen by chance, are edited or deleted, and that is told."""
        world, messages = self.api.world, self.api.world.messages[channel]
        for id in messages.some(deletions, seed):
            world.delete(channel, [str(id)])
        for id in messages.some(edits, seed + 1):
            world.edit(messages[id], content=f"edited {seed} {id}")
        return {}

    async def on_truth(self, channel: str) -> list[list[str]]:
        """What stands in a channel, by id and text, the oldest first."""
        return [[message["id"], message["content"]] for message in self.api.world.messages[channel].values()]

    async def on_edit(self, channel: str, message: str, content: str) -> Object:
        return self.api.world.edit(self.api.world.messages[channel][int(message)], content=content)

    async def on_delete(self, channel: str, messages: list[str]) -> Object:
        self.api.world.delete(channel, messages)
        return {}

    async def on_emit(self, t: str, d: Any, bot: str | None = None, shard: int | None = None, count: int = 1) -> Object:
        """Dispatches an event as it is given, to all sessions of a bot or shard."""
        sessions = [session for session in self.api.gateway.sessions.values()
                    if bot in (None, session.bot.user["id"]) and shard in (None, session.shard[0])]
        for _ in range(count):
            for session in sessions:
                self.api.gateway.push(session, t, d)
        return {"sessions": len(sessions)}

    async def on_fault(self, kind: str, bot: str | None = None, shard: int | None = None, **more: Any) -> Object:
        """Inflicts a fault on all connections, or those of a bot or shard; see faults.py."""
        hit = [connection for connection in list(self.api.gateway.connections) if self._is(connection, bot, shard)]
        for connection in hit:
            inflict(connection, {"kind": kind, **more})
        return {"connections": len(hit)}

    @staticmethod
    def _is(connection: Connection, bot: str | None, shard: int | None) -> bool:
        session = connection.session
        return (bot is None or session is not None and session.bot.user["id"] == bot) and (
            shard is None or session is not None and session.shard[0] == shard)

    async def on_expire(self, bot: str | None = None) -> Object:
        """Ends all sessions, or those of a bot, without a word."""
        for session in list(self.api.gateway.sessions.values()):
            if bot in (None, session.bot.user["id"]):
                self.api.gateway.end(session)
        return {}

    async def on_sessions(self) -> list[Object]:
        return [{"id": session.id, "bot": session.bot.user["id"], "shard": session.shard[0], "shards": session.shard[1],
                 "s": session.sequence, "is_connected": session.connection is not None}
                for session in self.api.gateway.sessions.values()]

    async def on_messages(self, channel: str) -> list[Object]:
        """What stands in a channel, the oldest first."""
        return list(self.api.world.messages[channel].values())

    async def on_counts(self) -> Object:
        """How many of each kind have been received, requests of each status, and 429 of each scope."""
        counts = {kind: len(entries) for kind, entries in self.api.record.entries.items()}
        requests = self.api.record.entries["request"]
        statuses = [str(request["status"]) for request in requests]
        scopes = [request["scope"] or "cloudflare" for request in requests if request["status"] == 429]
        return {"kinds": counts, "statuses": {status: statuses.count(status) for status in set(statuses)},
                "scopes": {scope: scopes.count(scope) for scope in set(scopes)}}

    async def on_violations(self) -> Object:
        """What of the requests, and of the answers, Discord's OpenAPI document does not allow."""
        found = [f"{request['method']} {request['path']}: {text}"
                 for request in self.api.record.entries["request"] for text in request["violations"]]
        return {"is_checked": self.api.document is not None, "violations": found}
