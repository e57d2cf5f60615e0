"""What all tests of the server start with."""

from __future__ import annotations

import os
import tempfile
import unittest
from typing import Any

from client import Object, Server


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.start("--state", os.path.join(self.directory.name, "state"))

    def start(self, *options: str) -> None:
        self.server = Server(*options)
        self.control = self.server.control
        self.token = self.server.token()

    def tearDown(self) -> None:
        self.server.end()
        self.directory.cleanup()

    def get(self, path: str, **more: Any) -> tuple[int, Any, Any]:
        return self.server.request("GET", path, **{"token": self.token, **more})

    def page(self, path: str) -> Object:
        status, _, answer = self.get(path)
        self.assertEqual((status, answer["kind"]), (200, "Listing"))
        data: Object = answer["data"]
        self.assertEqual(data["dist"], len(data["children"]))
        return data

    def names(self, path: str) -> list[str]:
        return [child["data"]["name"] for child in self.page(path)["children"]]

    def post(self, path: str, **form: Any) -> Any:
        """Posts a form, which is taken."""
        status, _, answer = self.server.request("POST", path, {"api_type": "json", **form}, self.token)
        self.assertEqual((status, answer.get("json", {}).get("errors", [])), (200, []))
        return answer.get("json", {}).get("data", {})

    def refused(self, path: str, **form: Any) -> str:
        """The name of the error that a form is answered with."""
        status, _, answer = self.server.request("POST", path, {"api_type": "json", **form}, self.token)
        self.assertEqual(status, 200)
        return str(answer["json"]["errors"][0][0])

    def say(self, subreddit: str = "testing", **more: Any) -> list[str]:
        names: list[str] = self.control("say", subreddit=subreddit, **more)["names"]
        return names
