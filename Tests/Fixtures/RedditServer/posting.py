"""What accounts post: submissions, comments, messages. What Reddit refuses is told in an answer of 200."""

from __future__ import annotations

import time

import faults
import shapes
from inbox import item
from rest import API, APIError, Call, Refused, route
from world import Object, Thing, World

# In characters.
TITLE, SELF_TEXT, COMMENT, MESSAGE, SUBJECT = 300, 40_000, 10_000, 10_000, 100


def required(text: str | None, most: int, about: str) -> str:
    if not (text or "").strip():
        raise Refused("NO_TEXT", "we need something here", about)
    return bounded(text or "", most, about)


def bounded(text: str, most: int, about: str) -> str:
    if len(text) > most:
        raise Refused("TOO_LONG", f"this is too long (max: {most})", about)
    return text


def may_post(api: API, call: Call) -> str:
    """The account, if it has not posted too much."""
    wait = api.limits.posting_waits(call.account)
    if wait > 0:
        said = faults.ratelimit(wait)["json"]
        raise Refused(*said["errors"][0], ratelimit=said["ratelimit"])
    return call.account


def posted(api: API, call: Call, thing: Thing, kind: str = "posted") -> None:
    """Notes what a client has done, for tests that wait for it."""
    api.record.add(kind, account=call.token.account, name=thing["name"], subreddit=thing.get("subreddit"),
                   parent=thing.get("parent"), text=thing["text"], title=thing.get("title"), dest=thing.get("dest"),
                   form=thing.get("form"), url=thing.get("url"))


def yes(call: Call, name: str, otherwise: bool = False) -> bool:
    return call.form.get(name, str(otherwise)).lower() in ("true", "1", "on")


@route("POST", "/api/submit", "submit")
def submit(api: API, call: Call) -> Object:
    form = call.form
    subreddit = api.world.subreddits.get(form.get("sr", "").removeprefix("r/").lower())
    kind = form.get("kind", "self")
    if kind not in ("self", "link", "crosspost", "image"):
        raise Refused("INVALID_OPTION", "that option is not valid", "kind")
    if subreddit is None or subreddit["type"] == "banned":
        raise Refused("SUBREDDIT_NOEXIST", "Hmm, that community doesn't exist. Try checking the spelling.", "sr")
    is_closed = subreddit["type"] == "restricted" and call.account.lower() not in subreddit["members"]
    if is_closed or not api.world.may_see(subreddit, call.account):
        raise Refused("SUBREDDIT_NOTALLOWED", "You aren't allowed to post there.", "sr")
    title = required(form.get("title"), TITLE, "title")
    more: Object = {"title": title, "form": kind, "subreddit": subreddit["name"], "over_18": yes(call, "nsfw"),
                    "spoiler": yes(call, "spoiler"), "send_replies": yes(call, "sendreplies", True),
                    "flair": form.get("flair_text"), "flair_id": form.get("flair_id")}
    text = bounded(form.get("text", ""), SELF_TEXT, "text")
    if kind == "self" and subreddit["kinds"] == "link":
        raise Refused("NO_SELFS", "This community doesn't allow text posts", "sr")
    if kind in ("link", "image"):
        more["url"] = _address(api, call, subreddit)
    if kind == "crosspost":
        more |= _crossposted(api, call)
    author = may_post(api, call)
    link = api.world.write("t3", author, text, **more)
    if kind == "crosspost":
        original = api.world.things[more["crosspost"]]
        api.world.replace(original, crossposts=original.get("crossposts", 0) + 1)
    posted(api, call, link)
    return {"json": {"errors": [], "data": {"url": shapes.SITE + shapes.permalink(api.world, link), "drafts_count": 0,
                                            "id": link["name"][3:], "name": link["name"]}}}


def _address(api: API, call: Call, subreddit: Object) -> str:
    url = call.form.get("url", "")
    if subreddit["kinds"] == "self":
        raise Refused("NO_LINKS", "This community doesn't allow links", "sr")
    if not url:
        raise Refused("NO_URL", "a url is required", "url")
    if not url.startswith(("http://", "https://")):
        raise Refused("BAD_URL", "you should check that url", "url")
    links = api.world.newest(("t3", subreddit["name"].lower()))
    if not yes(call, "resubmit") and any(link.get("url") == url for link in links):
        raise Refused("ALREADY_SUB", "that link has already been submitted", "url")
    return url


def _crossposted(api: API, call: Call) -> Object:
    original = api.world.things.get(call.form.get("crosspost_fullname", ""))
    if original is None or not original["name"].startswith("t3") or original["state"] != "live":
        raise Refused("INVALID_CROSSPOST_THING", "that isn't a valid thing to crosspost", "crosspost_fullname")
    return {"crosspost": original["name"], "url": shapes.permalink(api.world, original)}


@route("POST", "/api/comment", "submit")
def comment(api: API, call: Call) -> Object:
    thing_id = call.form.get("thing_id") or call.form.get("parent") or ""
    parent = api.world.things.get(thing_id)
    if parent is None:
        raise Refused("NO_THING_ID", "id not specified", "parent")
    if parent["name"].startswith("t4"):
        return _answered(api, call, parent)
    text = required(call.form.get("text"), COMMENT, "text")
    link, subreddit = api.world.link_of(parent), api.world.subreddits[parent["subreddit"].lower()]
    if subreddit["type"] == "banned" or not api.world.may_see(subreddit, call.account):
        raise APIError(403, "Forbidden")
    if parent["state"] != "live" or link["state"] != "live":
        is_link = parent["name"].startswith("t3") or link["state"] != "live"
        raise Refused("DELETED_LINK" if is_link else "DELETED_COMMENT",
                      f"That {'post' if is_link else 'comment'} has been deleted.", "parent")
    if link.get("locked") or parent.get("locked"):
        raise Refused("THREAD_LOCKED", "Comments are locked.", "parent")
    if link.get("archived") or link["created"] < time.time() - api.settings.archive_after:
        raise Refused("TOO_OLD", "that's a piece of history now; it's too late to reply to it", "parent")
    said = api.world.write("t1", may_post(api, call), text, subreddit=link["subreddit"], link=link["name"],
                           parent=parent["name"])
    posted(api, call, said)
    return things("t1", {**shapes.comment(api.world, said), "likes": True})


def things(kind: str, data: Object) -> Object:
    return {"json": {"errors": [], "data": {"things": [{"kind": kind, "data": data}]}}}


def _answered(api: API, call: Call, parent: Thing) -> Object:
    """The answer to a message goes to who has written it, or who got it."""
    text = required(call.form.get("text"), MESSAGE, "text")
    others = [name for name in (parent["author"], parent["dest"]) if name.lower() != call.account.lower()]
    if len(others) == 2:
        raise APIError(403, "Forbidden")
    message = answer_message(api.world, may_post(api, call), parent, text)
    posted(api, call, message)
    found = item(api.world, message, "unknown", False, message["dest"])
    return things(found["kind"], found["data"])


def answer_message(world: World, author: str, parent: Thing, text: str) -> Thing:
    dest = parent["dest"] if parent["author"].lower() == author.lower() else parent["author"]
    return world.write("t4", author, text, dest=dest, subject="re: " + parent["subject"].removeprefix("re: "),
                       parent=parent["name"], first=parent.get("first") or parent["name"])


@route("POST", "/api/compose", "privatemessages")
def compose(api: API, call: Call) -> Object:
    form = call.form
    dest = form.get("to", "").removeprefix("/u/").removeprefix("u/")
    place = dest.removeprefix("/").removeprefix("r/")
    is_place = place != dest and place.lower() in api.world.subreddits
    if not dest:
        raise Refused("NO_USER", "please enter a username", "to")
    if not is_place and not api.world.exists(dest):
        raise Refused("USER_DOESNT_EXIST", "that user doesn't exist", "to")
    if not form.get("subject", "").strip():
        raise Refused("NO_SUBJECT", "please enter a subject", "subject")
    subject = bounded(form["subject"], SUBJECT, "subject")
    text = required(form.get("text"), MESSAGE, "text")
    message = api.world.write("t4", may_post(api, call), text, subject=subject,
                              dest=f"#{place}" if is_place else api.world.people[dest.lower()])
    posted(api, call, message)
    return {"json": {"errors": []}}
