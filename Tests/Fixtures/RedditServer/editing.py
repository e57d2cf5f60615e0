"""What accounts do with what is there: change it, delete it, and say what it is."""

from __future__ import annotations

import shapes
from posting import COMMENT, SELF_TEXT, posted, required, things, yes
from rest import API, APIError, Call, Refused, route
from world import Object, Thing


def own(api: API, call: Call, field: str = "thing_id") -> Thing:
    thing = api.world.things.get(call.form.get(field, ""))
    if thing is None:
        raise Refused("NO_THING_ID", "id not specified", field)
    if thing["author"].lower() != call.account.lower():
        raise Refused("NOT_AUTHOR", "you can't do that", field)
    return thing


@route("POST", "/api/editusertext", "edit")
def edit(api: API, call: Call) -> Object:
    thing = own(api, call)
    is_comment = thing["name"].startswith("t1")
    text = required(call.form.get("text"), COMMENT if is_comment else SELF_TEXT, "text")
    if not is_comment and thing.get("form") != "self":
        raise Refused("NOT_AUTHOR", "you can't do that", "thing_id")
    if thing["state"] != "live":
        raise Refused("DELETED_COMMENT" if is_comment else "DELETED_LINK", "That has been deleted.", "thing_id")
    edited = api.world.edit(thing, text)
    posted(api, call, edited, "edited")
    return things(edited["name"][:2], shapes.comment(api.world, edited) if is_comment else shapes.submission(
        api.world, edited))


@route("POST", "/api/del", "edit")
def delete(api: API, call: Call) -> Object:
    """Says the same whether there was something to delete."""
    thing = api.world.things.get(call.form.get("id", ""))
    if thing and thing["author"].lower() == call.account.lower() and thing["state"] != "deleted":
        posted(api, call, api.world.replace(thing, state="deleted"), "deleted")
    return {}


def flag(path: str, scope: str, **changes: object) -> None:
    """Registers what changes a thing of one's own, or of a subreddit that one moderates."""
    def handler(api: API, call: Call) -> Object:
        thing = api.world.things.get(call.form.get("id", ""))
        if thing is None or "subreddit" not in thing:
            raise APIError(403, "Forbidden")
        moderators = api.world.subreddits[thing["subreddit"].lower()]["moderators"]
        is_author = thing["author"].lower() == call.account.lower()
        if call.account.lower() not in moderators and not (is_author and path not in MODERATORS):
            raise APIError(403, "Forbidden")
        posted(api, call, api.world.replace(thing, **changes), path.removeprefix("/api/"))
        return {}
    route("POST", path, scope)(handler)


MODERATORS = ("/api/lock", "/api/unlock", "/api/remove", "/api/approve")
for path, changes in (("/api/marknsfw", {"over_18": True}), ("/api/unmarknsfw", {"over_18": False}),
                      ("/api/spoiler", {"spoiler": True}), ("/api/unspoiler", {"spoiler": False}),
                      ("/api/lock", {"locked": True}), ("/api/unlock", {"locked": False}),
                      ("/api/remove", {"state": "removed"}), ("/api/approve", {"state": "live"})):
    flag(path, "modposts", **changes)


@route("POST", "/api/vote", "vote")
def vote(api: API, call: Call) -> Object:
    thing = api.world.things.get(call.form.get("id", ""))
    if thing is None:
        raise APIError(404, "Not Found")
    api.record.add("vote", account=call.account, name=thing["name"], dir=call.form.get("dir"))
    return {}


@route("POST", "/api/sendreplies", "edit")
def send_replies(api: API, call: Call) -> Object:
    api.world.replace(own(api, call, "id"), send_replies=yes(call, "state"))
    return {}
