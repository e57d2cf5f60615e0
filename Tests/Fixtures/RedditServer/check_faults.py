"""Tests of what goes wrong on command."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from check_case import Case


class FaultTests(Case):
    def fault(self, kind: str, **more: Any) -> None:
        self.control("script", on="request", kind=kind, **more)

    def test_answers_that_say_no(self) -> None:
        self.fault("status", status=429, retry_after=60, where={"path": "/r/.*"})
        self.fault("status", status=503)
        self.fault("html")
        self.fault("ratelimit", minutes=7)
        self.fault("errors", errors=[["QUOTA_FILLED", "too many", None]])
        self.assertEqual(self.get("/api/v1/me")[0], 503)
        status, head, _ = self.get("/r/testing/new")
        self.assertEqual((status, head["Retry-After"]), (429, "60"))
        status, head, page = self.get("/r/testing/new")
        self.assertEqual((status, head["Content-Type"]), (200, "text/html; charset=UTF-8"))
        self.assertTrue(page.startswith(b"<!doctype html>"))
        self.assertEqual(self.get("/r/testing/new")[2]["json"]["ratelimit"], 420.0)
        self.assertEqual(self.get("/r/testing/new")[2]["json"]["errors"][0][0], "QUOTA_FILLED")
        self.control("wait", kind="request", count=5)
        # It was told to wait for a minute, and was told of nothing that it does too early within a quarter of a second.
        while not (early := self.control("violations")):
            self.get("/r/testing/new")
        self.assertIn("Retry-After: called", early[0])

    def test_answers_that_are_spoilt(self) -> None:
        self.say(text="x" * 1000)
        self.fault("truncated")
        with self.assertRaises(json.JSONDecodeError):
            self.get("/r/testing/new")
        self.fault("cut")
        with self.assertRaises(http.client.IncompleteRead):
            self.get("/r/testing/new")
        self.assertEqual([thing["listed"] for thing in self.control("truth")], [False])
        began = time.monotonic()
        self.fault("dribble", pieces=5, seconds=0.2)
        self.fault("late", seconds=0.2)
        self.assertEqual([self.get("/r/testing/new")[0] for _ in range(2)], [200, 200])
        self.assertGreater(time.monotonic() - began, 0.3)
        self.assertEqual([thing["listed"] for thing in self.control("truth")], [True])

    def test_connections_break_before_and_after(self) -> None:
        form = {"api_type": "json", "sr": "testing", "kind": "self", "title": "once"}
        for kind, count in (("unsent", 0), ("lost", 1)):
            self.fault(kind, where={"method": "POST"})
            with self.assertRaises(ConnectionResetError):
                self.server.request("POST", "/api/submit", form, self.token)
            self.assertEqual(len(self.control("record", kind="posted")), count)
        self.assertEqual(self.names("/r/testing/new"), [self.control("record", kind="posted")[0]["name"]])

    def test_a_token_expires_under_way(self) -> None:
        self.fault("expire", where={"account": "testbot_0"})
        self.assertEqual([self.get("/api/v1/me")[0] for _ in range(2)], [401, 401])
        self.assertEqual(self.get("/api/v1/me", token=self.server.token())[0], 200)

    def test_listings_that_leave_out(self) -> None:
        names = self.say(count=4)[::-1]
        self.fault("empty")
        self.fault("skip")
        self.fault("vanish", count=2)
        for expected in ([], names[1:], names[2:], names[2:]):
            self.assertEqual(self.names("/r/testing/new"), expected)
        late, = self.say(late=2)
        first, = self.say()
        self.assertEqual([late in self.names("/r/testing/new") for _ in range(3)], [False, False, True])
        # What has come late stands where it belongs, behind what was seen before.
        self.assertEqual(self.names("/r/testing/new"), [first, late, *names[2:]])
        self.assertEqual(self.names(f"/r/testing/new?before={first}"), [])

    def test_faults_of_a_probability_are_the_same_each_time(self) -> None:
        runs = []
        for _ in range(2):
            self.fault("status", status=500, chance=0.3, seed=5)
            runs.append([self.get("/api/v1/me")[0] for _ in range(30)])
            self.control("forget")
        self.assertEqual(runs[0], runs[1])
        self.assertTrue(0 < runs[0].count(500) < 30)
        self.assertEqual(self.get("/api/v1/me")[0], 200)
