"""Sessions of the gateway, which outlive their connections: who sees which event, and what is sent again."""

from __future__ import annotations

import collections
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from record import Record
from shapes import Object, guild_create, own_user
from world import MESSAGE_CONTENT, Bot, World, masked

if TYPE_CHECKING:
    from connection import Connection

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
# Which intent an event needs: in a guild, in a conversation. What is not listed needs none.
INTENTS = {
    "GUILD": (GUILDS, 0), "CHANNEL": (GUILDS, 0), "THREAD": (GUILDS, 0), "GUILD_MEMBER": (1 << 1, 0),
    "MESSAGE": (GUILD_MESSAGES, DIRECT_MESSAGES), "MESSAGE_REACTION": (1 << 10, 1 << 13),
    "TYPING": (1 << 11, 1 << 14), "PRESENCE": (1 << 8, 0), "GUILD_MEMBERS_CHUNK": (0, 0)}
# More than any test lets wait; a session that is further behind is lost.
BUFFERED_EVENTS = 200_000


@dataclass
class Settings:
    """What tests change: times are in seconds."""

    heartbeat_interval: float = 41.25
    max_concurrency: int = 1
    identify_interval: float = 5.0
    identify_total: int = 1000
    shards: int = 1
    sharding_required: bool = False
    session_lifetime: float = 120.0
    # Where READY tells sessions to be resumed, instead of the true place.
    resume_url: str | None = None
    # A compressed message is cut into frames of so many bytes.
    frame_bytes: int | None = None


@dataclass
class Session:
    id: str
    bot: Bot
    shard: tuple[int, int]
    intents: int
    sequence: int = 0
    events: collections.deque[tuple[int, str]] = field(
        default_factory=lambda: collections.deque(maxlen=BUFFERED_EVENTS))
    connection: Connection | None = None
    left_at: float = field(default_factory=time.time)

    def wants(self, event: str, data: Object, place: Object) -> bool:
        """Whether an event of a guild, or of none, is for this session."""
        guild = data.get("guild_id") or place.get("guild_id")
        shard, shards = self.shard
        if guild and (int(guild) >> 22) % shards != shard or not guild and shard != 0:
            return False
        matching = max((name for name in INTENTS if event.startswith(name)), key=len, default=None)
        needed = INTENTS[matching][0 if guild else 1] if matching else 0
        return needed == 0 or bool(self.intents & needed)

    def visible(self, event: str, data: Object) -> Object:
        """The data as this bot may see it: another's nonce never, another's content only with the intent."""
        if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or "author" not in data:
            return data
        own = self.bot.user["id"]
        if data["author"]["id"] == own:
            return data
        data = {name: value for name, value in data.items() if name != "nonce"}
        is_hidden = "guild_id" in data and not self.intents & MESSAGE_CONTENT
        return masked(data, own) if is_hidden else data


class Gateway:
    def __init__(self, record: Record, settings: Settings) -> None:
        self.record, self.settings = record, settings
        self.world: World
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.identifies: dict[str, list[float]] = collections.defaultdict(list)
        self.last_identify: dict[tuple[str, int], float] = {}
        self.members_asked: dict[str, float] = {}

    def apply(self, kind: str, state: Object) -> None:
        """Takes in what the server before this one has kept."""
        match kind:
            case "session":
                bot = self.world.bot(state["bot"])
                if bot:
                    shard = (state["shard"][0], state["shard"][1])
                    self.sessions[state["id"]] = Session(state["id"], bot, shard, state["intents"])
            case "event":
                if session := self.sessions.get(state["session"]):
                    session.sequence = state["s"]
                    session.events.append((state["s"], state["text"]))
            case "ended":
                self.sessions.pop(state["session"], None)
            case "settings":
                for name, value in state.items():
                    setattr(self.settings, name, value)
            case "identified":
                self.identifies[state["bot"]].append(state["at"])

    def remaining(self, bot: str) -> int:
        """How many times a bot may still identify within a day."""
        day_ago = time.time() - 86400
        self.identifies[bot] = [at for at in self.identifies[bot] if at > day_ago]
        return max(0, self.settings.identify_total - len(self.identifies[bot]))

    def may_identify(self, bot: str, shard: int) -> bool:
        """Counts an Identify; whether its key of max_concurrency was free."""
        now, key = time.time(), (bot, shard % self.settings.max_concurrency)
        self.identifies[bot].append(now)
        self.record.keep("identified", bot=bot, at=now)
        if now - self.last_identify.get(key, 0.0) < self.settings.identify_interval:
            return False
        self.last_identify[key] = now
        return True

    def begin(self, connection: Connection, bot: Bot, shard: tuple[int, int], intents: int) -> Session:
        """A new session: READY, then the guilds one by one."""
        session = Session(secrets.token_hex(16), bot, shard, intents, connection=connection)
        self.sessions[session.id] = session
        self.record.keep("session", id=session.id, bot=bot.user["id"], shard=shard, intents=intents)
        all_guilds = self.world.guilds_of(bot.user["id"])
        guilds = [guild for guild in all_guilds if (int(guild["id"]) >> 22) % shard[1] == shard[0]]
        self.push(session, "READY", {
            "v": 10, "user": own_user(bot.user), "session_type": "normal",
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds], "session_id": session.id,
            "resume_gateway_url": self.settings.resume_url or f"{connection.base}/resume/{session.id[:8]}",
            "shard": list(shard), "application": {"id": bot.user["id"], "flags": 0}, "private_channels": [],
            "relationships": [], "presences": [], "user_settings": {}, "geo_ordered_rtc_regions": []})
        if intents & GUILDS:
            for guild in guilds:
                self.push(session, "GUILD_CREATE", self.full(guild))
        return session

    def full(self, guild: Object) -> Object:
        people = [self.world.people[id] for id in self.world.members[guild["id"]]]
        return guild_create(guild, self.world.channels_of(guild["id"]), people)

    def emit(self, event: str, data: Object, place: Object) -> None:
        """Sends an event of a channel or guild to all sessions that may see it."""
        for session in self.sessions.values():
            if place.get("id") in self.world.channels and not self.world.can_see(session.bot.user["id"], place):
                continue
            if session.wants(event, data, place):
                self.push(session, event, session.visible(event, data))

    def push(self, session: Session, event: str, data: Any) -> None:
        """The next event of a session: kept, and sent if it is connected."""
        session.sequence += 1
        text = json.dumps({"t": event, "s": session.sequence, "op": 0, "d": data}, separators=(",", ":"))
        session.events.append((session.sequence, text))
        self.record.keep("event", session=session.id, s=session.sequence, text=text)
        if session.connection:
            session.connection.send_text(text)

    def resumable(self, id: str, bot: Bot, sequence: int) -> Session | None:
        """The session to be resumed, unless it is gone or has gone on too far."""
        session = self.sessions.get(id)
        if session is None or session.bot is not bot:
            return None
        if not session.connection and time.time() - session.left_at > self.settings.session_lifetime:
            self.end(session)
            return None
        if session.events and session.events[0][0] > sequence + 1:
            return None
        return session

    def end(self, session: Session) -> None:
        """Forgets a session: its bot has left, or it was invalidated."""
        if self.sessions.pop(session.id, None):
            self.record.keep("ended", session=session.id)
            if session.connection:
                session.connection.session = None
