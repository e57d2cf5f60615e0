"""Discord's limits on requests: buckets by route and major parameter, one for all of a bot, and the patience with
invalid requests."""

from __future__ import annotations

import collections
import hashlib
import math
import re
import time
from dataclasses import dataclass, field
from typing import Any

from shapes import Object
from web import Answer

MAJOR = re.compile(r"/(?:channels|guilds|webhooks)/(\d+)(?:/([^/]{20,}))?")


@dataclass
class Limit:
    """So many requests in so many seconds; routes of one name share them."""

    name: str
    limit: int
    window: float

    @property
    def bucket(self) -> str:
        return hashlib.sha1(self.name.encode()).hexdigest()[:32]


@dataclass
class Window:
    """The requests since the first of a time; shared by all that a limit is for."""

    began: float = 0.0
    count: int = 0

    def take(self, limit: int, seconds: float, now: float) -> float:
        """Counts a request; 0, or how long to wait for the next window."""
        if now - self.began >= seconds:
            self.began, self.count = now, 0
        if self.count >= limit:
            return self.began + seconds - now
        self.count += 1
        return 0.0


@dataclass
class Limits:
    """Times are in seconds."""

    global_limit: int = 50
    global_window: float = 1.0
    invalid_limit: int = 10_000
    invalid_window: float = 600.0
    routes: dict[str, Limit] = field(default_factory=lambda: {
        "POST /channels/{channel_id}/messages": Limit("create message", 5, 5.0),
        "PATCH /channels/{channel_id}/messages/{message_id}": Limit("edit message", 5, 5.0),
        "DELETE /channels/{channel_id}/messages/{message_id}": Limit("delete message", 5, 1.0),
        "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Limit("react", 1, 0.25),
        "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Limit("react", 1, 0.25),
        "POST /channels/{channel_id}/messages/bulk-delete": Limit("bulk delete", 1, 3.0),
        "POST /webhooks/{webhook_id}/{webhook_token}": Limit("webhook", 5, 2.0)})
    # What is on no list above has this.
    other: tuple[int, float] = (20, 1.0)
    _windows: dict[Any, Window] = field(default_factory=lambda: collections.defaultdict(Window))
    _invalid: collections.deque[float] = field(default_factory=collections.deque)

    def apply(self, kind: str, state: Object) -> None:
        """Changes a limit, also as the server before this one has kept it."""
        if kind != "limit":
            return
        limit, window = state["limit"], state["window"]
        match state["route"]:
            case None if state["invalid"] is not None:
                self.invalid_limit = state["invalid"]
            case None:
                self.global_limit, self.global_window = limit, window
            case "*":
                self.other = (limit, window)
            case route:
                self.routes[route] = Limit(state["name"] or route, limit, window)

    def banned(self) -> Answer | None:
        """What Cloudflare answers instead of Discord after too many invalid requests."""
        now = time.time()
        while self._invalid and self._invalid[0] <= now - self.invalid_window:
            self._invalid.popleft()
        if len(self._invalid) < self.invalid_limit:
            return None
        return cloudflare(self._invalid[0] + self.invalid_window - now)

    def admit(self, route: str, path: str, bot: str | None, is_exempt: bool) -> Answer | dict[str, str]:
        """The header fields for the answer to a request, or the answer that refuses it."""
        now = time.time()
        if not is_exempt and bot:
            wait = self._windows["global", bot].take(self.global_limit, self.global_window, now)
            if wait > 0:
                return self.refused(wait, "global")
        limit = self.routes.get(route) or Limit(route, *self.other)
        major = MAJOR.match(path)
        window = self._windows[limit.name, bot, major and major.groups()]
        wait = window.take(limit.limit, limit.window, now)
        reset = window.began + limit.window
        headers = {"X-RateLimit-Limit": str(limit.limit), "X-RateLimit-Remaining": str(limit.limit - window.count),
                   "X-RateLimit-Reset": f"{reset:.3f}", "X-RateLimit-Reset-After": f"{max(0.0, reset - now):.3f}",
                   "X-RateLimit-Bucket": limit.bucket}
        return self.refused(wait, "user", headers) if wait > 0 else headers

    def note(self, answer: Answer) -> None:
        """Counts what Discord counts as invalid."""
        scope = answer.headers.get("X-RateLimit-Scope")
        if answer.status in (401, 403) or answer.status == 429 and scope != "shared":
            self._invalid.append(time.time())

    def refused(self, wait: float, scope: str, headers: dict[str, str] | None = None) -> Answer:
        """429 as Discord says it; `scope` is user, global or shared."""
        headers = {**(headers or {}), "Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope}
        if scope == "global":
            headers["X-RateLimit-Global"] = "true"
        message = "The resource is being rate limited." if scope == "shared" else "You are being rate limited."
        seconds = math.ceil(wait * 1000) / 1000
        body = {"message": message, "code": 0, "retry_after": seconds, "global": scope == "global"}
        return Answer(429, body, headers)


def cloudflare(wait: float) -> Answer:
    """429 by Cloudflare: of HTML, without Via, as discord.py tells it from Discord's own."""
    body = b"<!doctype html><html><head><title>Access denied</title></head><body>error code: 1015</body></html>"
    return Answer(429, body, {"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare",
                              "Retry-After": str(math.ceil(wait))})
