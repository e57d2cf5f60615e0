"""Tests of what accounts post, and of the mail that others get by it."""

from __future__ import annotations

import time

from check_case import Case


class PostingTests(Case):
    def test_what_is_posted_is_there(self) -> None:
        said = self.post("/api/submit", sr="testing", kind="self", title="Hello, World!", text="some text")
        self.assertEqual(said["url"], f"https://www.reddit.com/r/testing/comments/{said['id']}/hello_world/")
        self.assertEqual(self.names("/r/testing/new"), [said["name"]])
        comment = self.post("/api/comment", thing_id=said["name"], text="first")["things"][0]
        self.assertEqual((comment["kind"], comment["data"]["parent_id"]), ("t1", said["name"]))
        edited = self.post("/api/editusertext", thing_id=comment["data"]["name"], text="second")["things"][0]["data"]
        self.assertEqual((edited["body"], edited["edited"] > 0), ("second", True))
        self.post("/api/marknsfw", id=said["name"])
        shown = self.page("/r/testing/new")["children"][0]["data"]
        self.assertEqual((shown["over_18"], shown["num_comments"], shown["selftext"]), (True, 1, "some text"))
        self.post("/api/del", id=comment["data"]["name"])
        self.assertEqual(self.names("/r/testing/comments"), [])
        posts = [(post["account"], post["text"]) for post in self.control("record", kind="posted")]
        self.assertEqual(posts, [("testbot_0", "some text"), ("testbot_0", "first")])
        self.assertEqual(len(self.control("record", kind="deleted")), 1)
        crosspost = self.post("/api/submit", sr="second", kind="crosspost", title="x", crosspost_fullname=said["name"])
        shown = self.page(f"/api/info?id={crosspost['name']},{said['name']}")["children"]
        self.assertEqual(shown[0]["data"]["crosspost_parent"], said["name"])
        self.assertEqual(shown[1]["data"]["num_crossposts"], 1)

    def test_errors_are_in_answers_of_200(self) -> None:
        link, = self.say()
        own = self.post("/api/submit", sr="testing", kind="self", title="own")["name"]
        deleted, locked, old, gone = self.say(count=4)
        below, = self.control("say", parent=link)["names"]
        self.control("mark", names=[deleted, below], state="deleted")
        self.control("mark", names=[locked], locked=True)
        self.control("mark", names=[old], created=int(time.time()) - 200 * 86400)
        self.control("mark", names=[gone], archived=True)
        self.control("subreddit", name="texts", kinds="self")
        self.post("/api/submit", sr="testing", kind="link", title="x", url="https://example.com/")
        submit, comment, compose = "/api/submit", "/api/comment", "/api/compose"
        title = {"sr": "testing", "title": "x"}
        for error, path, form in [
                ("SUBREDDIT_NOEXIST", submit, {**title, "sr": "nowhere"}),
                ("SUBREDDIT_NOEXIST", submit, {**title, "sr": "gone_bad"}),
                ("SUBREDDIT_NOTALLOWED", submit, {**title, "sr": "announcing"}),
                ("SUBREDDIT_NOTALLOWED", submit, {**title, "sr": "members_only"}),
                ("NO_TEXT", submit, {"sr": "testing"}), ("TOO_LONG", submit, {**title, "title": "x" * 301}),
                ("TOO_LONG", submit, {**title, "text": "x" * 40_001}), ("NO_URL", submit, {**title, "kind": "link"}),
                ("BAD_URL", submit, {**title, "kind": "link", "url": "nothing"}),
                ("NO_LINKS", submit, {"sr": "texts", "title": "x", "kind": "link", "url": "https://example.com/"}),
                ("ALREADY_SUB", submit, {**title, "kind": "link", "url": "https://example.com/"}),
                ("INVALID_OPTION", submit, {**title, "kind": "magic"}),
                ("INVALID_CROSSPOST_THING", submit, {**title, "kind": "crosspost", "crosspost_fullname": "t3_1"}),
                ("NO_TEXT", comment, {"thing_id": link}), ("NO_THING_ID", comment, {"thing_id": "t1_1", "text": "x"}),
                ("TOO_LONG", comment, {"thing_id": link, "text": "x" * 10_001}),
                ("DELETED_LINK", comment, {"thing_id": deleted, "text": "x"}),
                ("DELETED_COMMENT", comment, {"thing_id": below, "text": "x"}),
                ("THREAD_LOCKED", comment, {"thing_id": locked, "text": "x"}),
                ("TOO_OLD", comment, {"thing_id": old, "text": "x"}),
                ("TOO_OLD", comment, {"thing_id": gone, "text": "x"}),
                ("USER_DOESNT_EXIST", compose, {"to": "nobody_here", "subject": "x", "text": "x"}),
                ("NO_SUBJECT", compose, {"to": "ada", "text": "x"}),
                ("NO_USER", compose, {"subject": "x", "text": "x"}),
                ("NO_TEXT", compose, {"to": "ada", "subject": "x"}),
                ("NOT_AUTHOR", "/api/editusertext", {"thing_id": link, "text": "x"}),
                ("NO_TEXT", "/api/editusertext", {"thing_id": own, "text": " "})]:
            with self.subTest(error=error, form={name: value[:20] for name, value in form.items()}):
                self.assertEqual(self.refused(path, **form), error)
        self.assertEqual(self.control("violations"), [])
        self.server.request("POST", submit, {**title, "kind": "self"}, self.token)
        self.assertEqual(self.control("violations"), ["POST /api/submit: api_type: expected json, found None"])

    def test_who_posts_too_much_is_told_how_long_to_wait(self) -> None:
        # Seven minutes remain, whatever of one this takes.
        self.control("settings", posts=2, posts_window=479)
        link = self.post("/api/submit", sr="testing", kind="self", title="one")["name"]
        self.post("/api/comment", thing_id=link, text="two")
        _, _, said = self.server.request(
            "POST", "/api/comment", {"api_type": "json", "thing_id": link, "text": "three"}, self.token)
        name, text, about = said["json"]["errors"][0]
        self.assertEqual((name, about), ("RATELIMIT", "ratelimit"))
        self.assertEqual(text, "you are doing that too much. try again in 7 minutes.")
        self.assertTrue(420 <= said["json"]["ratelimit"] <= 479)
        self.token = self.server.token(1)
        self.post("/api/comment", thing_id=link, text="from another")

    def test_mail_comes_to_whom_it_concerns(self) -> None:
        link = self.post("/api/submit", sr="testing", kind="self", title="own")["name"]
        reply, = self.control("say", parent=link, text="to u/testbot_0")["names"]
        own = self.post("/api/comment", thing_id=reply, text="back, u/testbot_0")["things"][0]["data"]["name"]
        second, = self.control("say", parent=own, text="again")["names"]
        self.say("second")
        elsewhere, = self.say("second", kind="comment", text="hey /u/TestBot_0, look")
        self.say("second", kind="comment", text="u/testbot_0 u/one u/two u/four is too many")
        message, = self.control("message", to="testbot_0", subject="subject", text="words")["names"]
        found = self.page("/message/inbox")["children"]
        self.assertEqual([(child["kind"], child["data"]["type"], child["data"]["name"]) for child in found], [
            ("t4", "unknown", message), ("t1", "username_mention", elsewhere), ("t1", "comment_reply", second),
            ("t1", "post_reply", reply)])
        self.assertEqual([child["data"]["was_comment"] for child in found], [False, True, True, True])
        self.assertTrue(found[1]["data"]["context"].endswith(f"/{elsewhere[3:]}/?context=3"))
        self.assertEqual(self.names("/message/mentions"), [elsewhere])
        self.post("/api/read_message", id=f"{message},{second}")
        self.server.kill_and_start()
        self.assertEqual(self.names("/message/unread"), [elsewhere, reply])
        self.assertEqual(self.names(f"/message/inbox?before={second}"), [message, elsewhere])
        self.assertEqual(self.get("/api/v1/me")[2]["inbox_count"], 2)
        answer = self.post("/api/comment", thing_id=message, text="thanks")["things"][0]
        found = [answer["kind"], *(answer["data"][name] for name in ("dest", "subject", "first_message_name"))]
        self.assertEqual(found, ["t4", "ada", "re: subject", message])
        back, = self.control("say", parent=answer["data"]["name"], text="welcome")["names"]
        self.assertEqual(self.names("/message/messages"), [back, message])
        thread = self.page("/message/messages")["children"][1]["data"]["replies"]["data"]["children"]
        self.assertEqual([child["data"]["name"] for child in thread], [answer["data"]["name"], back])
        self.post("/api/compose", to="testbot_1", subject="to the other", text="hello")
        self.assertEqual(len(self.names("/message/sent")), 2)
        self.token = self.server.token(1)
        self.assertEqual(self.page("/message/unread")["children"][0]["data"]["subject"], "to the other")
