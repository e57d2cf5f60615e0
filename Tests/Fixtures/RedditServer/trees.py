"""A submission with the tree of its comments."""

from __future__ import annotations

import shapes
from listings import number, subreddit_of
from rest import API, APIError, Call, route
from world import Object, Thing

# How many comments a tree has if it is not said, and at most; and how deep it is.
USUAL, MOST, DEEPEST = 200, 500, 10


class Tree:
    """As much of a tree as fits; for the rest there is `more`."""

    def __init__(self, api: API, limit: int, depth: int, order: str) -> None:
        self.api, self.left, self.depth, self.order = api, limit, depth, order

    def answers(self, name: str) -> list[Thing]:
        """Those to a thing: what was deleted is left out, unless it has been answered."""
        found = [thing for thing in self.api.world.answers(name)
                 if thing["state"] == "live" or self.api.world.lists["answers", thing["name"]]]
        found.sort(key=lambda thing: thing["n"], reverse=self.order == "new")
        return found

    def below(self, name: str, depth: int = 0) -> list[Object]:
        children: list[Object] = []
        found = self.answers(name)
        for position, thing in enumerate(found):
            if self.left <= 0:
                return [*children, self.more(found[position:], name, depth)]
            self.left -= 1
            children.append(self.node(thing, depth))
        return children

    def node(self, thing: Thing, depth: int) -> Object:
        data = {**shapes.comment(self.api.world, thing), "depth": depth}
        if depth + 1 < self.depth:
            replies = self.below(thing["name"], depth + 1)
        else:
            replies = [self.deeper(thing, depth + 1)] if self.answers(thing["name"]) else []
        if replies:
            data["replies"] = shapes.listing(replies)
            data["replies"]["data"]["dist"] = None
        return {"kind": "t1", "data": data}

    def more(self, things: list[Thing], parent: str, depth: int) -> Object:
        first = things[0]["name"]
        return {"kind": "more", "data": {
            "count": sum(self.size(thing) for thing in things), "name": first, "id": first[3:], "parent_id": parent,
            "depth": depth, "children": [thing["name"][3:] for thing in things]}}

    def deeper(self, thing: Thing, depth: int) -> Object:
        """Where a tree ends for its depth: "continue this thread"."""
        return {"kind": "more", "data": {"count": 0, "name": "t1__", "id": "_", "parent_id": thing["name"],
                                         "depth": depth, "children": []}}

    def size(self, thing: Thing) -> int:
        return 1 + sum(self.size(answer) for answer in self.answers(thing["name"]))


def tree(api: API, call: Call) -> Tree:
    limit = number(call.query.get("limit") or call.form.get("limit"), USUAL)
    depth = number(call.query.get("depth"), DEEPEST)
    return Tree(api, min(MOST, limit), depth, {**call.query, **call.form}.get("sort", "confidence"))


@route("GET", "(?:/r/(?P<subreddit>[^/]+))?/comments/{id}(?:/[^/]*)?(?:/(?P<comment>[^/]+))?", "read")
def submission(api: API, call: Call) -> list[Object]:
    link = api.world.things.get("t3_" + call.ids["id"])
    if link is None:
        raise APIError(404, "Not Found")
    subreddit_of(api, call, link["subreddit"])
    top, built = link["name"], tree(api, call)
    focus = api.world.things.get("t1_" + (call.ids["comment"] or call.query.get("comment", "")))
    if focus and focus["link"] == link["name"]:
        # With so many of those that it answers.
        for _ in range(number(call.query.get("context"), 0)):
            if focus["parent"].startswith("t1"):
                focus = api.world.things[focus["parent"]]
        children = [built.node(focus, 0)]
    else:
        children = built.below(top)
    listings = [shapes.listing([shapes.listed(api.world, link)]), shapes.listing(children)]
    listings[1]["data"]["dist"] = None
    return listings


@route("GET", "/api/morechildren", "read")
@route("POST", "/api/morechildren", "read")
def more_children(api: API, call: Call) -> Object:
    """The comments that `more` has named, and all below them, one after the other."""
    asked = {**call.query, **call.form}
    flat: list[Object] = []

    def take(thing: Thing) -> None:
        flat.append({"kind": "t1", "data": {
            **shapes.comment(api.world, thing), "depth": api.world.depth(thing)}})
        for answer in built.answers(thing["name"]):
            take(answer)

    built = tree(api, call)
    for id in asked.get("children", "").split(","):
        thing = api.world.things.get(f"t1_{id}")
        if thing and thing["link"] == asked.get("link_id"):
            take(thing)
    return {"json": {"errors": [], "data": {"things": flat}}}
