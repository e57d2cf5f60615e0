"""Reddit's submissions and comments as JSON: all the fields that real ones have."""

from __future__ import annotations

import re
from typing import Any

import media
from world import Object, Thing, World, account_id

SITE = "https://www.reddit.com"
SLUG_LENGTH = 50
DELETED, REMOVED = "[deleted]", "[removed]"
FLAGS = ("distinguished", "stickied", "locked", "archived", "over_18", "spoiler")

# What is the same of all things here.
COMMON: Object = {
    "approved_at_utc": None, "approved_by": None, "author_is_blocked": False, "banned_at_utc": None, "banned_by": None,
    "can_gild": False, "can_mod_post": False, "distinguished": None, "downs": 0, "gilded": 0, "gildings": {},
    "likes": None, "locked": False, "mod_note": None, "mod_reason_by": None, "mod_reason_title": None,
    "mod_reports": [], "no_follow": True, "num_reports": None, "removal_reason": None, "report_reasons": None,
    "saved": False, "stickied": False, "subreddit_type": "public", "top_awarded_type": None,
    "total_awards_received": 0, "treatment_tags": [], "user_reports": [], "all_awardings": [], "awarders": [],
    "archived": False}
AUTHOR: Object = {
    "author_flair_background_color": None, "author_flair_css_class": None, "author_flair_richtext": [],
    "author_flair_template_id": None, "author_flair_text": None, "author_flair_text_color": None,
    "author_flair_type": "text", "author_patreon_flair": False, "author_premium": False}
COMMENT: Object = COMMON | {
    "associated_award": None, "collapsed": False, "collapsed_because_crowd_control": None, "collapsed_reason": None,
    "collapsed_reason_code": None, "comment_type": None, "controversiality": 0, "replies": "", "score_hidden": False,
    "send_replies": True, "unrepliable_reason": None}
SUBMISSION: Object = COMMON | {
    "allow_live_comments": False, "category": None, "clicked": False, "content_categories": None, "contest_mode": False,
    "discussion_type": None, "hidden": False, "hide_score": False, "is_created_from_ads_ui": False,
    "is_crosspostable": True, "is_meta": False, "is_original_content": False, "is_reddit_media_domain": False,
    "is_robot_indexable": True, "is_self": False, "is_video": False, "link_flair_background_color": "",
    "link_flair_css_class": None, "link_flair_richtext": [], "link_flair_text": None, "link_flair_text_color": "dark",
    "link_flair_type": "text", "media": None, "media_embed": {}, "media_only": False, "over_18": False, "pinned": False,
    "pwls": 6, "quarantine": False, "removed_by": None, "removed_by_category": None, "secure_media": None,
    "secure_media_embed": {}, "send_replies": True, "spoiler": False, "subreddit_subscribers": 100,
    "suggested_sort": None, "thumbnail": "", "thumbnail_height": None, "thumbnail_width": None, "upvote_ratio": 1.0,
    "view_count": None, "visited": False, "wls": 6}


def html(text: str) -> str:
    """A text as Reddit renders it, of all Markdown only with its paragraphs."""
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(plain, entity)
    paragraphs = [f"<p>{paragraph}</p>\n" for paragraph in text.split("\n\n") if paragraph]
    return '<div class="md">' + "\n".join(paragraphs) + "</div>"


def entities(value: Any) -> Any:
    """What is sent to who has not asked for `raw_json=1`: with entities in each text."""
    match value:
        case str():
            return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        case list():
            return [entities(item) for item in value]
        case dict():
            return {name: entities(item) for name, item in value.items()}
    return value


def slug(title: str) -> str:
    words = re.sub(r"\W+", "_", title.lower()).strip("_")
    return words[:SLUG_LENGTH].rstrip("_") or "_"


def permalink(world: World, thing: Thing) -> str:
    link = world.link_of(thing)
    path = f"/r/{link['subreddit']}/comments/{link['name'][3:]}/{slug(link['title'])}/"
    return path if link is thing else f"{path}{thing['name'][3:]}/"


def address(world: World, link: Thing) -> str:
    """What a submission links to: itself, if it is a text."""
    return str(link.get("url") or SITE + permalink(world, link))


def author(world: World, thing: Thing) -> Object:
    """Who wrote it, if that is still to be known."""
    if thing["state"] != "live" or thing["author"].lower() in world.fates:
        return {**AUTHOR, "author": DELETED, "author_flair_richtext": None, "author_flair_type": None}
    return {**AUTHOR, "author": thing["author"], "author_fullname": account_id(thing["author"])}


def text(thing: Thing) -> str:
    return str({"deleted": DELETED, "removed": REMOVED}.get(thing["state"], thing["text"]))


def place(world: World, thing: Thing) -> Object:
    subreddit = world.subreddits[thing["subreddit"].lower()]
    return {"subreddit": subreddit["name"], "subreddit_id": subreddit["id"], "subreddit_type": subreddit["type"],
            "subreddit_name_prefixed": f"r/{subreddit['name']}"}


def always(world: World, thing: Thing) -> Object:
    flags: Object = {name: thing[name] for name in FLAGS if name in thing}
    return {"id": thing["name"][3:], "name": thing["name"], "created": float(thing["created"]),
            "created_utc": float(thing["created"]), "edited": thing["edited"] and float(thing["edited"]),
            "score": thing["score"], "ups": max(0, thing["score"]), "permalink": permalink(world, thing), **flags}


def submission(world: World, thing: Thing, with_crosspost: bool = True) -> Object:
    said, is_self, url = text(thing), thing["form"] in ("self", "poll"), address(world, thing)
    data: Object = {
        **SUBMISSION, **author(world, thing), **place(world, thing), **always(world, thing),
        "title": thing["title"], "selftext": said if is_self or thing["form"] == "gallery" else "",
        "selftext_html": f"<!-- SC_OFF -->{html(said)}<!-- SC_ON -->" if is_self and said else None,
        "is_self": is_self, "url": url, "domain": media.domain(url, thing), "thumbnail": "self" if is_self else "",
        "num_comments": comments(world, thing), "num_crossposts": thing.get("crossposts", 0),
        "send_replies": thing.get("send_replies", True)}
    if thing["state"] != "live":
        data |= {"removed_by_category": "deleted" if thing["state"] == "deleted" else "moderator",
                 "is_robot_indexable": False, "is_crosspostable": False}
    if thing.get("flair"):
        data |= {"link_flair_text": thing["flair"], "link_flair_template_id": thing.get("flair_id")}
    data |= media.fields(thing)
    if "crosspost" in thing and with_crosspost:
        data |= {"crosspost_parent": thing["crosspost"], "crosspost_parent_list": [
            submission(world, world.things[thing["crosspost"]], with_crosspost=False)]}
    return {**data, **thing.get("more", {})}


def comment(world: World, thing: Thing) -> Object:
    """A comment as it stands in a tree; `listed` adds what it has in listings."""
    said = text(thing)
    link = world.link_of(thing)
    return {**COMMENT, **author(world, thing), **place(world, thing), **always(world, thing),
            "body": said, "body_html": html(said), "link_id": link["name"], "parent_id": thing["parent"],
            "is_submitter": thing["author"] == link["author"], **thing.get("more", {})}


def listed(world: World, thing: Thing) -> Object:
    """A submission or comment as it stands in a listing, with its kind."""
    if thing["name"].startswith("t3"):
        return {"kind": "t3", "data": submission(world, thing)}
    link = world.link_of(thing)
    return {"kind": "t1", "data": {
        **comment(world, thing), "link_title": link["title"], "link_author": author(world, link)["author"],
        "link_url": address(world, link), "link_permalink": SITE + permalink(world, link),
        "num_comments": comments(world, link), "over_18": link.get("over_18", False), "quarantine": False}}


def comments(world: World, link: Thing) -> int:
    return world.comments[link["name"]]


def listing(children: list[Object], after: str | None = None, before: str | None = None) -> Object:
    return {"kind": "Listing", "data": {"after": after, "dist": len(children), "modhash": None, "geo_filter": "",
                                        "children": children, "before": before}}


def without_account(body: Any) -> None:
    """What is different about listings for an app that speaks for nobody: an empty text where else there is null."""
    for part in body if isinstance(body, list) else [body]:
        if part.get("kind") == "Listing":
            part["data"]["modhash"] = ""
