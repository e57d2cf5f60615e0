"""The routes of messages."""

from __future__ import annotations

import time
from typing import Any

import shapes
from rest import API, APIError, Call, invalid, route
from shapes import Object
from web import Answer
from world import MESSAGE_CONTENT, masked

LONGEST, LARGEST_FILE, MOST_FILES, FORTNIGHT = 2000, 10 << 20, 10, 14 * 86400
NOT_EMPTY = ("content", "embeds", "sticker_ids", "components", "poll")
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"


def channel_of(api: API, call: Call, to_write: bool = False) -> Object:
    """The channel that a call is about, if the bot may see it, and write to it."""
    channel = api.world.channels.get(call.ids["channel_id"])
    if channel is None:
        raise APIError(404, 10003, "Unknown Channel")
    if not api.world.can_see(call.user["id"], channel):
        raise APIError(403, 50001, "Missing Access")
    if to_write and api.world.access[channel["id"]] != "all":
        raise APIError(403, 50013, "Missing Permissions")
    return channel


def message_of(api: API, call: Call) -> Object:
    messages = api.world.messages[channel_of(api, call)["id"]]
    id = call.ids["message_id"]
    if not id.isdigit() or int(id) not in messages:
        raise APIError(404, 10008, "Unknown Message")
    return messages[int(id)]


def content_of(body: Object) -> str:
    content = body.get("content") or ""
    if not isinstance(content, str):
        raise invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if len(content) > LONGEST:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST} or fewer in length.")
    return content


def attachments_of(api: API, call: Call, channel: str) -> list[Object]:
    """Keeps the files that came with a call, and says where they are."""
    if len(call.files) > MOST_FILES:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    told = {str(one.get("id")): one for one in call.body.get("attachments") or []}
    attachments = []
    for file in call.files:
        if len(file.data) > LARGEST_FILE:
            raise APIError(413, 40005, "Request entity too large")
        about = told.get(file.name.removeprefix("files[").removesuffix("]"), {})
        id, name = api.world.ids.next(), about.get("filename") or file.filename
        path = f"/attachments/{channel}/{id}/{name}"
        api.world.add_file(path, file.media_type, file.data)
        attachments.append({
            "id": id, "filename": name, "size": len(file.data), "url": call.base + path, "proxy_url": call.base + path,
            "content_type": file.media_type,
            **({"description": about["description"]} if about.get("description") else {})})
    return attachments


def composed(api: API, call: Call, channel: Object) -> Object:
    """What of a message its body says, apart from content and mentions."""
    content, nonce = content_of(call.body), call.body.get("nonce")
    if isinstance(nonce, str) and not 1 <= len(nonce) <= 25:
        raise invalid("nonce", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    if not content and not call.files and not any(call.body.get(name) for name in NOT_EMPTY):
        raise APIError(400, 50006, "Cannot send an empty message")
    more: Object = {"tts": bool(call.body.get("tts")), "embeds": call.body.get("embeds") or [],
                    "flags": call.body.get("flags") or 0, "attachments": attachments_of(api, call, channel["id"])}
    if nonce is not None:
        more["nonce"] = nonce
    return more


def reply(api: API, call: Call, channel: Object) -> Object:
    """What makes a message a reply, if it is one."""
    reference = call.body.get("message_reference")
    if not reference:
        return {}
    message = api.world.messages[channel["id"]].get(int(reference.get("message_id") or 0))
    if message is None:
        if reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return {}
    place = {name: channel[name] for name in ("guild_id",) if name in channel}
    # Not the message's own reference: one level is shown.
    shown = {name: value for name, value in message.items() if name not in ("referenced_message", "nonce")}
    return {"type": 19, "referenced_message": shown,
            "message_reference": {"type": 0, "channel_id": channel["id"], "message_id": message["id"], **place}}


@route("POST", MESSAGES)
def create(api: API, call: Call) -> Answer:
    channel = channel_of(api, call, to_write=True)
    nonce = call.body.get("nonce")
    if call.body.get("enforce_nonce") and nonce is not None:
        if known := api.world.known(call.user["id"], str(nonce)):
            return Answer(200, known)
    allowed = call.body.get("allowed_mentions")
    more = composed(api, call, channel) | reply(api, call, channel)
    if "referenced_message" in more and (allowed is None or allowed.get("replied_user")):
        more["also_mentioned"] = more["referenced_message"]["author"]
    message = api.world.write(channel["id"], call.user, content_of(call.body), allowed, **more)
    api.record.add("posted", message=message, by=call.user["id"], channel=channel["id"])
    return Answer(200, message)


@route("GET", MESSAGES)
def history(api: API, call: Call) -> Answer:
    """The newest first; `after` gives those that came next after it."""
    query, messages = call.request.query, api.world.messages[channel_of(api, call)["id"]]
    limit = query.get("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.")
    for name in ("before", "after", "around"):
        if name in query and not query[name].isdigit():
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{query[name]}" is not snowflake.')
    count = int(limit)
    if "after" in query:
        chosen = [id for id in messages.ids() if id > int(query["after"])][:count]
    elif "around" in query:
        ids = messages.ids()
        middle = sum(id < int(query["around"]) for id in ids)
        chosen = ids[max(0, middle - count // 2):][:count]
    else:
        chosen = messages.before(int(query["before"]) if "before" in query else None, count)
    return Answer(200, [visible(call, messages[id]) for id in reversed(chosen)])


def visible(call: Call, message: Object) -> Object:
    """A message as its reader may see it: its nonce is the author's alone, and content needs the intent."""
    assert call.bot
    message = {name: value for name, value in message.items() if name != "nonce" or message["author"] == call.user}
    return message if call.bot.allowed_intents & MESSAGE_CONTENT else masked(message, call.user["id"])


@route("GET", MESSAGE)
def read(api: API, call: Call) -> Answer:
    return Answer(200, visible(call, message_of(api, call)))


@route("PATCH", MESSAGE)
def edit(api: API, call: Call) -> Answer:
    message = message_of(api, call)
    if message["author"] != call.user:
        raise APIError(403, 50005, "Cannot edit a message authored by another user")
    changes: dict[str, Any] = {name: call.body[name] for name in ("embeds", "flags") if call.body.get(name) is not None}
    if "content" in call.body:
        changes["content"] = content_of(call.body)
    edited = api.world.edit(message, **changes)
    api.record.add("edited", message=edited)
    return Answer(200, edited)


@route("DELETE", MESSAGE)
def delete(api: API, call: Call) -> Answer:
    message = message_of(api, call)
    channel_of(api, call, to_write=True)
    api.world.delete(message["channel_id"], [message["id"]])
    api.record.add("deleted", channel=message["channel_id"], ids=[message["id"]])
    return Answer(204)


@route("POST", MESSAGES + "/bulk-delete")
def bulk_delete(api: API, call: Call) -> Answer:
    channel = channel_of(api, call, to_write=True)
    ids = call.body.get("messages") or []
    if not 2 <= len(ids) <= 100:
        raise APIError(400, 50016, "Provided too few or too many messages to delete. Must provide at least 2 and fewer "
                                   "than 100 messages to delete.")
    if any((int(id) >> 22) / 1000 + shapes.EPOCH / 1000 < time.time() - FORTNIGHT for id in ids):
        raise APIError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    there = [id for id in ids if int(id) in api.world.messages[channel["id"]]]
    api.world.delete(channel["id"], there)
    api.record.add("deleted", channel=channel["id"], ids=there)
    return Answer(204)


def react(api: API, call: Call, is_added: bool) -> Answer:
    message, name = message_of(api, call), call.ids["emoji_name"]
    text, _, id = name.partition(":")
    emoji = {"id": id or None, "name": text}
    reactions = {reaction["emoji"]["name"]: reaction for reaction in message.get("reactions", [])}
    if is_added:
        reactions[text] = {"emoji": emoji, "count": 1, "count_details": {"burst": 0, "normal": 1}, "burst_colors": [],
                           "me_burst": False, "me": True}
    else:
        reactions.pop(text, None)
    api.world.change("message", message={**message, "reactions": list(reactions.values())})
    api.record.add("reacted", message=message["id"], emoji=name, added=is_added)
    api.world.tell("MESSAGE_REACTION_ADD" if is_added else "MESSAGE_REACTION_REMOVE", {
        "user_id": call.user["id"], "channel_id": message["channel_id"], "message_id": message["id"], "emoji": emoji,
        "message_author_id": message["author"]["id"], "burst": False, "type": 0})
    return Answer(204)


@route("PUT", MESSAGE + "/reactions/{emoji_name}/@me")
def add_reaction(api: API, call: Call) -> Answer:
    return react(api, call, True)


@route("DELETE", MESSAGE + "/reactions/{emoji_name}/@me")
def remove_reaction(api: API, call: Call) -> Answer:
    return react(api, call, False)
