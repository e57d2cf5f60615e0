"""Tests of tokens and of what an app may do."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess

from check_case import Case
from client import AGENT, HERE


class LoginTests(Case):
    def test_an_app_is_told_no_as_by_reddit(self) -> None:
        account = self.server.ports["accounts"][0]
        client, secret, name = account["client_id"], account["client_secret"], account["name"]
        right = {"grant_type": "password", "username": name, "password": account["password"]}
        refresh = {"grant_type": "refresh_token", "refresh_token": account["refresh_token"]}
        for who, form, status, error in [
                ((client, "wrong"), right, 401, 401), (("nobody", secret), right, 401, 401),
                ((client, secret), {**right, "password": "wrong"}, 200, "invalid_grant"),
                ((client, secret), {**right, "username": "nobody"}, 200, "invalid_grant"),
                (("web-app", "web-secret"), right, 200, "unauthorized_client"),
                ((client, secret), {"grant_type": "magic"}, 200, "unsupported_grant_type"),
                ((client, secret), {**refresh, "refresh_token": "wrong"}, 400, 400),
                (("web-app", "web-secret"), refresh, 400, 400)]:
            with self.subTest(form=form):
                answered, _, said = self.server.grant(*who, **form)
                self.assertEqual((answered, said["error"]), (status, error))
        _, _, said = self.server.grant(client, secret, **refresh, scope="read submit")
        self.assertEqual((said["scope"], said["expires_in"], said["token_type"]), ("read submit", 86400, "bearer"))
        self.assertEqual(said["refresh_token"], account["refresh_token"])

    def test_a_token_is_good_for_its_scope_and_its_time(self) -> None:
        narrow = self.server.token(scope="identity privatemessages")
        self.assertEqual(self.get("/api/v1/me", token=narrow)[0], 200)
        status, head, _ = self.get("/r/testing/new", token=narrow)
        self.assertEqual((status, "insufficient_scope" in head["WWW-Authenticate"]), (403, True))
        self.assertEqual(self.control("expire", account=self.server.ports["accounts"][0]["name"])["tokens"], 2)
        status, head, said = self.get("/api/v1/me")
        self.assertEqual(head["WWW-Authenticate"], 'Bearer realm="reddit", error="invalid_token"')
        self.assertEqual((status, said), (401, {"message": "Unauthorized", "error": 401}))
        self.assertEqual(self.get("/api/v1/me", token="never")[0], 401)
        self.assertEqual(self.get("/api/v1/me", token=None)[0], 403)
        self.control("settings", expires_in=0)
        self.assertEqual(self.get("/api/v1/me", token=self.server.token())[0], 401)

    def test_an_app_without_an_account_reads_and_does_not_write(self) -> None:
        _, _, said = self.server.grant("web-app", "web-secret", grant_type="client_credentials")
        self.token = said["access_token"]
        self.assertEqual(self.page("/r/testing/new")["children"], [])
        self.assertEqual(self.get("/message/inbox")[0], 403)
        self.assertEqual(self.refused("/api/submit", sr="testing", title="x", kind="self"), "USER_REQUIRED")

    def test_refresh_tokens_are_renewed_where_told_and_taken_back(self) -> None:
        account = self.server.ports["accounts"][1]
        who = account["client_id"], account["client_secret"]
        self.control("settings", rotate=True)
        ask = {"grant_type": "refresh_token", "refresh_token": account["refresh_token"]}
        second = self.server.grant(*who, **ask)[2]["refresh_token"]
        self.assertEqual(self.server.grant(*who, **ask)[0], 400)
        self.server.kill_and_start()
        ask["refresh_token"] = second
        _, _, said = self.server.grant(*who, **ask)
        self.assertEqual(self.get("/api/v1/me", token=said["access_token"])[2]["name"], account["name"])
        self.control("revoke", account=account["name"])
        self.assertEqual(self.get("/api/v1/me", token=said["access_token"])[0], 401)
        self.assertEqual(self.server.grant(*who, **{**ask, "refresh_token": said["refresh_token"]})[0], 400)

    def test_the_allowance_is_told_and_kept(self) -> None:
        # A window so long that none ends while this test runs, but in one run of a million.
        self.control("settings", allowance=3, window=1e9)
        answers = [self.get("/r/testing/new") for _ in range(4)]
        self.assertEqual([status for status, _, _ in answers], [200] * 3 + [429])
        self.assertEqual([head["x-ratelimit-remaining"] for _, head, _ in answers], ["2.0", "1.0", "0.0", "0.0"])
        self.assertEqual([head["x-ratelimit-used"] for _, head, _ in answers], ["1", "2", "3", "4"])
        self.assertGreater(int(answers[0][1]["x-ratelimit-reset"]), 0)
        self.assertEqual(self.get("/r/testing/new", token=self.server.token(1))[0], 200)
        violations = self.control("violations")
        self.assertEqual(len(violations), 1)
        self.assertTrue(violations[0].startswith("GET /r/testing/new: rate: call 4 of 3"), violations)

    def test_tls(self) -> None:
        self.server.end()
        subprocess.run([f"{HERE}/../WebServer/certificates.sh", self.directory.name], check=True)
        self.start("--tls", self.directory.name)
        context = ssl.create_default_context(cafile=f"{self.directory.name}/authority.pem")
        connection = http.client.HTTPSConnection("localhost", self.server.ports["secure"], context=context)
        connection.request("GET", "/api/v1/me", headers={"Authorization": f"bearer {self.token}", "User-Agent": AGENT})
        self.assertEqual(json.load(connection.getresponse())["name"], self.server.ports["accounts"][0]["name"])
        connection.close()

    def test_who_asks_is_to_be_said(self) -> None:
        self.assertEqual(self.get("/r/testing/new", headers={"User-Agent": "python-requests/2.31.0"})[0], 200)
        self.control("settings", strict_agent=True)
        self.assertEqual(self.get("/r/testing/new", headers={"User-Agent": "curl/8"})[0], 429)
        self.assertEqual(self.get("/r/testing/new", headers={"User-Agent": ""})[0], 429)
        self.assertEqual(self.get("/r/testing/new")[0], 200)
        self.assertEqual(len(self.control("violations")), 3)
