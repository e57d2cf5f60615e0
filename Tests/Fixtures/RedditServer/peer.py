"""PRAW as a client of the server: the proof that the server is like Reddit.

    peer.py CONTROL [--replay | --count N]

It speaks to the server whose control port this is, and fails where PRAW does not take it for Reddit. With --replay it
reads a stream of a server that answers from recordings. With --count it takes in N comments that somebody else sees to
after its first call, and prints what that took: items, seconds, CPU seconds, and the resident set in kilobytes. There
must be a comment before: its stream goes on from the last that it knows, and without one takes the newest hundred each
time.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import resource
import sys
import time
import unittest
from typing import Any, Iterator

import praw
from praw.exceptions import RedditAPIException
from prawcore import exceptions

Object = dict[str, Any]

parser = argparse.ArgumentParser()
parser.add_argument("control", type=int)
parser.add_argument("--replay", action="store_true")
parser.add_argument("--count", type=int)
parser.add_argument("--subreddit", default="testing")
options = parser.parse_args()


def control(name: str, /, **arguments: Any) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", options.control, timeout=60)
    connection.request("POST", f"/{name}", json.dumps(arguments))
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, said
    return said


WORLD = control("world")
# In seconds; all tests run at once, and wait for each other.
TIMEOUT = 120


def reddit(number: int = 0, **login: str) -> praw.Reddit:
    """PRAW as an account: with its password, unless it is said how else."""
    account = WORLD["accounts"][number]
    login = login or {"username": account["name"], "password": account["password"]}
    return praw.Reddit(
        client_id=account["client_id"], client_secret=account["client_secret"], user_agent="linux:peer:v1 (by /u/ada)",
        reddit_url=WORLD["reddit_url"], oauth_url=WORLD["oauth_url"], check_for_updates=False, timeout=TIMEOUT, **login)


class Conversation(unittest.TestCase):
    def setUp(self) -> None:
        control("forget")
        # PRAW spreads its calls over the window; of so many it need not.
        control("settings", posts=0, allowance=1_000_000)
        self.account = WORLD["accounts"][0]
        self.reddit = reddit()
        # Each test in a subreddit of its own.
        self.name = self.id().split(".")[-1].removeprefix("test_")[:20]
        control("subreddit", name=self.name)
        self.place = self.reddit.subreddit(self.name)

    def say(self, **more: Any) -> list[str]:
        names: list[str] = control("say", **{"subreddit": self.name, **more})["names"]
        return names

    def requests(self, path: str) -> int:
        return len(control("record", kind="request", where={"path": path}))

    def test_logs_in_by_password_by_refresh_token_and_as_an_app(self) -> None:
        self.assertEqual(str(self.reddit.user.me()), self.account["name"])
        other = reddit(1, refresh_token=WORLD["accounts"][1]["refresh_token"])
        self.assertEqual(str(other.user.me()), WORLD["accounts"][1]["name"])
        app = reddit(0, username="")
        self.assertTrue(app.read_only)
        self.assertEqual(list(app.subreddit(self.name).new()), [])
        wrong = reddit(0, username=self.account["name"], password="wrong")
        with self.assertRaisesRegex(exceptions.OAuthException, "invalid_grant"):
            wrong.user.me()

    def test_renews_a_token_that_has_expired(self) -> None:
        self.reddit.user.me()
        before = self.requests("/api/v1/access_token")
        control("expire")
        self.assertEqual(str(self.reddit.user.me(use_cache=False)), self.account["name"])
        control("script", on="request", kind="expire", where={"path": "/r/.*"})
        self.assertEqual(list(self.place.new()), [])
        self.assertEqual(self.requests("/api/v1/access_token"), before + 2)

    def test_streams(self) -> None:
        self.say(count=5)
        self.say(kind="comment", count=5)
        comments = self.place.stream.comments(skip_existing=True, pause_after=-1)
        submissions = self.place.stream.submissions(skip_existing=True, pause_after=-1)
        self.assertEqual([next(comments), next(submissions)], [None, None])
        seen: list[str] = []
        said: list[str] = []
        for _ in range(3):
            said += self.say(kind="comment", text="new {n}", count=120)
            found, = self.say(title="another")
            seen += [item.fullname for item in taken(comments, 120)]
            self.assertEqual([item.fullname for item in taken(submissions, 1)], [found])
        self.assertEqual(seen, said)

    def test_reads_all_of_a_listing_and_of_a_tree(self) -> None:
        control("generate", subreddits=[self.name], count=300, seed=3, submissions=0.1)
        truth = {thing["name"]: thing for thing in control("truth", subreddit=self.name)}
        found = [*self.place.comments(limit=None), *self.place.new(limit=None)]
        self.assertEqual({item.fullname for item in found}, set(truth))
        for item in found:
            thing = truth[item.fullname]
            self.assertEqual(str(item.author), thing["author"])
            if thing["kind"] == "t1":
                self.assertEqual((item.body, item.parent_id, item.link_id), (
                    thing["text"], thing["parent"], thing["link"]))
        link = max(self.place.new(limit=None), key=lambda link: link.num_comments)
        link.comment_limit = 3
        self.assertGreater(len(link.comments.replace_more(limit=None)) + link.num_comments, 0)
        self.assertEqual({comment.fullname for comment in link.comments.list()},
                         {name for name, thing in truth.items() if thing["link"] == link.fullname})

    def test_sees_every_form(self) -> None:
        forms = {form: self.say(form=form)[0] for form in ("link", "gallery", "poll", "video", "image", "crosspost")}
        found = {item.fullname: item for item in self.reddit.info(fullnames=list(forms.values()))}
        self.assertEqual(len(found[forms["gallery"]].gallery_data["items"]), 3)
        self.assertEqual(found[forms["poll"]].poll_data.total_vote_count, 7)
        self.assertTrue(found[forms["video"]].is_video)
        self.assertTrue(found[forms["image"]].preview["enabled"])
        self.assertEqual(found[forms["crosspost"]].crosspost_parent, forms["image"])
        self.assertEqual(found[forms["link"]].url, found[forms["link"]].url_overridden_by_dest)

    def test_posts_edits_deletes(self) -> None:
        link = self.place.submit("Title & more", selftext="own <text>")
        self.assertEqual((link.selftext, link.title), ("own <text>", "Title & more"))
        reply = link.reply("a reply")
        below = reply.reply("one more")
        self.assertEqual((reply.parent_id, below.link_id), (link.fullname, link.fullname))
        reply.edit("changed")
        below.delete()
        link.mod.nsfw()
        again, = self.reddit.info(fullnames=[reply.fullname])
        self.assertEqual((again.body, again.author, bool(again.edited)), ("changed", self.account["name"], True))
        gone, = self.reddit.info(fullnames=[below.fullname])
        self.assertEqual((gone.body, gone.author), ("[deleted]", None))
        other = self.place.submit("a link", url="https://example.com/page", resubmit=False)
        self.assertEqual(other.crosspost(self.name, title="crossed").crosspost_parent, other.fullname)
        with self.assertRaises(RedditAPIException) as raised:
            self.place.submit("again", url="https://example.com/page", resubmit=False)
        self.assertEqual(raised.exception.items[0].error_type, "ALREADY_SUB")

    def test_mail(self) -> None:
        link = self.place.submit("mine", selftext="")
        answer, = self.say(parent=link.fullname, text="an answer")
        elsewhere = self.say(title="theirs")[0]
        mention, = self.say(parent=elsewhere, text=f"hello u/{self.account['name']}")
        message, = control("message", to=self.account["name"], subject="subject", text="words")["names"]
        unread = {item.fullname: item for item in self.reddit.inbox.unread(limit=None)}
        self.assertLessEqual({answer, mention, message}, set(unread))
        self.assertEqual([item.fullname for item in self.reddit.inbox.mentions(limit=1)], [mention])
        self.assertEqual((unread[message].subject, unread[answer].was_comment), ("subject", True))
        said = unread[message].reply("thanks")
        self.assertEqual((said.dest, said.body), ("ada", "thanks"))
        unread[mention].reply("hello too")
        self.reddit.inbox.mark_read(list(unread.values()))
        self.assertEqual(list(self.reddit.inbox.unread()), [])
        self.reddit.redditor(WORLD["accounts"][1]["name"]).message(subject="to you", message="text")
        self.assertEqual([item.subject for item in reddit(1).inbox.unread(limit=1)], ["to you"])
        self.assertEqual([item.subject for item in self.reddit.inbox.sent(limit=1)], ["to you"])

    def test_is_told_to_wait(self) -> None:
        control("settings", posts=1)
        link = self.place.submit("one", selftext="")
        with self.assertRaises(RedditAPIException) as raised:
            link.reply("too early")
        error = raised.exception.items[0]
        self.assertEqual((error.error_type, error.field), ("RATELIMIT", "ratelimit"))
        # Told more than PRAW is ready to wait for; of what it is, it can read for how long.
        self.assertIsNone(self.reddit._handle_rate_limit(raised.exception))
        self.reddit.config.ratelimit_seconds = 600
        self.assertTrue(300 < (self.reddit._handle_rate_limit(raised.exception) or 0) <= 601)
        control("script", on="request", kind="status", status=429, retry_after=0.25)
        with self.assertRaises(exceptions.TooManyRequests) as many:
            list(self.place.new())
        self.assertEqual(float(many.exception.retry_after or 0), 0.25)
        self.assertEqual(list(self.place.comments()), [])

    def test_errors(self) -> None:
        for name, expected in (("nowhere_at_all", exceptions.Redirect), ("members_only", exceptions.Forbidden),
                               ("gone_bad", exceptions.NotFound)):
            with self.assertRaises(expected):
                list(self.reddit.subreddit(name).new())
        with self.assertRaises(exceptions.NotFound):
            list(self.reddit.redditor("nobody_here").comments.new())
        control("script", on="request", kind="html")
        with self.assertRaises(exceptions.BadJSON):
            list(self.place.new())
        # After these it tries again by itself.
        for kind in ("unsent", "status"):
            control("script", on="request", kind=kind, status=503)
            self.assertEqual(list(self.place.new()), [])
        narrow = control("refresh", account=self.account["name"], scope="identity")["refresh_token"]
        with self.assertRaises(exceptions.InsufficientScope):
            list(reddit(0, refresh_token=narrow).subreddit(self.name).new())
        with self.assertRaises(RedditAPIException) as raised:
            self.reddit.redditor("nobody_here").message(subject="x", message="x")
        self.assertEqual(raised.exception.items[0].error_type, "USER_DOESNT_EXIST")


class Replay(unittest.TestCase):
    def test_streams_what_was_recorded(self) -> None:
        stream = reddit(username="").subreddit("all").stream.comments(pause_after=-1)
        found = taken(stream, 400)
        self.assertEqual(len({comment.fullname for comment in found}), 400)
        self.assertTrue(all(comment.body and comment.subreddit and comment.created_utc for comment in found))
        self.assertEqual(control("violations"), [])


def taken(stream: Iterator[Any], count: int) -> list[Any]:
    """So many of a stream that also yields None, when there is nothing new."""
    return list(itertools.islice((item for item in stream if item is not None), count))


def measured(count: int) -> Object:
    """What it takes to be shown so many comments that are written after the first call of the stream."""
    stream = reddit().subreddit(options.subreddit).stream.comments(skip_existing=True, pause_after=-1)
    next(stream)
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    taken(stream, count)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    cpu = ended.ru_utime + ended.ru_stime - used.ru_utime - used.ru_stime
    return {"items": count, "seconds": time.monotonic() - began, "cpu": cpu, "rss": ended.ru_maxrss}


if options.count:
    print(json.dumps(measured(options.count)), flush=True)
else:
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Replay if options.replay else Conversation)
    outcome = unittest.TextTestRunner(verbosity=2).run(tests)
    unexpected = control("violations")
    print(f"violations: {unexpected}")
    sys.exit(not outcome.wasSuccessful() or bool(unexpected))
