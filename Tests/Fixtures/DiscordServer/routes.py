"""The routes of all but messages: the gateway, users, channels, guilds, interactions and webhooks."""

from __future__ import annotations

import time

import shapes
from messages import channel_of, composed, content_of
from rest import API, APIError, Call, route
from shapes import Object
from web import Answer

DAY = 86400
THREADS = (10, 11, 12)
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


def gateway_url(call: Call) -> str:
    return call.base.replace("http", "ws", 1) + "/gateway"


@route("GET", "/gateway", authorized=False)
def gateway(api: API, call: Call) -> Answer:
    return Answer(200, {"url": gateway_url(call)})


@route("GET", "/gateway/bot")
def gateway_bot(api: API, call: Call) -> Answer:
    bot, settings = call.user["id"], api.gateway.settings
    remaining = api.gateway.remaining(bot)
    first = min(api.gateway.identifies[bot], default=0.0)
    reset = int((first + DAY - time.time()) * 1000) if first else 0
    return Answer(200, {"url": gateway_url(call), "shards": settings.shards, "session_start_limit": {
        "total": settings.identify_total, "remaining": remaining, "reset_after": reset,
        "max_concurrency": settings.max_concurrency}})


@route("GET", "/users/@me")
def me(api: API, call: Call) -> Answer:
    return Answer(200, shapes.own_user(call.user))


@route("GET", "/users/@me/guilds")
def my_guilds(api: API, call: Call) -> Answer:
    return Answer(200, [
        {**{name: guild[name] for name in ("id", "name", "icon", "banner", "features")}, "owner": False,
         "permissions": shapes.ALL_PERMISSIONS} for guild in api.world.guilds_of(call.user["id"])])


@route("POST", "/users/@me/channels")
def converse(api: API, call: Call) -> Answer:
    person = call.body.get("recipient_id")
    if person not in api.world.people:
        raise APIError(404, 10013, "Unknown User")
    return Answer(200, api.world.conversation(call.user["id"], person))


@route("GET", "/users/{user_id}")
def user(api: API, call: Call) -> Answer:
    if call.ids["user_id"] not in api.world.people:
        raise APIError(404, 10013, "Unknown User")
    return Answer(200, api.world.people[call.ids["user_id"]])


@route("GET", "/oauth2/applications/@me")
@route("GET", "/applications/@me")
def application(api: API, call: Call) -> Answer:
    assert call.bot
    return Answer(200, shapes.application(call.user, call.bot.allowed_intents))


@route("GET", "/channels/{channel_id}")
def channel(api: API, call: Call) -> Answer:
    return Answer(200, channel_of(api, call))


@route("POST", "/channels/{channel_id}/typing")
def typing(api: API, call: Call) -> Answer:
    place = channel_of(api, call, to_write=True)
    api.world.tell("TYPING_START", {
        "channel_id": place["id"], "user_id": call.user["id"], "timestamp": int(time.time()),
        **({"member": shapes.member(call.user)} if "guild_id" in place else {})})
    return Answer(204)


def guild_of(api: API, call: Call) -> Object:
    guild = api.world.guilds.get(call.ids["guild_id"])
    if guild is None or call.user["id"] not in api.world.members[guild["id"]]:
        raise APIError(404, 10004, "Unknown Guild")
    return guild


@route("GET", "/guilds/{guild_id}")
def guild(api: API, call: Call) -> Answer:
    return Answer(200, guild_of(api, call))


@route("GET", "/guilds/{guild_id}/channels")
def channels(api: API, call: Call) -> Answer:
    return Answer(200, [one for one in api.world.channels_of(guild_of(api, call)["id"]) if one["type"] not in THREADS])


@route("GET", "/guilds/{guild_id}/threads/active")
def threads(api: API, call: Call) -> Answer:
    found = [one for one in api.world.channels_of(guild_of(api, call)["id"]) if one["type"] in THREADS]
    return Answer(200, {"threads": found, "members": []})


@route("GET", "/guilds/{guild_id}/members")
def members(api: API, call: Call) -> Answer:
    ids = api.world.members[guild_of(api, call)["id"]]
    return Answer(200, [shapes.member(api.world.people[id]) for id in ids])


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def member(api: API, call: Call) -> Answer:
    if call.ids["user_id"] not in api.world.members[guild_of(api, call)["id"]]:
        raise APIError(404, 10007, "Unknown Member")
    return Answer(200, shapes.member(api.world.people[call.ids["user_id"]]))


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", authorized=False)
def callback(api: API, call: Call) -> Answer:
    interaction = api.interactions.get(call.ids["interaction_id"])
    if interaction is None or interaction["token"] != call.ids["interaction_token"]:
        raise APIError(404, 10062, "Unknown interaction")
    if interaction.get("answered"):
        raise APIError(400, 40060, "Interaction has already been acknowledged.")
    interaction["answered"] = True
    api.record.add("callback", interaction=interaction["id"], body=call.body)
    if call.body.get("type") == 4:
        data = call.body.get("data") or {}
        api.world.write(interaction["channel_id"], interaction["bot"], content_of(data), data.get("allowed_mentions"))
    return Answer(204)


def hook_of(api: API, call: Call) -> Object:
    """A webhook, or an interaction whose token serves as one."""
    id, token = call.ids["webhook_id"], call.ids["webhook_token"]
    hook = api.world.webhooks.get(id)
    for interaction in api.interactions.values():
        if (interaction["application_id"], interaction["token"]) == (id, token):
            hook = {"id": id, "token": token, "channel_id": interaction["channel_id"], "name": "interaction"}
    if hook is None:
        raise APIError(404, 10015, "Unknown Webhook")
    if hook["token"] != token:
        raise APIError(401, 50027, "Invalid Webhook Token")
    return hook


@route("GET", WEBHOOK, authorized=False)
def webhook(api: API, call: Call) -> Answer:
    return Answer(200, hook_of(api, call))


@route("POST", WEBHOOK, authorized=False)
def execute(api: API, call: Call) -> Answer:
    hook = hook_of(api, call)
    channel = api.world.channels[hook["channel_id"]]
    author = shapes.user(hook["id"], call.body.get("username") or hook["name"], bot=True)
    more = composed(api, call, channel) | {"webhook_id": hook["id"]}
    allowed = call.body.get("allowed_mentions")
    message = api.world.write(channel["id"], author, content_of(call.body), allowed, **more)
    api.record.add("posted", message=message, by=hook["id"], channel=channel["id"])
    return Answer(200, message) if call.request.query.get("wait") == "true" else Answer(204)


def hooked_message(api: API, call: Call) -> Object:
    hook = hook_of(api, call)
    message = api.world.messages[hook["channel_id"]].get(int(call.ids["message_id"]))
    if message is None or message.get("webhook_id") != hook["id"]:
        raise APIError(404, 10008, "Unknown Message")
    return message


@route("PATCH", WEBHOOK + "/messages/{message_id}", authorized=False)
def edit_hooked(api: API, call: Call) -> Answer:
    return Answer(200, api.world.edit(hooked_message(api, call), content=content_of(call.body)))


@route("DELETE", WEBHOOK + "/messages/{message_id}", authorized=False)
def delete_hooked(api: API, call: Call) -> Answer:
    message = hooked_message(api, call)
    api.world.delete(message["channel_id"], [message["id"]])
    return Answer(204)
