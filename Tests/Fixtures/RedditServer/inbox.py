"""What an account has got: messages, answers to what it wrote, mentions of its name."""

from __future__ import annotations

from typing import Any, Iterator

import shapes
from listings import page
from rest import API, APIError, Call, route
from world import Object, Thing, World

SUBJECTS = {"comment_reply": "comment reply", "post_reply": "post reply", "username_mention": "username mention"}
# How many of the comments above an answer its `context` asks for.
CONTEXT = 3


def item(world: World, thing: Thing, kind: str, is_new: bool, dest: str, replies: Any = "") -> Object:
    """A thing as it stands in an inbox, with its kind."""
    said = shapes.text(thing)
    who = shapes.author(world, thing)
    data: Object = {
        "first_message": None, "first_message_name": None, "likes": None, "replies": replies,
        **{name: who[name] for name in ("author", "author_fullname") if name in who}, "id": thing["name"][3:],
        "name": thing["name"], "associated_awarding_id": None, "score": 0, "new": is_new, "type": kind, "body": said,
        "body_html": f"<!-- SC_OFF -->{shapes.html(said)}<!-- SC_ON -->", "dest": dest, "num_comments": None,
        "created": float(thing["created"]), "created_utc": float(thing["created"]),
        "distinguished": thing.get("distinguished")}
    if thing["name"].startswith("t4"):
        first = thing.get("first")
        data |= {"subject": thing["subject"], "was_comment": False, "context": "", "parent_id": thing.get("parent"),
                 "subreddit": None, "subreddit_name_prefixed": None, "first_message_name": first,
                 "first_message": int(first[3:], 36) if first else None}
        return {"kind": "t4", "data": data}
    place, link = shapes.place(world, thing), world.link_of(thing)
    data |= {"subject": SUBJECTS[kind], "was_comment": True, "parent_id": thing["parent"], "score": thing["score"],
             "context": f"{shapes.permalink(world, thing)}?context={CONTEXT}", "link_title": link["title"],
             "num_comments": shapes.comments(world, link), "subreddit": place["subreddit"],
             "subreddit_name_prefixed": place["subreddit_name_prefixed"]}
    return {"kind": "t1", "data": data}


def mail(api: API, call: Call, what: str) -> Iterator[Thing]:
    """The things of an account's inbox, or of a part of it, the newest first."""
    for entry in reversed(api.world.mail[call.account.lower()]):
        thing = api.world.things[entry["thing"]]
        is_message = thing["name"].startswith("t4")
        wanted = {"inbox": True, "unread": entry["new"], "messages": is_message,
                  "mentions": entry["type"] == "username_mention", "comments": entry["type"] == "comment_reply",
                  "selfreply": entry["type"] == "post_reply"}[what]
        if wanted and thing["state"] == "live":
            yield thing


@route("GET", "/message/(?P<what>inbox|unread|messages|mentions|comments|selfreply)", "privatemessages")
def inbox(api: API, call: Call) -> Object:
    if call.token.account is None:
        raise APIError(403, "Forbidden")
    name = call.account
    entries = {entry["thing"]: entry for entry in api.world.mail[name.lower()]}

    def shape(thing: Thing) -> Object:
        entry = entries[thing["name"]]
        replies = conversation(api.world, thing) if call.ids["what"] == "messages" else ""
        return item(api.world, thing, entry["type"], entry["new"], thing.get("dest", name), replies)
    return page(api, call, mail(api, call, call.ids["what"]), shape)


def conversation(world: World, thing: Thing) -> Any:
    """The answers to a message, and theirs, flat; an empty text if there are none."""
    found = [world.things[name] for name in world.lists["conversation", thing["name"]]]
    if not found:
        return ""
    return shapes.listing([item(world, reply, "unknown", False, reply["dest"]) for reply in found])


@route("GET", "/message/sent", "privatemessages")
def sent(api: API, call: Call) -> Object:
    if call.token.account is None:
        raise APIError(403, "Forbidden")
    return page(api, call, api.world.newest(("messages", call.account.lower())),
                lambda thing: item(api.world, thing, "unknown", False, thing["dest"]))


@route("GET", "/message/messages/{id}", "privatemessages")
def message(api: API, call: Call) -> Object:
    thing = api.world.things.get("t4_" + call.ids["id"])
    if thing is None or call.account.lower() not in (thing["author"].lower(), thing["dest"].lower()):
        raise APIError(403, "Forbidden")
    return shapes.listing([item(api.world, thing, "unknown", False, thing["dest"], conversation(api.world, thing))])


def mark(api: API, call: Call, is_new: bool) -> Object:
    things = [name.strip() for name in call.form.get("id", "").split(",")]
    api.world.change("read", of=call.account.lower(), things=things, new=is_new)
    api.record.add("read", account=call.account, things=things, new=is_new)
    return {}


@route("POST", "/api/read_message", "privatemessages")
def read(api: API, call: Call) -> Object:
    return mark(api, call, is_new=False)


@route("POST", "/api/unread_message", "privatemessages")
def unread(api: API, call: Call) -> Object:
    return mark(api, call, is_new=True)


@route("POST", "/api/read_all_messages", "privatemessages")
def read_all(api: API, call: Call) -> Object:
    things = [entry["thing"] for entry in api.world.mail[call.account.lower()]]
    api.world.change("read", of=call.account.lower(), things=things, new=False)
    return {}
