"""Traffic of people: what they write, change and take back, of texts that are hard on a reader."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from typing import Any, Iterator

import media
from world import Object, Thing, World

# Things at a rate go out in portions of so many seconds; else others get their turn after so many.
PORTION, TURN = 0.005, 100
# What is answered is among so many of the newest.
NEAR = 30
TEXTS = (
    "plain words", "two\n\nparagraphs and a\nline", "a &amp; b < c > d & \"e\" 'f'",
    "&lt;b&gt;not bold&lt;/b&gt; &#x27;",
    "**bold** _it_ ~~no~~ [a link](https://example.com/?a=1&b=2) ^up >!spoiler!<", "> quoted\n\n* one\n* two",
    "    indented code\n\n```\nfenced <code>\n```", "| a | b |\n|:-:|--:|\n| 1 | 2 |",
    "# heading\n\n&nbsp;\n\n\\*no\\*",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 ﷽ 🇦🇶", "עברית مرحبا \u202eright to left\u202c",
    "zero\u200bwidth\u2060 \ufeff and \u00a0 spaces",
    "東京 привет naïve café ß ﬁ", "u/nobody_at_all and r/nowhere", "{\"json\": [1, \"\\u0000\"]} \\ \\n %s {n}",
    "\t tab \x7f", "![gif](giphy|abc) ![img](https://example.com/i.png)", "long " * 1900, "a" * 9000, ".",
    "\U0001d54f" * 500)
FORMS = ("self", "self", "link", "image", "gallery", "poll", "video", "crosspost")
# Those submissions that have a text, which alone can be edited.
WITH_TEXT = ("self", "poll", "gallery")


def submit(world: World, subreddit: str, author: str, title: str, text: str, form: str = "self", url: str | None = None,
           **more: Any) -> Thing:
    place = world.subreddits[subreddit.lower()]["name"]
    if form == "crosspost":
        original = more.pop("crosspost", None) or next(
            (thing["name"] for thing in world.newest(("t3", place.lower())) if thing["form"] != "crosspost"), None)
        if original is None:
            form = "self"
        else:
            more |= {"crosspost": original}
            url = url or f"/r/{place}/comments/{original[3:]}/"
    address = url or media.given_url(world.next_name("t3"), form)
    return world.write("t3", author, text if form in WITH_TEXT else "", title=title, form=form,
                       subreddit=place, **({"url": address} if address else {}), **more)


def comment(world: World, parent: Thing, author: str, text: str, **more: Any) -> Thing:
    link = world.link_of(parent)
    return world.write("t1", author, text, subreddit=link["subreddit"], link=link["name"], parent=parent["name"],
                       **more)


class Pace:
    """So many a second, or as fast as it goes."""

    def __init__(self, rate: float | None) -> None:
        self.rate, self.began = rate, time.monotonic()

    async def wait(self, number: int) -> None:
        if self.rate and (ahead := number / self.rate - (time.monotonic() - self.began)) > PORTION:
            await asyncio.sleep(ahead)
        elif number % TURN == TURN - 1:
            await asyncio.sleep(0)


class Crowd:
    """People who write in some subreddits: the same each time for a seed."""

    def __init__(self, world: World, subreddits: list[str], seed: int, people: int) -> None:
        self.world, self.subreddits, self.random = world, subreddits, random.Random(seed)
        self.people = [f"person_{number}" for number in range(people)]
        self.made: list[str] = []
        self.edited: list[str] = []
        self.deleted: list[str] = []

    def step(self, number: int, submissions: float, edits: float, deletions: float, late: float) -> None:
        """Somebody writes, and somebody else may change or delete what was written."""
        subreddit, author = self.random.choice(self.subreddits), self.random.choice(self.people)
        text = f"{self.random.choice(TEXTS)} #{number}"
        more: Object = {"late": self.random.choice((1, 2, 3)) if self.random.random() < late else 0}
        parents = self._near(subreddit)
        if not parents or self.random.random() < submissions:
            form = self.random.choice(FORMS)
            thing = submit(self.world, subreddit, author, f"{text[:40]} #{number}", text, form, **more)
        else:
            thing = comment(self.world, self.random.choice(parents), author, text, **more)
        self.made.append(thing["name"])
        if self.random.random() < edits and (old := self._one_of_mine()) and (old.get("form") or "self") in WITH_TEXT:
            self.edited.append(self.world.edit(old, f"{old['text'][:4000]} edited {number}")["name"])
        if self.random.random() < deletions and (old := self._one_of_mine()):
            self.deleted.append(self.world.replace(old, state="deleted")["name"])

    def _near(self, subreddit: str) -> list[Thing]:
        kinds: Iterator[Thing] = itertools.chain(*(
            itertools.islice(self.world.newest((kind, subreddit.lower())), NEAR) for kind in ("t3", "t1")))
        return [thing for thing in kinds if self.world.link_of(thing)["state"] == "live"]

    def _one_of_mine(self) -> Thing | None:
        found = self.world.things[self.random.choice(self.made[-10 * NEAR:])]
        return found if found["state"] == "live" else None


def truth(world: World) -> Iterator[Object]:
    """Each thing that there ever was, and whether a reader could have seen it in its subreddit's listing.

    `listed` are those that some client was sent in a listing; `fell_off` those that nobody was, and that lie deeper by
    now than the listing of their subreddit is.
    """
    reachable: set[str] = set()
    for key in [key for key in world.lists if key[0] in ("t1", "t3")]:
        reachable |= {thing["name"] for thing in itertools.islice(world.newest(key), world.settings.listing_depth)}
    for thing in world.things.values():
        name = thing["name"]
        is_listed = name in world.listed
        yield {**{key: thing.get(key) for key in (
            "name", "author", "subreddit", "parent", "link", "title", "text", "url", "form", "created", "edits",
            "state", "late", "subject", "dest")}, "kind": name[:2], "listed": is_listed,
            "fell_off": thing["state"] == "live" and not is_listed and name[:2] != "t4" and name not in reachable}
