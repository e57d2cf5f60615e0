"""Tests of answers from recordings."""

from __future__ import annotations

import base64
import glob
import gzip
import json
import os
import tempfile
import unittest
from typing import Any, Iterator
from urllib.parse import urlsplit

from client import Server

# A directory of recordings that are not ours to keep here.
RECORDINGS = ""
# What Reddit sent once, and since when what it sends has not changed.
GONE, MODERN = {"from", "from_id", "from_kind"}, "2023"


def recorded(method: str, uri: str, body: Any, answer: Any, name: str = "string", pack: Any = None) -> dict[str, Any]:
    text = json.dumps(answer)
    said = base64.b64encode(pack(text.encode())).decode() if pack else text
    return {"request": {"method": method, "uri": uri, "body": body, "headers": {}},
            "response": {"status": {"code": 200, "message": "OK"}, "url": uri,
                         "headers": {"content-type": ["application/json; charset=UTF-8"], "Content-Length": ["1"],
                                     "Set-Cookie": ["a=1", "b=2"], "x-ratelimit-remaining": ["598.0"]},
                         "body": {"encoding": "UTF-8", name: said}}}


def listing(*names: str) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": names[-1], "dist": len(names), "modhash": "", "before": None,
                                        "children": [{"kind": "t1", "data": {"name": name}} for name in names]}}


def files() -> list[str]:
    return sorted(glob.glob(f"{glob.escape(RECORDINGS)}/*.json")) if RECORDINGS else []


def interactions(*places: str) -> Iterator[dict[str, Any]]:
    """What is recorded in some files, or in all of them."""
    for place in places or files():
        with open(place, encoding="utf-8") as opened:
            yield from json.load(opened)["interactions"]


class ReplayTests(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def start(self, *options: str) -> None:
        self.server = Server("--replay", *options)
        self.addCleanup(self.server.end)

    def test_answers_as_was_recorded(self) -> None:
        api = "https://oauth.reddit.com"
        path = f"{api}/r/<PLACE>/comments/?limit=100&raw_json=1"
        token = {"access_token": "<ACCESS_TOKEN>", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
        recording = [
            recorded("POST", "https://www.reddit.com/api/v1/access_token", "grant_type=password&username=x", token),
            recorded("GET", path, None, listing("t1_1")),
            recorded("GET", path, {"string": ""}, listing("t1_2"), "base64_string", gzip.compress),
            recorded("GET", f"{path}&before=t1_2", None, listing("t1_3"), "string", bytes),
            recorded("POST", f"{api}/api/comment/", "text=a+b&thing_id=t3_1&api_type=json", {"json": {"errors": []}})]
        with open(os.path.join(self.directory.name, "one.json"), "w", encoding="utf-8") as file:
            json.dump({"interactions": recording, "version": 1, "recorded_at": ""}, file)
        self.start(self.directory.name, "--placeholder", "PLACE=somewhere")
        self.assertEqual(self.server.grant("any", "any", grant_type="refresh_token", refresh_token="any")[2],
                         {**token, "access_token": "replayed-access"})

        def names(query: str) -> list[str]:
            _, _, answer = self.server.request("GET", f"/r/somewhere/comments?{query}", token="any")
            return [child["data"]["name"] for child in answer["data"]["children"]]
        self.assertEqual([names("limit=7") for _ in range(3)], [["t1_1"], ["t1_2"], ["t1_2"]])
        self.assertEqual([names("before=t1_2") for _ in range(2)], [["t1_3"], []])
        self.assertEqual(names("before=t1_3&raw_json=1"), [])
        for kind in ("truncated", "status"):
            self.server.control("script", on="request", kind=kind, status=503, message="no", where={"path": "/r/.*"})
        with self.assertRaises(json.JSONDecodeError):
            names("")
        self.assertEqual(self.server.request("GET", "/r/somewhere/comments", token="any")[0], 503)
        self.assertEqual(names(""), ["t1_2"])
        form = {"api_type": "json", "text": "a b", "thing_id": "t3_1"}
        _, head, said = self.server.request("POST", "/api/comment?raw_json=1", form, "any")
        self.assertEqual((said, head.get_all("Set-Cookie")), ({"json": {"errors": []}}, ["a=1", "b=2"]))
        self.assertEqual(self.server.control("violations"), [])
        self.assertEqual(self.server.request("GET", "/r/elsewhere/new", token="any")[0], 404)
        self.assertEqual(self.server.control("violations"), ["GET /r/elsewhere/new: not recorded: /r/elsewhere/new"])
        self.assertEqual(sum(one["asked"] for one in self.server.control("list")), 9)

    def test_all_that_is_recorded_is_answered(self) -> None:
        if not files():
            self.skipTest("there are no recordings")
        for file in files():
            with self.subTest(file=os.path.basename(file)):
                self.start(file)
                for one in interactions(file):
                    parts = urlsplit(one["request"]["uri"])
                    path = f"{parts.path}?{parts.query}".replace("<", "%3C").replace(">", "%3E")
                    body = one["request"]["body"]
                    status, _, answer = self.server.exchange(
                        self.server.ports["plain"], one["request"]["method"], path, body.encode() if body else None, {})
                    expected = json.loads(one["response"]["body"]["string"].replace("<ACCESS_TOKEN>", "replayed-access")
                                          .replace("<REFRESH_TOKEN>", "replayed-refresh"))
                    self.assertEqual((status, answer), (one["response"]["status"]["code"], expected))
                self.assertEqual(self.server.control("violations"), [])

    def test_things_have_the_fields_that_were_recorded(self) -> None:
        """Those of the newest recording of each kind, and no others where that is new enough."""
        newest: dict[str, tuple[str, set[str]]] = {}
        for one in interactions():
            answer = json.loads(one["response"]["body"]["string"])
            for child in answer["data"]["children"] if isinstance(answer, dict) and "data" in answer else []:
                kind = "mail" if "was_comment" in child["data"] else child["kind"]
                if newest.get(kind, ("", ))[0] <= one["recorded_at"]:
                    newest[kind] = one["recorded_at"], set(child["data"])
        if not newest:
            self.skipTest("there are no recordings")
        self.server = Server()
        self.addCleanup(self.server.end)
        self.server.control("say", subreddit="testing")
        self.server.control("say", subreddit="testing", kind="comment", text="u/testbot_0")
        token = self.server.token()
        for kind, path in (("t1", "/r/testing/comments"), ("t3", "/r/testing/new"), ("mail", "/message/mentions")):
            _, _, answer = self.server.request("GET", path, token=token)
            ours, (recorded_at, theirs) = set(answer["data"]["children"][0]["data"]), newest[kind]
            self.assertEqual(theirs - ours - GONE, set(), kind)
            if recorded_at > MODERN:
                self.assertEqual(ours, theirs, kind)
