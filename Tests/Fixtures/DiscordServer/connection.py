"""One connection to the gateway: what the client says, checked as Discord checks it."""

from __future__ import annotations

import asyncio
import collections
import json
import socket
import struct
import time
from typing import Any

import websocket
from compression import Compression, ZlibStream
from faults import Faults
from gateway import Gateway, Session
from shapes import Object, member
from web import Request
from world import Bot

SEND_LIMIT, SEND_WINDOW, PAYLOAD_LIMIT = 120, 60.0, 4096
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
VALID_INTENTS = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))
# "All members" of one guild may be asked for so often, in seconds.
MEMBERS_INTERVAL = 30.0
# A connection is closed when no heartbeat has come for three intervals, or so many seconds if that is longer: where a
# test has set a short interval, a busy machine shall not look like a dead client.
PATIENCE = 10.0
# How long the other side has to answer a close frame, in seconds.
CLOSE_TIMEOUT = 2.0
REASONS = {
    4001: "Unknown opcode.", 4002: "Error while decoding payload.", 4003: "Not authenticated.",
    4004: "Authentication failed.", 4005: "Already authenticated.", 4007: "Invalid seq.", 4008: "Rate limited.",
    4009: "Session timed out.", 4010: "Invalid shard.", 4011: "Sharding required.", 4012: "Invalid API version.",
    4013: "Invalid intent(s).", 4014: "Disallowed intent(s)."}


class Connection:
    def __init__(self, gateway: Gateway, faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                 base: str, compression: Compression) -> None:
        self.gateway, self.faults, self.reader, self.writer = gateway, faults, reader, writer
        self.base, self.compression = base, compression
        self.record = gateway.record
        self.number = len(self.record.entries["connect"])
        self.session: Session | None = None
        self.bot: Bot | None = None
        self.acknowledges, self.is_frozen = True, False
        self._sent_code: int | None = None
        self._payloads: collections.deque[float] = collections.deque()
        self._patience: asyncio.TimerHandle | None = None

    async def run(self, request: Request) -> None:
        """Serves the connection to its end; the handshake is done."""
        self.record.add("connect", connection=self.number, path=request.path, query=request.query)
        self.gateway.connections.append(self)
        code: int | None = None
        try:
            self.send({"op": 10, "d": {"heartbeat_interval": int(self.gateway.settings.heartbeat_interval * 1000)}})
            self._be_patient()
            self.faults.run(self, "hello", path=request.path)
            if request.query.get("v") != "10" or request.query.get("encoding") != "json":
                self.close(4012)
            while True:
                payload = await websocket.read_message(self.reader, self.writer)
                if self._sent_code is None:
                    self._receive(payload)
        except websocket.Closed as end:
            code = end.code
            if self._sent_code is None and code in (1000, 1001) and self.session:
                self.gateway.end(self.session)
        except websocket.Misframed as end:
            self.record.add("misframed", connection=self.number, reason=str(end))
            self.close(1002, str(end))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._end(code)

    def _end(self, code: int | None) -> None:
        if self._patience:
            self._patience.cancel()
        self.gateway.connections.remove(self)
        if self.session:
            self.session.connection, self.session.left_at = None, time.time()
        by = "server" if self._sent_code else "client" if code else "nobody"
        self.record.add("end", connection=self.number, by=by, code=self._sent_code or code)
        self.writer.close()

    def send(self, payload: Object) -> None:
        self.send_text(json.dumps(payload, separators=(",", ":")))

    def send_text(self, text: str) -> None:
        """Sends a message, compressed as was agreed, in one frame or in pieces."""
        data, size = self.compression.compress(text.encode()), self.gateway.settings.frame_bytes
        if not size or len(data) <= size:
            return self.write(websocket.frame(self.compression.opcode, data))
        pieces = [data[start:start + size] for start in range(0, len(data), size)]
        for index, piece in enumerate(pieces):
            # Under zlib-stream a message may span messages of the WebSocket; else it is one, of several frames.
            if isinstance(self.compression, ZlibStream):
                self.write(websocket.frame(websocket.BINARY, piece))
            else:
                opcode = self.compression.opcode if index == 0 else 0
                self.write(websocket.frame(opcode, piece, final=index == len(pieces) - 1))

    def write(self, data: bytes) -> None:
        if not self.is_frozen and not self.writer.is_closing():
            self.writer.write(data)

    def close(self, code: int, reason: str | None = None) -> None:
        """Closes with a code, and breaks off if the client does not answer that."""
        self._sent_code = code
        reason = REASONS.get(code, "") if reason is None else reason
        self.record.add("close_sent", connection=self.number, code=code)
        self.write(websocket.frame(websocket.CLOSE, struct.pack("!H", code) + reason.encode()))
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self.writer.close)

    def reset(self) -> None:
        """Breaks off with RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    def freeze(self) -> None:
        """Neither reads nor writes from now on, and does not say so: a connection that is half open."""
        self.is_frozen = True
        if self._patience:
            self._patience.cancel()
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    def _be_patient(self) -> None:
        if self._patience:
            self._patience.cancel()
        seconds = max(PATIENCE, 3 * self.gateway.settings.heartbeat_interval)
        self._patience = asyncio.get_running_loop().call_later(seconds, self.close, 4009)

    def _receive(self, data: bytes) -> None:
        now = time.time()
        self._payloads.append(now)
        while self._payloads[0] <= now - SEND_WINDOW:
            self._payloads.popleft()
        if len(self._payloads) > SEND_LIMIT:
            return self.close(4008)
        try:
            payload = json.loads(data)
            operation, content = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            return self.close(4002)
        if len(data) > PAYLOAD_LIMIT:
            return self.close(4002)
        if operation not in (1, 2, 6) and not self.session:
            return self.close(4003)
        match operation:
            case 1:
                self._heartbeat(content)
            case 2:
                self._identify(content)
            case 6:
                self._resume(content)
            case 3:
                self.record.add("presence", connection=self.number, d=content)
            case 4:
                self.record.add("voice", connection=self.number, d=content)
            case 8:
                self._members(content)
            case 31 | 43:
                self.record.add("other", connection=self.number, op=operation, d=content)
            case _:
                self.close(4001)

    def _heartbeat(self, sequence: int | None) -> None:
        self.record.add("heartbeat", connection=self.number, d=sequence)
        self._be_patient()
        if self.acknowledges:
            self.send({"op": 11})

    def _identify(self, content: Any) -> None:
        if self.session:
            return self.close(4005)
        if not isinstance(content, dict) or not isinstance(content.get("properties"), dict):
            return self.close(4002)
        settings, world = self.gateway.settings, self.gateway.world
        shard, intents = content.get("shard", [0, 1]), content.get("intents")
        self.bot = next((bot for bot in world.bots if bot.token == content.get("token")), None)
        id = self.bot.user["id"] if self.bot else None
        self.record.add("identify", connection=self.number, bot=id, shard=shard, intents=intents,
                        presence=content.get("presence"), properties=content["properties"])
        if self.bot is None or self.gateway.remaining(self.bot.user["id"]) == 0:
            return self.close(4004)
        if not (isinstance(shard, list) and len(shard) == 2 and all(type(n) is int for n in shard)
                and 0 <= shard[0] < shard[1]):
            return self.close(4010)
        if settings.sharding_required and shard[1] == 1:
            return self.close(4011)
        if type(intents) is not int or intents & ~VALID_INTENTS:
            return self.close(4013)
        if intents & PRIVILEGED & ~self.bot.allowed_intents:
            return self.close(4014)
        if not self.gateway.may_identify(self.bot.user["id"], shard[0]):
            self.record.add("refused", connection=self.number, shard=shard)
            return self.send({"op": 9, "d": False})
        if self.faults.run(self, "identify", bot=id, shard=shard[0]):
            return
        self.session = self.gateway.begin(self, self.bot, (shard[0], shard[1]), intents)
        self.record.add("ready", connection=self.number, bot=id, shard=shard[0], session=self.session.id)

    def _resume(self, content: Any) -> None:
        if self.session:
            return self.close(4005)
        if not isinstance(content, dict) or type(content.get("seq")) is not int:
            return self.close(4002)
        sequence, id = content["seq"], content.get("session_id")
        bot = next((bot for bot in self.gateway.world.bots if bot.token == content.get("token")), None)
        self.record.add("resume", connection=self.number, bot=bot and bot.user["id"], session=id, seq=sequence)
        if bot is None:
            return self.close(4004)
        if self.faults.run(self, "resume", bot=bot.user["id"]):
            return
        session = self.gateway.resumable(str(id), bot, sequence)
        if session is None:
            return self.send({"op": 9, "d": False})
        if sequence > session.sequence:
            return self.close(4007)
        if session.connection:
            session.connection.session = None
            session.connection.writer.transport.abort()
        missed = [text for number, text in session.events if number > sequence]
        for text in missed:
            self.send_text(text)
        self.bot, self.session, session.connection = bot, session, self
        self.gateway.push(session, "RESUMED", {"_trace": []})
        self.record.add("resumed", connection=self.number, bot=bot.user["id"], session=id, replayed=len(missed),
                        shard=session.shard[0])

    def _members(self, content: Any) -> None:
        assert self.session
        self.record.add("members", connection=self.number, d=content)
        guild, now = str(content.get("guild_id")), time.time()
        ids, nonce = self.gateway.world.members.get(guild), content.get("nonce")
        if ids is None:
            return
        if content.get("query") == "" and content.get("limit") == 0:
            wait = self.gateway.members_asked.get(guild, 0.0) + MEMBERS_INTERVAL - now
            if wait > 0:
                meta = {"guild_id": guild, "nonce": nonce}
                return self.gateway.push(
                    self.session, "RATE_LIMITED", {"opcode": 8, "retry_after": round(wait, 3), "meta": meta})
            self.gateway.members_asked[guild] = now
        people = [member(self.gateway.world.people[id]) for id in ids]
        self.gateway.push(self.session, "GUILD_MEMBERS_CHUNK", {
            "guild_id": guild, "members": people, "chunk_index": 0, "chunk_count": 1, "not_found": [],
            **({"nonce": nonce} if nonce else {})})
