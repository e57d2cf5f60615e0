"""Listings of submissions and comments, and how they are paged."""

from __future__ import annotations

import heapq
import itertools
import time
from typing import Callable, Iterable, Iterator
from urllib.parse import quote

import shapes
from rest import API, APIError, Call, route
from world import Object, Thing, account_id

MOST, USUAL = 100, 25
PERIODS = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 31 * 86400, "year": 366 * 86400}
ORDERS = "(?:new|hot|rising|best|top|controversial)"
# Listings over all of Reddit.
EVERYTHING = ("all", "popular")


def number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def page(api: API, call: Call, things: Iterable[Thing], shape: Callable[[Thing], Object]) -> Object:
    """A page of things that come the newest first, of as many as a listing is deep.

    Behind `after`, or before `before`: those just before it, not the newest. An anchor that is not there (deleted, or
    too deep by now) leaves nothing.
    """
    limit = min(MOST, max(1, number(call.query.get("limit"), USUAL)))
    count, before, after = number(call.query.get("count"), 0), call.query.get("before"), call.query.get("after")
    due = _due(api, call, itertools.islice(things, api.settings.listing_depth))
    first, last = None, None
    if before:
        newer, is_there = [], False
        for thing in due:
            if is_there := thing["name"] == before:
                break
            newer.append(thing)
        shown = newer[-limit:] if is_there else []
        if shown and count:
            first, last = shown[0]["name"] if len(newer) > limit else None, shown[-1]["name"]
    else:
        if after:
            due = itertools.islice(itertools.dropwhile(lambda thing: thing["name"] != after, due), 1, None)
        shown = list(itertools.islice(due, limit + 1))
        if len(shown) > limit:
            shown.pop()
            last = shown[-1]["name"]
        if shown and count:
            first = shown[0]["name"]
    call.shown += [thing["name"] for thing in shown]
    return shapes.listing([shape(thing) for thing in shown], last, first)


def _due(api: API, call: Call, things: Iterable[Thing]) -> Iterator[Thing]:
    """Those that are shown by now: what is late is passed over so many times, and faults.py has reasons too."""
    kind, left = call.fault["kind"], call.fault.get("count", 1)
    if kind == "empty":
        return
    for thing in things:
        if kind in ("skip", "vanish") and left:
            left -= 1
            if kind == "vanish":
                api.world.replace(thing, state="deleted")
        elif thing["late"]:
            api.world.replace(thing, late=thing["late"] - 1)
        else:
            yield thing


def ordered(call: Call, things: Iterator[Thing], order: str) -> Iterator[Thing]:
    """In another order than that of time, if that was asked for."""
    if order not in ("top", "controversial"):
        return things
    period = PERIODS.get(call.query.get("t", "day"))
    since = time.time() - period if period else 0.0
    return iter(sorted((thing for thing in things if thing["created"] >= since), key=lambda thing: -thing["score"]))


def subreddit_of(api: API, call: Call, name: str) -> Object:
    """A subreddit that may be read, or what Reddit says of one that may not."""
    found = api.world.subreddits.get(name.lower())
    if found is None:
        raise APIError(302, "Found", headers={"Location": f"{shapes.SITE}/subreddits/search?q={quote(name)}"})
    if found["type"] == "banned":
        raise APIError(404, "Not Found", "banned")
    if not api.world.may_see(found, call.token.account):
        raise APIError(403, "Forbidden", "private")
    return found


def of_subreddits(api: API, call: Call, kind: str) -> Iterator[Thing]:
    """Of one subreddit, of several (A+B; those that may not be read are left out), or of all, the newest first."""
    names = call.ids["subreddit"].split("+")
    if names[0].lower() in EVERYTHING:
        found = [one for one in api.world.subreddits.values() if one["type"] in ("public", "restricted")]
    elif len(names) == 1:
        found = [subreddit_of(api, call, names[0])]
    else:
        known = [api.world.subreddits.get(name.lower()) for name in names if name]
        found = [one for one in known if one and one["type"] != "banned" and api.world.may_see(one, call.token.account)]
        if not found:
            raise APIError(404, "Not Found")
    lists = [api.world.newest((kind, name)) for name in dict.fromkeys(one["name"].lower() for one in found)]
    return heapq.merge(*lists, key=lambda thing: -thing["n"])


def listed(api: API, call: Call, things: Iterator[Thing]) -> Object:
    return page(api, call, things, lambda thing: shapes.listed(api.world, thing))


@route("GET", f"/r/{{subreddit}}(?:/(?P<order>{ORDERS}))?", "read")
def submissions(api: API, call: Call) -> Object:
    return listed(api, call, ordered(call, of_subreddits(api, call, "t3"), call.ids["order"]))


@route("GET", "/r/{subreddit}/comments", "read")
def comments(api: API, call: Call) -> Object:
    return listed(api, call, of_subreddits(api, call, "t1"))


@route("GET", "/user/{name}(?:/(?P<what>overview|comments|submitted))?", "history")
def of_user(api: API, call: Call) -> Object:
    name = user_of(api, call.ids["name"])
    kinds = {"comments": ("t1",), "submitted": ("t3",)}.get(call.ids["what"], ("t1", "t3"))
    found = (thing for thing in api.world.newest(("user", name.lower())) if thing["name"][:2] in kinds
             and api.world.may_see(api.world.subreddits[thing["subreddit"].lower()], call.token.account))
    return listed(api, call, ordered(call, found, call.query.get("sort", "new")))


def user_of(api: API, name: str) -> str:
    """Somebody who is there."""
    if not api.world.exists(name):
        raise APIError(404, "Not Found")
    return api.world.people[name.lower()]


@route("GET", "/user/{name}/about", "read")
def about_user(api: API, call: Call) -> Object:
    if api.world.fates.get(call.ids["name"].lower()) == "suspended":
        return {"kind": "t2", "data": {"name": call.ids["name"], "is_suspended": True, "awardee_karma": 0}}
    return {"kind": "t2", "data": user(user_of(api, call.ids["name"]))}


def user(name: str) -> Object:
    return {"id": account_id(name)[3:], "name": name, "created": 1.5e9, "created_utc": 1.5e9, "link_karma": 1,
            "comment_karma": 1, "total_karma": 2, "is_employee": False, "is_mod": False, "is_gold": False,
            "verified": True, "has_verified_email": True, "icon_img": "https://www.redditstatic.com/avatar.png"}


@route("GET", "/api/v1/me", "identity")
def me(api: API, call: Call) -> Object:
    if call.token.account is None:
        raise APIError(403, "Forbidden")
    unread = sum(item["new"] for item in api.world.mail[call.account.lower()])
    return {**user(call.account), "has_mail": unread > 0, "inbox_count": unread, "is_suspended": False,
            "over_18": False, "has_mod_mail": False, "pref_nightmode": False, "features": {}, "num_friends": 0}


@route("GET", "/r/{subreddit}/about", "read")
def about(api: API, call: Call) -> Object:
    found = subreddit_of(api, call, call.ids["subreddit"])
    return {"kind": "t5", "data": {
        "id": found["id"][3:], "name": found["id"], "display_name": found["name"], "title": found["title"],
        "display_name_prefixed": f"r/{found['name']}", "url": f"/r/{found['name']}/", "subreddit_type": found["type"],
        "subscribers": 100, "active_user_count": 7, "public_description": "", "description": "", "over18": False,
        "quarantine": False, "lang": "en", "created": float(found["created"]), "created_utc": float(found["created"]),
        "submission_type": found["kinds"], "user_is_banned": False,
        "user_is_subscriber": False, "restrict_posting": True,
        "user_is_moderator": (call.token.account or "").lower() in found["moderators"],
        "allow_images": True, "allow_polls": True, "allow_galleries": True, "allow_videos": True}}


@route("GET", "/api/info", "read")
@route("POST", "/api/info", "read")
def info(api: API, call: Call) -> Object:
    """What there is of the things that are asked for, in that order; also what is deleted or removed."""
    asked = {**call.query, **call.form}.get("id", "").split(",")
    if len(asked) > MOST:
        call.violations.append(f"id: expected at most {MOST}, found {len(asked)}")
        raise APIError(400, "Bad Request")
    found = [api.world.things[name] for name in asked if name[:2] in ("t1", "t3") and name in api.world.things]
    seen = [thing for thing in found if api.world.may_see(
        api.world.subreddits[thing["subreddit"].lower()], call.token.account)]
    return shapes.listing([shapes.listed(api.world, thing) for thing in seen])
