"""Discord's objects, as its OpenAPI document describes them; openapi.py holds them to it."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

Object = dict[str, Any]

EPOCH = 1_420_070_400_000
# Ids of what is there from the start: `fixed_id(GUILDS, n) >> 22` is a multiple of 2048, plus n, so that n tells the
# shard of a guild.
BOTS, PEOPLE, GUILDS, CHANNELS, ROOM = 1, 2, 3, 4, 20_480_000_000
ALL_PERMISSIONS = str((1 << 50) - 1)


def fixed_id(kind: int, number: int) -> str:
    return str((kind * ROOM + number) << 22)


class Snowflakes:
    """New ids: of the time, and each greater than all before."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> str:
        self.last = max(self.last + 1, int(time.time() * 1000 - EPOCH) << 22)
        return str(self.last)


def timestamp(snowflake: str | None = None) -> str:
    """The time of an id, or now, as Discord writes it."""
    seconds = ((int(snowflake) >> 22) + EPOCH) / 1000 if snowflake else time.time()
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds")


def user(id: str, name: str, bot: bool = False) -> Object:
    return {"id": id, "username": name, "global_name": None if bot else name.title(), "avatar": None,
            "discriminator": "0", "public_flags": 0, "flags": 0, "primary_guild": None,
            **({"bot": True} if bot else {})}


def own_user(user: Object) -> Object:
    return {**user, "mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}


def member(user: Object | None = None) -> Object:
    """A member; in MESSAGE_CREATE without the user, who stands beside it."""
    known = {"user": user} if user else {}
    return {**known, "nick": None, "avatar": None, "banner": None, "roles": [], "flags": 0, "pending": False,
            "joined_at": "2024-01-01T00:00:00.000000+00:00", "premium_since": None, "mute": False, "deaf": False,
            "communication_disabled_until": None}


def application(bot: Object, intents: int) -> Object:
    # GATEWAY_PRESENCE_LIMITED, GATEWAY_GUILD_MEMBERS_LIMITED and GATEWAY_MESSAGE_CONTENT_LIMITED, where allowed.
    flags = sum(flag for intent, flag in ((8, 1 << 13), (1, 1 << 15), (15, 1 << 19)) if intents >> intent & 1)
    return {"id": bot["id"], "name": bot["username"], "icon": None, "description": "", "type": None, "bot": bot,
            "verify_key": "0" * 64, "flags": flags, "flags_new": str(flags), "redirect_uris": [],
            "owner": user(fixed_id(PEOPLE, 0), "ada"),
            "interactions_endpoint_url": None, "role_connections_verification_url": None, "bot_public": False,
            "bot_require_code_grant": False, "approximate_guild_count": 1, "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": None,
            "eligible_oauth2_scopes": [], "rpc_origins": [], "summary": ""}


def role(guild: str) -> Object:
    """@everyone, whose id is the guild's."""
    return {"id": guild, "name": "@everyone", "permissions": ALL_PERMISSIONS, "position": 0, "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
            "managed": False, "mentionable": False, "icon": None, "unicode_emoji": None, "flags": 0}


def guild(id: str, name: str) -> Object:
    empty = ("icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id",
             "afk_channel_id", "system_channel_id", "widget_channel_id", "vanity_url_code", "rules_channel_id",
             "safety_alerts_channel_id", "public_updates_channel_id", "max_presences", "incidents_data")
    return {"id": id, "name": name, **dict.fromkeys(empty), "features": [], "owner_id": fixed_id(PEOPLE, 0),
            "region": "deprecated", "afk_timeout": 300, "system_channel_flags": 0, "widget_enabled": False,
            "verification_level": 0, "roles": [role(id)], "default_message_notifications": 0, "mfa_level": 0,
            "explicit_content_filter": 0, "max_members": 500000, "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25, "premium_tier": 0, "premium_subscription_count": 0,
            "preferred_locale": "en-US", "premium_progress_bar_enabled": False, "nsfw": False, "nsfw_level": 0,
            "emojis": [], "stickers": []}


def guild_create(guild: Object, channels: list[Object], people: list[Object]) -> Object:
    """What GUILD_CREATE has beside the guild."""
    return {**guild, "joined_at": "2024-01-01T00:00:00.000000+00:00", "large": False, "unavailable": False,
            "member_count": len(people), "members": [member(person) for person in people], "channels": channels,
            "voice_states": [], "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
            "soundboard_sounds": []}


def channel(id: str, guild: str, name: str, position: int) -> Object:
    return {"id": id, "type": 0, "guild_id": guild, "name": name, "position": position, "flags": 0,
            "last_message_id": None, "parent_id": None, "topic": None, "nsfw": False, "rate_limit_per_user": 0,
            "permission_overwrites": []}


def conversation(id: str, person: Object) -> Object:
    """A channel of a bot and one person."""
    return {"id": id, "type": 1, "flags": 0, "last_message_id": None, "recipients": [person]}


def message(id: str, channel: str, author: Object, content: str) -> Object:
    return {"id": id, "channel_id": channel, "author": author, "content": content, "type": 0, "flags": 0,
            "timestamp": timestamp(id), "edited_timestamp": None, "mentions": [], "mention_roles": [],
            "mention_everyone": False, "attachments": [], "embeds": [], "components": [], "pinned": False, "tts": False}


def webhook(id: str, token: str, channel: Object) -> Object:
    return {"id": id, "type": 1, "name": "hook", "avatar": None, "channel_id": channel["id"],
            "guild_id": channel["guild_id"], "application_id": None, "token": token,
            "url": f"https://discord.com/api/webhooks/{id}/{token}"}
