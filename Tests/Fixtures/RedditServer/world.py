"""What there is on this Reddit: apps, accounts, subreddits, submissions, comments, messages, and who has got what mail.

A thing is kept as a dict of what is true of it; shapes.py makes of it what Reddit shows. Every change is kept.
"""

from __future__ import annotations

import collections
import re
import time
import zlib
from typing import Any, Iterator

from record import Record
from settings import Settings

Object = dict[str, Any]
Thing = dict[str, Any]

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# The first ids, of the length that Reddit's have; comments and submissions count apart.
FIRST = {"t1": int("k000000", 36), "t3": int("17aaaa0", 36), "t4": int("2000000", 36)}
# Ids are of all of Reddit, so that those of one subreddit have gaps between them.
GAPS = (1, 3, 1, 7, 2, 1)
MENTION = re.compile(r"(?<![\w/])/?u/([\w-]{3,20})")
# Reddit tells nobody of a comment that mentions more than these.
MENTIONS = 3
PEOPLE = ("ada", "grace", "barbara")
SUBREDDITS = {"testing": "public", "second": "public", "members_only": "private", "announcing": "restricted",
              "gone_bad": "banned"}


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"


def account_id(name: str) -> str:
    return "t2_" + base36(zlib.crc32(name.lower().encode()))


class World:
    def __init__(self, record: Record, settings: Settings, accounts: list[str], subreddits: list[str]) -> None:
        """Starts with an account for each name, with an app of its own for scripts, and one app for the web."""
        self._record, self.settings = record, settings
        self.apps: dict[str, Object] = {}
        self.accounts: dict[str, Object] = {}
        self.people: dict[str, str] = {}
        # Of an author: "suspended" or "deleted".
        self.fates: dict[str, str] = {}
        self.subreddits: dict[str, Object] = {}
        self.things: dict[str, Thing] = {}
        # Names, the oldest first: of ("t3" or "t1", subreddit), ("user", name), and of answers (thing).
        self.lists: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        self.mail: dict[str, list[Object]] = collections.defaultdict(list)
        self.listed: set[str] = set()
        # How many comments a submission has.
        self.comments: dict[str, int] = collections.defaultdict(int)
        self.last = dict(FIRST)
        for person in PEOPLE:
            self.people[person] = person
        for number, name in enumerate(accounts):
            client = f"script-app-{number}"
            self.apps[client] = {"client_id": client, "client_secret": f"app-secret-{number}", "type": "script"}
            self.accounts[name.lower()] = {
                "name": name, "password": f"password-{number}", "client_id": client,
                "client_secret": f"app-secret-{number}", "refresh_token": f"refresh-{number}"}
            self.people[name.lower()] = name
        self.apps["web-app"] = {"client_id": "web-app", "client_secret": "web-secret", "type": "web"}
        for name, type in (dict.fromkeys(subreddits, "public") or SUBREDDITS).items():
            self.apply("subreddit", {"name": name, "type": type})

    def apply(self, kind: str, state: Object) -> None:
        """Makes a change of state, also one that was kept by the server before this one."""
        match kind:
            case "subreddit":
                known = self.subreddits.get(state["name"].lower()) or {
                    "id": "t5_" + base36(zlib.crc32(state["name"].lower().encode())), "title": state["name"].title(),
                    "members": [], "moderators": [], "created": int(time.time()), "kinds": "any"}
                self.subreddits[state["name"].lower()] = {**known, **state}
            case "thing":
                self._take(state)
            case "fate":
                self.fates[state["name"].lower()] = state["fate"]
            case "password":
                self.accounts[state["name"].lower()]["password"] = state["password"]
            case "mail":
                self.mail[state["to"]].append(dict(state["item"]))
            case "read":
                for item in self.mail[state["of"]]:
                    if item["thing"] in state["things"]:
                        item["new"] = state["new"]

    def _take(self, thing: Thing) -> None:
        name, kind = thing["name"], thing["name"][:2]
        if name not in self.things:
            self.last[kind] = max(self.last[kind], int(name[3:], 36))
            self.people.setdefault(thing["author"].lower(), thing["author"])
            if kind != "t4":
                self.lists[kind, thing["subreddit"].lower()].append(name)
            self.lists["messages" if kind == "t4" else "user", thing["author"].lower()].append(name)
            if kind == "t1":
                self.comments[thing["link"]] += 1
            if thing.get("first"):
                self.lists["conversation", thing["first"]].append(name)
            if thing.get("parent"):
                self.lists["answers", thing["parent"]].append(name)
        self.things[name] = thing

    def change(self, kind: str, /, **state: Any) -> None:
        self.apply(kind, state)
        self._record.keep(kind, **state)

    def replace(self, thing: Thing, **changes: Any) -> Thing:
        changed = {**thing, **changes}
        self.change("thing", **changed)
        return changed

    def next_name(self, kind: str) -> str:
        return f"{kind}_{base36(self.last[kind] + GAPS[self.last[kind] % len(GAPS)])}"

    def write(self, kind: str, author: str, text: str, **more: Any) -> Thing:
        """A new submission (t3), comment (t1) or message (t4); whom it concerns gets mail."""
        author = self.people.get(author.lower(), author)
        thing = {"name": self.next_name(kind), "author": author, "created": int(time.time()), "text": text,
                 "edited": False, "edits": [], "state": "live", "score": 1, "late": 0, "n": len(self.things), **more}
        self.change("thing", **thing)
        if kind != "t3":
            self._deliver(thing)
        return thing

    def _deliver(self, thing: Thing) -> None:
        told = {thing["author"].lower()}
        if thing["name"].startswith("t4"):
            receivers = [(thing["dest"], "unknown")]
        else:
            parent = self.things[thing["parent"]]
            kind = "post_reply" if parent["name"].startswith("t3") else "comment_reply"
            receivers = [(parent["author"], kind)] if parent.get("send_replies", True) else []
            mentioned = list(dict.fromkeys(name.lower() for name in MENTION.findall(thing["text"])))
            if len(mentioned) <= MENTIONS:
                receivers += [(name, "username_mention") for name in mentioned]
        for name, kind in receivers:
            if name.lower() in self.accounts and name.lower() not in told:
                told.add(name.lower())
                self.change("mail", to=name.lower(), item={"thing": thing["name"], "type": kind, "new": True})

    def edit(self, thing: Thing, text: str) -> Thing:
        now = int(time.time())
        return self.replace(thing, text=text, edited=now, edits=[*thing["edits"], {"at": now, "text": text}])

    def link_of(self, thing: Thing) -> Thing:
        return self.things[thing["link"]] if thing["name"].startswith("t1") else thing

    def depth(self, thing: Thing) -> int:
        depth = 0
        while thing["parent"].startswith("t1"):
            thing, depth = self.things[thing["parent"]], depth + 1
        return depth

    def answers(self, name: str) -> list[Thing]:
        return [self.things[answer] for answer in self.lists["answers", name]]

    def newest(self, key: tuple[str, str]) -> Iterator[Thing]:
        """The things of a list that are shown in listings, the newest first."""
        for name in reversed(self.lists[key]):
            thing = self.things[name]
            if thing["state"] == "live":
                yield thing

    def may_see(self, subreddit: Object, account: str | None) -> bool:
        return subreddit["type"] != "private" or (account or "").lower() in subreddit["members"]

    def exists(self, name: str) -> bool:
        return name.lower() in self.people and name.lower() not in self.fates
