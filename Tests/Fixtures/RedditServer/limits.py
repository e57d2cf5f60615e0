"""Reddit's limits: calls of an app and account in a window of the clock, and how often an account may post.

A server that is started again counts from none.
"""

from __future__ import annotations

import collections
import math
import time

from settings import Settings
from web import Answer

# Calls that were on their way when it was said how long to wait come within so many seconds.
UNDER_WAY = 0.25
TOO_MANY = {"message": "Too Many Requests", "error": 429}


class Limits:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Of each app and account: which window it is, and how many calls came in it.
        self._windows: dict[str, tuple[int, int]] = {}
        # Until when each was told to wait, and when.
        self._told: dict[str, tuple[float, float]] = {}
        self._posts: dict[str, collections.deque[float]] = collections.defaultdict(collections.deque)

    def take(self, key: str) -> tuple[dict[str, str], bool]:
        """Counts a call: the header fields of its answer, and whether it is one too many."""
        now, size, allowance = time.time(), self._settings.window, self._settings.allowance
        number = int(now / size)
        window, used = self._windows.get(key, (number, 0))
        used = used + 1 if window == number else 1
        self._windows[key] = number, used
        reset = max(1, math.ceil((number + 1) * size - now))
        return {"x-ratelimit-remaining": f"{max(0, allowance - used):.1f}", "x-ratelimit-used": str(used),
                "x-ratelimit-reset": str(reset)}, used > allowance

    def note(self, key: str, answer: Answer) -> None:
        """Remembers how long somebody was told to wait."""
        if answer.status == 429 and "Retry-After" in answer.headers:
            self._told[key] = time.time(), time.time() + float(answer.headers["Retry-After"])

    def too_early(self, key: str) -> float:
        """By how many seconds a call comes before the time that was said with Retry-After; 0: it does not."""
        said, until = self._told.get(key, (0.0, 0.0))
        now = time.time()
        return until - now if said + UNDER_WAY < now < until else 0.0

    def posting_waits(self, account: str) -> float:
        """Counts a submission, comment or message; or how long to wait before the next."""
        if not self._settings.posts:
            return 0.0
        posts, now = self._posts[account.lower()], time.time()
        while posts and posts[0] <= now - self._settings.posts_window:
            posts.popleft()
        if len(posts) >= self._settings.posts:
            return posts[0] + self._settings.posts_window - now
        posts.append(now)
        return 0.0
