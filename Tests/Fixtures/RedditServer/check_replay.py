"""Tests of answers from recordings."""

from __future__ import annotations

import base64
import glob
import gzip
import json
import os
import tempfile
import unittest
from typing import Any
from urllib.parse import urlsplit

from client import Server

# A directory of recordings that are not ours to keep here.
RECORDINGS = ""


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
        interactions = [
            recorded("POST", "https://www.reddit.com/api/v1/access_token", "grant_type=password&username=x", token),
            recorded("GET", path, None, listing("t1_1")),
            recorded("GET", path, {"string": ""}, listing("t1_2"), "base64_string", gzip.compress),
            recorded("GET", f"{path}&before=t1_2", None, listing("t1_3"), "string", bytes),
            recorded("POST", f"{api}/api/comment/", "text=a+b&thing_id=t3_1&api_type=json", {"json": {"errors": []}})]
        with open(os.path.join(self.directory.name, "one.json"), "w", encoding="utf-8") as file:
            json.dump({"interactions": interactions, "version": 1, "recorded_at": ""}, file)
        self.start(self.directory.name, "--placeholder", "PLACE=somewhere")
        self.assertEqual(self.server.grant("any", "any", grant_type="refresh_token", refresh_token="any")[2],
                         {**token, "access_token": "replayed-access"})

        def names(query: str) -> list[str]:
            _, _, answer = self.server.request("GET", f"/r/somewhere/comments?{query}", token="any")
            return [child["data"]["name"] for child in answer["data"]["children"]]
        self.assertEqual([names("limit=7") for _ in range(3)], [["t1_1"], ["t1_2"], ["t1_2"]])
        self.assertEqual([names("before=t1_2") for _ in range(2)], [["t1_3"], []])
        self.assertEqual(names("before=t1_3&raw_json=1"), [])
        form = {"api_type": "json", "text": "a b", "thing_id": "t3_1"}
        _, head, said = self.server.request("POST", "/api/comment?raw_json=1", form, "any")
        self.assertEqual((said, head.get_all("Set-Cookie")), ({"json": {"errors": []}}, ["a=1", "b=2"]))
        self.assertEqual(self.server.control("violations"), [])
        self.assertEqual(self.server.request("GET", "/r/elsewhere/new", token="any")[0], 404)
        self.assertEqual(self.server.control("violations"), ["GET /r/elsewhere/new: not recorded: /r/elsewhere/new"])
        self.assertEqual(sum(one["asked"] for one in self.server.control("list")), 7)

    def test_all_that_is_recorded_is_answered(self) -> None:
        files = sorted(glob.glob(f"{glob.escape(RECORDINGS)}/*.json")) if RECORDINGS else []
        if not files:
            self.skipTest("there are no recordings")
        for file in files:
            with self.subTest(file=os.path.basename(file)), open(file, encoding="utf-8") as opened:
                interactions = json.load(opened)["interactions"]
                self.start(file)
                for one in interactions:
                    parts = urlsplit(one["request"]["uri"])
                    path = f"{parts.path}?{parts.query}".replace("<", "%3C").replace(">", "%3E")
                    body = one["request"]["body"]
                    status, _, answer = self.server.exchange(
                        self.server.ports["plain"], one["request"]["method"], path, body.encode() if body else None, {})
                    expected = json.loads(one["response"]["body"]["string"].replace("<ACCESS_TOKEN>", "replayed-access")
                                          .replace("<REFRESH_TOKEN>", "replayed-refresh"))
                    self.assertEqual((status, answer), (one["response"]["status"]["code"], expected))
                self.assertEqual(self.server.control("violations"), [])
