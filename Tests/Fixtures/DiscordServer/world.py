"""What there is on this Discord: bots, people, guilds, channels, messages.

Every change is kept, and what Discord tells of it is told to sessions.
"""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from typing import Any, Callable

import shapes
from past import Messages
from record import Record
from shapes import Object, fixed_id

# "The past few minutes", for which a nonce stands for its message.
NONCE_LIFETIME = 300.0
MESSAGE_CONTENT = 1 << 15
MENTION = re.compile(r"<@!?(\d+)>")


@dataclass
class Bot:
    """A bot, its token, and which privileged intents its owner has switched on."""

    token: str
    user: Object
    allowed_intents: int


def masked(message: Object, reader: str) -> Object:
    """A message of a guild as a bot without the intent for content may see it, unless it is its own or mentions it."""
    if message["author"]["id"] == reader or any(user["id"] == reader for user in message["mentions"]):
        return message
    return {**message, "content": "", "embeds": [], "attachments": [], "components": []}


class World:
    def __init__(self, record: Record, tokens: list[str], emit: Callable[[str, Object, Object], None]) -> None:
        """Starts with a bot for each token, in a guild of its own with two channels.

        `emit` takes the name of an event, its data, and the channel or guild it is of.
        """
        self._record, self._emit = record, emit
        self.ids = shapes.Snowflakes()
        self.bots: list[Bot] = []
        self.people: dict[str, Object] = {}
        self.guilds: dict[str, Object] = {}
        self.members: dict[str, list[str]] = {}
        self.channels: dict[str, Object] = {}
        # Of a channel: "all", "read" or "none"; of a conversation: the bot's id.
        self.access: dict[str, str] = {}
        self.companions: dict[str, str] = {}
        self.messages: dict[str, Messages] = {}
        self.nonces: dict[tuple[str, str], tuple[str, float]] = {}
        self.webhooks: dict[str, Object] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        for name in ("ada", "grace", "barbara"):
            self._person(shapes.user(fixed_id(shapes.PEOPLE, len(self.people)), name))
        for number, token in enumerate(tokens):
            bot = shapes.user(fixed_id(shapes.BOTS, number), f"bot{number}", bot=True)
            self._person(bot)
            self.bots.append(Bot(token, bot, 1 << 1 | 1 << 8 | 1 << 15))
            self.apply("guild", {"guild": shapes.guild(fixed_id(shapes.GUILDS, number), f"guild{number}"),
                                 "bot": bot["id"]})
            for position, name in enumerate(("general", "random")):
                id = fixed_id(shapes.CHANNELS, number * 2 + position)
                channel = shapes.channel(id, fixed_id(shapes.GUILDS, number), name, position)
                self.apply("channel", {"channel": channel, "access": "all"})

    @staticmethod
    def token(number: int) -> str:
        """The token of a bot that was given none: shaped as Discord's, the id first."""
        id = base64.urlsafe_b64encode(fixed_id(shapes.BOTS, number).encode()).decode().rstrip("=")
        return f"{id}.Gtests.{'x' * 37}{number}"

    def apply(self, kind: str, state: Object) -> None:
        """Makes a change of state, also one that was kept by the server before this one."""
        match kind:
            case "guild":
                self.guilds[state["guild"]["id"]] = state["guild"]
                self.members[state["guild"]["id"]] = [*list(self.people)[:3], state["bot"]]
            case "channel":
                id = state["channel"]["id"]
                self.channels[id], self.access[id] = state["channel"], state["access"]
                self.messages.setdefault(id, Messages(id))
                if "companion" in state:
                    self.companions[id] = state["companion"]
            case "message":
                message = state["message"]
                self.messages[message["channel_id"]][int(message["id"])] = message
                self.channels[message["channel_id"]]["last_message_id"] = message["id"]
                self.ids.last = max(self.ids.last, int(message["id"]))
                if "nonce" in message:
                    key = message["author"]["id"], str(message["nonce"])
                    self.nonces[key] = message["id"], shapes.EPOCH / 1000 + (int(message["id"]) >> 22) / 1000
            case "bot":
                if bot := self.bot(state["bot"]):
                    bot.token, bot.allowed_intents = state["token"], state["allowed_intents"]
            case "file":
                self.files[state["path"]] = state["type"], base64.b64decode(state["data"])
            case "deleted":
                for id in state["ids"]:
                    self.messages[state["channel"]].pop(int(id), None)
            case "past":
                person = self.person(None)
                self.messages[state["channel"]].invent(state["count"], state["last"], state["seed"], person)
                self.channels[state["channel"]]["last_message_id"] = str(state["last"])
            case "webhook":
                self.webhooks[state["webhook"]["id"]] = state["webhook"]

    def change(self, kind: str, /, **state: Any) -> None:
        self.apply(kind, state)
        self._record.keep(kind, **state)

    def _person(self, user: Object) -> Object:
        return self.people.setdefault(user["id"], user)

    def person(self, id: str | None, name: str | None = None) -> Object:
        """Somebody known, or made known by this; ada if nobody is named."""
        if id in self.people:
            return self.people[id]
        return self._person(shapes.user(id or fixed_id(shapes.PEOPLE, 0), name or f"person{id}"))

    def bot(self, id: str) -> Bot | None:
        return next((bot for bot in self.bots if bot.user["id"] == id), None)

    def add_guild(self, bot: str, name: str) -> Object:
        guild = shapes.guild(fixed_id(shapes.GUILDS, len(self.guilds)), name)
        self.change("guild", guild=guild, bot=bot)
        return guild

    def add_channel(self, guild: str, name: str, access: str = "all", **more: Any) -> Object:
        channel = shapes.channel(fixed_id(shapes.CHANNELS, len(self.channels)), guild, name, len(self.channels)) | more
        self.change("channel", channel=channel, access=access)
        return channel

    def conversation(self, bot: str, person: str) -> Object:
        """The direct messages between a bot and somebody."""
        for id, companion in self.companions.items():
            if companion == bot and self.channels[id]["recipients"][0]["id"] == person:
                return self.channels[id]
        channel = shapes.conversation(fixed_id(shapes.CHANNELS, len(self.channels)), self.person(person))
        self.change("channel", channel=channel, access="all", companion=bot)
        return channel

    def add_file(self, path: str, media_type: str, data: bytes) -> None:
        self.change("file", path=path, type=media_type, data=base64.b64encode(data).decode())

    def can_see(self, bot: str, channel: Object) -> bool:
        if "guild_id" not in channel:
            return self.companions.get(channel["id"]) == bot
        return self.access[channel["id"]] != "none" and bot in self.members[channel["guild_id"]]

    def guilds_of(self, bot: str) -> list[Object]:
        return [guild for id, guild in self.guilds.items() if bot in self.members[id]]

    def channels_of(self, guild: str) -> list[Object]:
        return [channel for channel in self.channels.values() if channel.get("guild_id") == guild]

    def known(self, author: str, nonce: str) -> Object | None:
        """The message that this author's nonce stands for."""
        id, at = self.nonces.get((author, nonce), ("0", 0.0))
        if time.time() - at > NONCE_LIFETIME:
            return None
        return next((by_id[int(id)] for by_id in self.messages.values() if int(id) in by_id), None)

    def write(self, channel: str, author: Object, content: str, allowed: Object | None = None,
              also_mentioned: Object | None = None, **more: Any) -> Object:
        """A new message, told to all who may see it."""
        message = shapes.message(self.ids.next(), channel, author, content)
        message |= self._mentions(content, allowed) | more
        if also_mentioned and also_mentioned not in message["mentions"]:
            message["mentions"].append(also_mentioned)
        self.change("message", message=message)
        self.tell("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Object, **changes: Any) -> Object:
        if "content" in changes:
            changes |= self._mentions(changes["content"], None)
        edited = {**message, **changes, "edited_timestamp": shapes.timestamp()}
        self.change("message", message=edited)
        self.tell("MESSAGE_UPDATE", edited)
        return edited

    def delete(self, channel: str, ids: list[str]) -> None:
        self.change("deleted", channel=channel, ids=ids)
        place = {name: value for name, value in (
            ("channel_id", channel), ("guild_id", self.channels[channel].get("guild_id"))) if value}
        if len(ids) == 1:
            self._emit("MESSAGE_DELETE", {"id": ids[0], **place}, self.channels[channel])
        else:
            self._emit("MESSAGE_DELETE_BULK", {"ids": ids, **place}, self.channels[channel])

    def tell(self, event: str, data: Object) -> None:
        """Emits what is of a channel, with what the gateway adds: the guild, and its author as a member."""
        channel = self.channels[data["channel_id"]]
        if "guild_id" in channel:
            data = {**data, "guild_id": channel["guild_id"]}
            if "author" in data and "webhook_id" not in data:
                data["member"] = shapes.member()
        self._emit(event, data, channel)

    def _mentions(self, content: str, allowed: Object | None) -> Object:
        """Whom a text mentions, as far as that was allowed."""
        parse = ["users", "everyone"] if allowed is None else allowed.get("parse") or []
        listed = (allowed or {}).get("users") or []
        ids = [id for id in dict.fromkeys(MENTION.findall(content)) if "users" in parse or id in listed]
        return {"mentions": [self.person(id) for id in ids],
                "mention_everyone": "everyone" in parse and bool(re.search("@(everyone|here)", content))}
