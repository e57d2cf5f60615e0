"""What tests tell this Reddit, and ask it, besides what plane.py has for every server.

A script strikes on a request, `where` with path, method, account and client_id; faults.py has the kinds. On record are
request, listed (a thing that is sent in a listing for the first time), posted, edited, deleted, read, vote and what
flags are set, such as marknsfw or lock.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import shapes
from plane import ControlPlane, check_settings
from posting import answer_message
from replay import Recordings
from rest import API
from traffic import Crowd, Pace, comment, submit, truth
from world import Object, Thing


class Control(ControlPlane):
    def __init__(self, api: API, start: Object, recordings: Recordings | None) -> None:
        super().__init__(api.record, api.faults)
        self.api, self.start, self.recordings = api, start, recordings

    async def on_world(self) -> Object:
        """Where it is, its apps, its accounts with what they log in with, its subreddits."""
        world = self.api.world
        return {**self.start, "apps": list(world.apps.values()), "accounts": list(world.accounts.values()),
                "subreddits": list(world.subreddits.values())}

    async def on_settings(self, **changes: Any) -> Object:
        """Changes settings; settings.py has them."""
        check_settings(self.api.settings, changes)
        for name, value in changes.items():
            setattr(self.api.settings, name, value)
        self.api.record.keep("settings", **changes)
        return asdict(self.api.settings)

    async def on_subreddit(self, name: str, **changes: Any) -> Object:
        """Makes or changes a subreddit: type (public, restricted, private, banned), kinds (any, self, link), members,
        moderators (both in lower case)."""
        known = self.api.world.subreddits.get(name.lower(), {"type": "public"})
        self.api.world.change("subreddit", **{**known, "name": name, **changes})
        return self.api.world.subreddits[name.lower()]

    async def on_say(self, subreddit: str | None = None, parent: str | None = None, text: str = "hello",
                     title: str = "a title", author: str = "ada", kind: str = "submission", count: int = 1,
                     rate: float | None = None, **more: Any) -> Object:
        """Somebody submits (form: self, link, image, gallery, poll, video, crosspost), or comments: on a parent, or on
        the newest submission of a subreddit (kind: comment). In text and title `{n}` is the number; `late` things are
        passed over so many times by listings."""
        pace, names = Pace(rate), []
        for number in range(count):
            await pace.wait(number)
            names.append(self._say(subreddit, parent, text.replace("{n}", str(number)),
                                   title.replace("{n}", str(number)), author, kind, more)["name"])
        return {"names": names}

    def _say(self, subreddit: str | None, parent: str | None, text: str, title: str, author: str, kind: str,
             more: Object) -> Thing:
        world = self.api.world
        if parent and parent.startswith("t4"):
            return answer_message(world, author, world.things[parent], text)
        if parent:
            return comment(world, world.things[parent], author, text, **more)
        if subreddit is None:
            raise ValueError("expected a subreddit or a parent")
        if kind == "comment":
            newest = next(world.newest(("t3", subreddit.lower())), None)
            link = newest or submit(world, subreddit, author, "for comments", "")
            return comment(world, link, author, text, **more)
        return submit(world, subreddit, author, title, text, **more)

    async def on_message(self, to: str, text: str = "hello", subject: str = "a subject", author: str = "ada",
                         count: int = 1) -> Object:
        """Somebody writes a message to an account."""
        return {"names": [self.api.world.write(
            "t4", author, text.replace("{n}", str(number)), dest=self.api.world.people.get(to.lower(), to),
            subject=subject)["name"] for number in range(count)]}

    async def on_generate(self, subreddits: list[str], count: int, rate: float | None = None, seed: int = 0,
                          submissions: float = 0.1, edits: float = 0.0, deletions: float = 0.0, late: float = 0.0,
                          people: int = 20) -> Object:
        """Many things, of nasty texts; the other numbers are probabilities for each of them. Answers at its end."""
        crowd, pace = Crowd(self.api.world, subreddits, seed, people), Pace(rate)
        for number in range(count):
            await pace.wait(number)
            crowd.step(number, submissions, edits, deletions, late)
        return {"names": crowd.made, "edited": crowd.edited, "deleted": crowd.deleted}

    async def on_edit(self, name: str, text: str) -> Object:
        return self.api.world.edit(self.api.world.things[name], text)

    async def on_mark(self, names: list[str], **changes: Any) -> Object:
        """Changes things: state (live, deleted, removed), locked, archived, created, score, late, more (any fields)."""
        for name in names:
            self.api.world.replace(self.api.world.things[name], **changes)
        return {}

    async def on_fate(self, name: str, fate: str = "suspended") -> Object:
        """Somebody is suspended, or deletes the account ("deleted"): what was written stays, without a name."""
        self.api.world.change("fate", name=name, fate=fate)
        return {}

    async def on_expire(self, account: str | None = None, client_id: str | None = None) -> Object:
        """Lets access tokens expire now: of an account, an app, or all."""
        return {"tokens": self.api.tokens.end(account, client_id)}

    async def on_revoke(self, account: str) -> Object:
        """Takes back an account's access and refresh tokens."""
        ended = self.api.tokens.end(account, None)
        for token in [token for token, state in self.api.tokens.refresh.items() if state["account"] == account]:
            self.api.tokens.change("revoked", token=token)
        return {"tokens": ended}

    async def on_refresh(self, account: str, scope: str = "*", client_id: str | None = None) -> Object:
        """Gives an account another refresh token, of a scope, as a person does in a browser."""
        known = self.api.world.accounts[account.lower()]
        token = f"refresh-{account}-{len(self.api.tokens.refresh)}"
        self.api.tokens.change("refresh", token=token, client_id=client_id or known["client_id"], account=known["name"],
                               scope=scope)
        return {"refresh_token": token}

    async def on_password(self, account: str, password: str) -> Object:
        self.api.world.change("password", name=account, password=password)
        return {}

    async def on_thing(self, name: str) -> Object:
        """A thing as `/api/info` shows it, and as it is known here."""
        thing = self.api.world.things[name]
        shown = None if name.startswith("t4") else shapes.listed(self.api.world, thing)["data"]
        return {**thing, "shown": shown}

    async def on_truth(self, subreddit: str | None = None) -> list[Object]:
        """All things that there ever were, and whether they were listed; see traffic.py."""
        return [thing for thing in truth(self.api.world)
                if subreddit is None or (thing["subreddit"] or "").lower() == subreddit.lower()]

    async def on_counts(self) -> Object:
        """How many of each kind have been received, and requests of each status."""
        requests = self.api.record.entries["request"]
        statuses = [str(request["status"]) for request in requests]
        return {"kinds": {kind: len(entries) for kind, entries in self.api.record.entries.items()},
                "statuses": {status: statuses.count(status) for status in set(statuses)}}

    async def on_violations(self) -> list[str]:
        """What a client does not do that behaves: calls beyond the allowance or before Retry-After, unknown paths, a
        User-Agent that says nothing, forms without api_type; of a replay, what is not recorded."""
        return self.api.violations()

    async def on_list(self) -> list[Object]:
        """What is recorded, and how often it was asked for."""
        return self.recordings.list() if self.recordings else []
