"""The tests of the server itself: that it says no where Discord does, and forgets nothing.

    check.py [OPENAPI]

With Discord's document, all that was asked and answered on the way is held to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Callable

from client import HERE, INTENTS, Gateway, Server

OPENAPI = sys.argv[1] if len(sys.argv) > 1 else ""


class ServerTests(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.start("--openapi", OPENAPI, "--state", os.path.join(self.directory.name, "state"))

    def start(self, *options: str) -> None:
        self.server = Server(*options)
        self.control = self.server.control
        self.control("settings", identify_interval=0)
        world = self.control("world")
        self.bot, self.token = world["bots"][0]["id"], world["bots"][0]["token"]
        self.channel, self.other = world["channels"][0]["id"], world["channels"][1]["id"]
        self.guild, self.foreign = world["guilds"][0]["id"], world["channels"][2]["id"]
        self.messages = f"/channels/{self.channel}/messages"
        self.connections: list[Gateway] = []

    def tearDown(self) -> None:
        for connection in self.connections:
            connection.stream.close()
        self.server.end()
        self.directory.cleanup()

    def connect(self, **options: Any) -> Gateway:
        connection = Gateway(self.server, **options)
        self.connections.append(connection)
        if connection.status == 101:
            self.assertEqual(connection.next()["op"], 10)
        return connection

    def session(self, **options: Any) -> tuple[Gateway, str]:
        connection = self.connect(**options)
        connection.identify(self.token)
        session = connection.until("GUILD_CREATE")[0]["d"]["session_id"]
        return connection, session

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any, Any]:
        return self.server.request(method, path, body, token=self.token, **more)

    def test_closes_as_discord_does(self) -> None:
        """Each wrong thing has its code."""
        self.control("bot", bot=self.bot, allowed_intents=1 << 15)
        self.control("limit", limit=1000)
        wrong: dict[int, list[Callable[[Gateway], None]]] = {
            4003: [lambda it: it.send(3, {})],
            4001: [lambda it: it.identify(self.token), lambda it: it.send(77)],
            4002: [lambda it: it.send_bytes(b"{")],
            4004: [lambda it: it.identify("wrong")],
            4005: [lambda it: it.identify(self.token)] * 2,
            4010: [lambda it: it.identify(self.token, shard=[2, 2])],
            4013: [lambda it: it.identify(self.token, 1 << 30)],
            4014: [lambda it: it.identify(self.token, INTENTS | 1 << 1)],
            4008: [lambda it: it.send(1, None)] * 121}
        for code, says in wrong.items():
            with self.subTest(code=code):
                connection = self.connect()
                for say in says:
                    say(connection)
                self.assertEqual(connection.end(), code)
        self.assertEqual(self.connect(query="v=9&encoding=json").end(), 4012)
        connection, session = self.session()
        connection.send(3, {"since": None, "afk": False, "status": "x" * 4096, "activities": []})
        self.assertEqual(connection.end(), 4002)
        connection = self.connect(path="/resume/x")
        connection.resume(self.token, session, 1000)
        self.assertEqual(connection.end(), 4007)
        self.control("settings", sharding_required=True)
        connection = self.connect()
        connection.identify(self.token)
        self.assertEqual(connection.end(), 4011)

    def test_tls(self) -> None:
        """With it, the server calls itself by the name in its certificate."""
        self.server.end()
        subprocess.run([f"{HERE}/../WebServer/certificates.sh", self.directory.name], check=True)
        self.start("--tls", self.directory.name)
        authority = f"{self.directory.name}/authority.pem"
        connection = self.connect(authority=authority, compress="zlib-stream")
        connection.identify(self.token)
        place = f"wss://localhost:{self.server.ports['secure']}/resume/"
        self.assertTrue(connection.next()["d"]["resume_gateway_url"].startswith(place))

    def test_one_identify_for_each_key_at_a_time(self) -> None:
        self.control("settings", identify_interval=60, max_concurrency=2)
        first, second, third = self.connect(), self.connect(), self.connect()
        first.identify(self.token, shard=[0, 4])
        self.assertEqual(first.next()["t"], "READY")
        second.identify(self.token, shard=[1, 4])
        self.assertEqual(second.next()["t"], "READY")
        third.identify(self.token, shard=[2, 4])
        self.assertEqual(third.next(), {"op": 9, "d": False})
        self.control("bot", bot=self.bot, identified=1000)
        last = self.connect()
        last.identify(self.token, shard=[3, 4])
        self.assertEqual(last.end(), 4004)
        self.assertEqual(self.request("GET", "/gateway/bot")[2]["session_start_limit"]["remaining"], 0)

    def test_a_session_resumes_with_all_that_it_missed(self) -> None:
        """In order, after a broken connection and after the server was killed; not after a farewell."""
        connection, session = self.session(compress="zlib-stream")
        self.control("fault", kind="reset")
        with self.assertRaises(ConnectionResetError):
            connection.end()
        self.control("say", channel=self.channel, content="missed {n}", count=50)
        self.server.kill_and_start()
        self.control("settings", frame_bytes=7)
        connection = self.connect(path="/resume/x", compress="zlib-stream")
        connection.resume(self.token, session, 2)
        events = connection.until("RESUMED")
        self.assertEqual([event["s"] for event in events], list(range(3, 54)))
        self.assertEqual([event["d"]["content"] for event in events[:-1]], [f"missed {n}" for n in range(50)])
        self.assertEqual(len(self.control("messages", channel=self.channel)), 50)
        connection.close(1000)
        self.control("wait", kind="end", where={"by": "client", "code": 1000})
        connection = self.connect()
        connection.resume(self.token, session, 53)
        self.assertEqual(connection.next(), {"op": 9, "d": False})

    def test_who_sees_what(self) -> None:
        """Another's content with the intent, one's own nonce, and what is of one's shard."""
        blind = self.connect()
        blind.identify(self.token, INTENTS & ~(1 << 15))
        blind.until("GUILD_CREATE")
        stranger = self.connect()
        stranger.identify(self.token, shard=[1, 2])
        stranger.until("READY")
        self.control("say", channel=self.channel, content="secret", more={"nonce": "7"})
        self.control("say", channel=self.channel, content=f"for <@{self.bot}>")
        self.request("POST", self.messages, {"content": "own", "nonce": "8"})
        seen = [blind.until("MESSAGE_CREATE")[-1]["d"] for _ in range(3)]
        self.assertEqual([message["content"] for message in seen], ["", f"for <@{self.bot}>", "own"])
        self.assertEqual([message.get("nonce") for message in seen], [None, None, "8"])
        self.assertEqual(seen[0]["guild_id"], self.guild)
        self.assertIn("joined_at", seen[0]["member"])
        stranger.send(1, None)
        self.assertEqual(stranger.next(), {"op": 11})

    def test_a_nonce_stands_for_one_message(self) -> None:
        """Also where the answer was lost, and after the server was killed."""
        body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
        self.control("script", on="request", kind="lost", where={"method": "POST"})
        with self.assertRaises((ConnectionError, OSError)):
            self.request("POST", self.messages, body)
        first = self.request("POST", self.messages, body)[2]
        self.server.kill_and_start()
        self.assertEqual(self.request("POST", self.messages, body)[2]["id"], first["id"])
        self.assertEqual(len(self.control("messages", channel=self.channel)), 1)
        self.assertNotEqual(self.request("POST", self.messages, {**body, "enforce_nonce": False})[2]["id"], first["id"])
        self.control("script", on="request", kind="status", status=502, times=2)
        self.assertEqual([self.request("GET", "/gateway/bot")[0] for _ in range(3)], [502, 502, 200])

    def test_limits_are_told_and_kept(self) -> None:
        answers = [self.request("POST", self.messages, {"content": "x"}) for _ in range(6)]
        self.assertEqual([status for status, _, _ in answers], [200] * 5 + [429])
        self.assertEqual([head["X-RateLimit-Remaining"] for _, head, _ in answers], ["4", "3", "2", "1", "0", "0"])
        _, head, body = answers[-1]
        self.assertEqual((head["X-RateLimit-Scope"], body["global"], head["Via"]), ("user", False, "1.1 google"))
        self.assertLessEqual(body["retry_after"], 5)
        self.assertEqual(self.request("POST", f"/channels/{self.other}/messages", {"content": "x"})[0], 200)
        self.control("limit", limit=2, window=60)
        statuses = [self.request("GET", f"/channels/{self.other}") for _ in range(3)]
        self.assertEqual(statuses[-1][1]["X-RateLimit-Global"], "true")
        self.control("script", on="request", kind="cloudflare", retry_after=9)
        status, head, _ = self.request("GET", "/gateway/bot")
        self.assertEqual((status, head["Via"], head["Retry-After"]), (429, None, "9"))
        # Too many that should not have been sent.
        self.control("limit", invalid=len(self.control("record", kind="request", where={"status": 429})) + 2)
        refused = [self.server.request("GET", "/users/@me", token="wrong")[:2] for _ in range(3)]
        found = [(status, head["Via"]) for status, head in refused]
        self.assertEqual(found, [(401, "1.1 google")] * 2 + [(429, None)])

    def test_errors_have_discords_codes(self) -> None:
        hidden = self.control("channels", guild=self.guild, access="none")[0]["id"]
        closed = self.control("channels", guild=self.guild, access="read")[0]["id"]
        text = {"content": "x"}
        for method, path, body, status, code in [
                ("GET", "/channels/1", None, 404, 10003), ("GET", f"/channels/{hidden}", None, 403, 50001),
                ("GET", f"/channels/{self.foreign}", None, 403, 50001), ("GET", "/guilds/1", None, 404, 10004),
                ("POST", f"/channels/{closed}/messages", text, 403, 50013), ("GET", "/nothing", None, 404, 0),
                ("GET", f"{self.messages}/1", None, 404, 10008), ("POST", self.messages, {"content": ""}, 400, 50006),
                ("POST", self.messages, {"content": "x" * 2001}, 400, 50035),
                ("POST", "/webhooks/1/x", text, 404, 10015),
                ("POST", self.messages, {**text, "nonce": "n" * 26}, 400, 50035),
                ("POST", self.messages, {**text, "message_reference": {"message_id": "1"}}, 400, 50035),
                ("POST", "/interactions/1/x/callback", {"type": 5}, 404, 10062)]:
            with self.subTest(path=path, code=code):
                answered, _, said = self.request(method, path, body)
                self.assertEqual((answered, said["code"]), (status, code))
        status, _, said = self.server.request("GET", "/users/@me", token="wrong")
        self.assertEqual((status, said), (401, {"message": "401: Unauthorized", "code": 0}))

    def test_answers_are_as_the_document_says(self) -> None:
        """Each route is asked; whatever it answers, and what was asked, is held to Discord's document."""
        ids = self.control("say", channel=self.channel, count=9)["ids"]
        person = self.control("messages", channel=self.channel)[0]["author"]["id"]
        form = (b'--b\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{"content":"with a file"}\r\n'
                b'--b\r\nContent-Disposition: form-data; name="files[0]"; filename="a;b.txt"\r\n\r\n'
                b'\r\n--x\r\n\r\n--b--\r\n')
        heads = {"Content-Type": "multipart/form-data; boundary=b"}
        message = self.request("POST", self.messages, form, headers=heads)[2]
        self.assertEqual([(file["filename"], file["size"]) for file in message["attachments"]], [("a;b.txt", 7)])
        answer = self.request("POST", self.messages, {
            "content": "re", "message_reference": {"message_id": ids[0]}, "allowed_mentions": {"parse": []}})[2]
        self.assertEqual((answer["type"], answer["referenced_message"]["id"], answer["mentions"]), (19, ids[0], []))
        hook = self.control("webhook", channel=self.channel)
        hooked, yes = f"/webhooks/{hook['id']}/{hook['token']}", {"content": "yes"}
        said = self.request("POST", f"{hooked}?wait=true", {"content": "hook"})[2]
        spoken = self.control("interaction", bot=self.bot, channel=self.channel)
        one = f"{self.messages}/{message['id']}"
        for method in ("PUT", "DELETE"):
            self.control("limit", route=f"{method} /channels/{{channel_id}}/messages/{{message_id}}/reactions/"
                                        "{emoji_name}/@me", limit=10)
        for method, path, body in [
                ("GET", "/gateway", None), ("GET", "/gateway/bot", None), ("GET", "/users/@me", None),
                ("GET", "/users/@me/guilds", None), ("GET", "/oauth2/applications/@me", None),
                ("GET", "/applications/@me", None), ("GET", f"/guilds/{self.guild}", None),
                ("GET", f"/guilds/{self.guild}/channels", None), ("GET", f"/guilds/{self.guild}/members", None),
                ("GET", f"/guilds/{self.guild}/members/{self.bot}", None), ("GET", f"/channels/{self.channel}", None),
                ("GET", f"{self.messages}?limit=5&around={ids[4]}", None),
                ("POST", f"/channels/{self.channel}/typing", None),
                ("PATCH", one, {"content": "edited"}), ("PUT", f"{one}/reactions/%F0%9F%91%8D/@me", None),
                ("GET", one, None), ("DELETE", f"{one}/reactions/%F0%9F%91%8D/@me", None), ("DELETE", one, None),
                ("POST", f"{self.messages}/bulk-delete", {"messages": ids[:2]}),
                ("POST", "/users/@me/channels", {"recipient_id": person}),
                ("POST", f"/interactions/{spoken['id']}/{spoken['token']}/callback", {"type": 4, "data": yes}),
                ("PATCH", f"{hooked}/messages/{said['id']}", {"content": "other"}),
                ("DELETE", f"{hooked}/messages/{said['id']}", None)]:
            with self.subTest(method=method, path=path):
                self.assertLess(self.request(method, path, body)[0], 300)
        after = self.request("GET", f"{self.messages}?limit=2&after={ids[2]}")[2]
        self.assertEqual([message["id"] for message in after], [ids[4], ids[3]])
        found = self.control("violations")
        self.assertEqual(found, {"is_checked": bool(OPENAPI), "violations": []})

    @unittest.skipUnless(OPENAPI, "Discord's document is not there")
    def test_what_the_document_does_not_allow_is_found(self) -> None:
        self.request("POST", self.messages, {"content": "x", "enforce_nonces": True})
        self.request("POST", self.messages, {"content": 7})
        self.request("GET", f"{self.messages}?limit=101")
        self.request("GET", "/users/@me", headers={"User-Agent": "curl"})
        found = " ".join(self.control("violations")["violations"])
        for text in ("body.enforce_nonces: is not known", "body.content: expected string or null, found 7",
                     "query.limit: 101 is out of range", "User-Agent: expected DiscordBot"):
            self.assertIn(text, found)

    def test_faults_of_a_connection(self) -> None:
        connection, _ = self.session()
        for kind, expected in [("reconnect", {"op": 7, "d": None}), ("heartbeat", {"op": 1, "d": None}),
                               ("invalid_session", {"op": 9, "d": False})]:
            self.control("fault", kind=kind)
            self.assertEqual(connection.next(), expected)
        self.control("fault", kind="acknowledge", enabled=False)
        connection.send(1, 3)
        self.assertEqual(self.control("wait", kind="heartbeat")["entries"][0]["d"], 3)
        self.control("fault", kind="huge", bytes=10 << 20)
        self.assertGreater(len(connection.next()["d"]), 10_000_000)
        self.control("fault", kind="close", code=4009)
        self.assertEqual(connection.end(), 4009)
        connection, _ = self.session()
        self.control("fault", kind="freeze")
        self.control("say", channel=self.channel)
        connection.send(1, None)
        connection.stream.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            connection.next()
        self.control("script", on="connect", kind="status", status=503, where={"path": "/resume/.*"})
        self.assertEqual(self.connect(path="/resume/x").status, 503)
        self.assertEqual(self.connect(path="/resume/x").status, 101)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
