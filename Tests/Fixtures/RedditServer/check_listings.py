"""Tests of listings, trees and what things look like."""

from __future__ import annotations

import http.client
import threading
from typing import Any

from check_case import Case


class ListingTests(Case):
    def test_pages_are_cut_where_reddit_cuts_them(self) -> None:
        names = self.say(count=250, title="{n}")[::-1]
        first = self.page("/r/testing/new")
        self.assertEqual((len(first["children"]), first["after"], first["before"]), (25, names[24], None))
        self.assertEqual(self.names("/r/testing/new?limit=1000"), names[:100])
        behind = self.page(f"/r/testing/new?limit=100&after={names[99]}&count=100")
        self.assertEqual([child["data"]["name"] for child in behind["children"]], names[100:200])
        self.assertEqual((behind["before"], behind["after"]), (names[100], names[199]))
        last = self.page(f"/r/testing/new?limit=100&after={names[199]}")
        self.assertEqual((len(last["children"]), last["after"]), (50, None))
        # The hundred before an anchor are those next to it.
        self.assertEqual(self.names(f"/r/testing/new?limit=100&before={names[150]}"), names[50:150])
        self.assertEqual(self.names(f"/r/testing/new?before={names[0]}"), [])
        self.control("mark", names=[names[50]], state="deleted")
        for anchor in (names[50], "t3_1", "t1_1"):
            self.assertEqual(self.names(f"/r/testing/new?before={anchor}"), [])
            self.assertEqual(self.names(f"/r/testing/new?after={anchor}"), [])
        self.assertEqual(self.names(f"/r/testing/new?before={names[51]}&limit=2"), names[48:50])

    def test_what_is_deeper_than_a_listing_is_lost(self) -> None:
        self.control("settings", listing_depth=50)
        names = self.say(count=60, kind="comment")[::-1]
        self.assertEqual(self.names("/r/testing/comments?limit=100"), names[:50])
        self.assertEqual(self.names(f"/r/testing/comments?before={names[55]}"), [])
        truth = {thing["name"]: thing for thing in self.control("truth", subreddit="testing") if thing["kind"] == "t1"}
        self.assertEqual({name for name in names if truth[name]["fell_off"]}, set(names[50:]))
        self.assertEqual({name for name in names if truth[name]["listed"]}, set(names[:50]))

    def test_several_subreddits_at_once_and_which_may_be_read(self) -> None:
        first, second = self.say("testing")[0], self.say("second")[0]
        third = self.say("testing", kind="comment")[0]
        self.say("members_only")
        self.assertEqual(self.names("/r/testing+second/new"), [second, first])
        self.assertEqual(self.names("/r/Testing+members_only+gone_bad+nowhere/new"), [first])
        self.assertEqual(self.names("/r/all/comments/"), [third])
        self.assertEqual(self.names("/user/ada/overview.json"), [third, second, first])
        self.assertEqual(self.names("/user/ada/comments"), [third])
        self.assertEqual(self.names("/user/ada/submitted?sort=new"), [second, first])
        for path, status, reason in [("/r/members_only/new", 403, "private"), ("/r/gone_bad/comments", 404, "banned"),
                                     ("/user/nobody_here", 404, None), ("/comments/1", 404, None)]:
            answered, _, said = self.get(path)
            self.assertEqual((answered, said["error"], said.get("reason")), (status, status, reason))
        status, head, _ = self.get("/r/nowhere/new")
        self.assertEqual((status, "/subreddits/search?q=nowhere" in head["Location"]), (302, True))
        self.control("subreddit", name="members_only", members=["testbot_0"])
        self.assertEqual(len(self.names("/r/members_only/new")), 1)
        self.assertEqual(self.get("/r/testing/about")[2]["data"]["display_name"], "testing")

    def test_texts_have_entities_unless_they_are_asked_for_raw(self) -> None:
        self.say(text="1 < 2 & &gt;", title="<&>")
        for query, title, html in [("", "&lt;&amp;&gt;", "&amp;lt; 2"), ("?raw_json=1", "<&>", "&lt; 2")]:
            data = self.page("/r/testing/new" + query)["children"][0]["data"]
            self.assertEqual(data["title"], title)
            self.assertIn(html, data["selftext_html"])
        _, head, data = self.get("/r/testing/new?raw_json=1", headers={"Accept-Encoding": "gzip, deflate"})
        self.assertEqual((head["Content-Encoding"], data["data"]["dist"]), ("gzip", 1))

    def test_each_form_has_what_real_ones_have(self) -> None:
        shown: dict[str, Any] = {}
        for form in ("self", "link", "image", "gallery", "poll", "video", "crosspost"):
            name = self.say(form=form, title=form, text="some text")[0]
            shown[form] = self.page(f"/api/info?id={name}&raw_json=1")["children"][0]["data"]
        self.assertEqual([form for form, data in shown.items() if data["is_self"]], ["self", "poll"])
        self.assertTrue(shown["self"]["url"].endswith(shown["self"]["permalink"]))
        self.assertEqual(shown["link"]["url"], shown["link"]["url_overridden_by_dest"])
        self.assertIn("images", shown["image"]["preview"])
        items = shown["gallery"]["gallery_data"]["items"]
        self.assertEqual({item["media_id"] for item in items}, set(shown["gallery"]["media_metadata"]))
        self.assertEqual(len(shown["poll"]["poll_data"]["options"]), 3)
        self.assertIn("reddit_video", shown["video"]["media"])
        parent = shown["crosspost"]["crosspost_parent_list"][0]
        self.assertEqual((parent["name"], parent["is_video"]), (shown["video"]["name"], True))

    def test_what_is_gone_is_shown_as_reddit_shows_it(self) -> None:
        link, = self.say(text="own words")
        deleted, removed, orphan = self.control("say", parent=link, text="words", count=3)["names"]
        answer, = self.control("say", parent=deleted, text="an answer", author="grace")["names"]
        self.control("mark", names=[deleted], state="deleted")
        self.control("mark", names=[removed], state="removed")
        self.control("fate", name="ada")
        self.assertEqual(self.names("/r/testing/comments"), [answer, orphan])
        found = self.page(f"/api/info?id={deleted},{removed},{orphan},t1_nothing,{link}")["children"]
        self.assertEqual([(child["data"]["author"], child["data"].get("body")) for child in found],
                         [("[deleted]", "[deleted]"), ("[deleted]", "[removed]"), ("[deleted]", "words"),
                          ("[deleted]", None)])
        self.assertNotIn("author_fullname", found[2]["data"])
        self.assertEqual(self.get("/user/ada/overview")[0], 404)
        tree = self.get(f"/comments/{link[3:]}")[2][1]["data"]["children"]
        self.assertEqual([child["data"]["body"] for child in tree], ["[deleted]", "words"])
        self.assertEqual(tree[0]["data"]["replies"]["data"]["children"][0]["data"]["name"], answer)
        self.control("edit", name=answer, text="changed")
        self.assertGreater(self.page(f"/api/info?id={answer}")["children"][0]["data"]["edited"], 1e9)

    def test_a_tree_tells_what_it_leaves_out(self) -> None:
        link, = self.say()
        tops = self.control("say", parent=link, count=5)["names"]
        chain = tops[:1]
        for _ in range(4):
            chain += self.control("say", parent=chain[-1])["names"]
        tree = self.get(f"/r/testing/comments/{link[3:]}/a_title/?limit=6&depth=3")[2][1]["data"]["children"]
        node, below = tree[0], []
        while node["kind"] == "t1":
            below.append((node["data"]["name"], node["data"]["depth"]))
            node = node["data"]["replies"]["data"]["children"][0]
        self.assertEqual(below, [(chain[0], 0), (chain[1], 1), (chain[2], 2)])
        self.assertEqual((node["kind"], node["data"]["id"], node["data"]["parent_id"]), ("more", "_", chain[2]))
        more = tree[-1]
        self.assertEqual((more["kind"], more["data"]["count"], more["data"]["children"]), ("more", 1, [tops[4][3:]]))
        for method in ("GET", "POST"):
            fields = f"link_id={link}&children={chain[1][3:]},{tops[4][3:]}"
            path, form = (f"/api/morechildren?{fields}", None) if method == "GET" else (
                "/api/morechildren", dict(pair.split("=") for pair in fields.split("&")))
            things = self.server.request(method, path, form, self.token)[2]["json"]["data"]["things"]
            self.assertEqual([thing["data"]["name"] for thing in things], [*chain[1:], tops[4]])
        focus = self.get(f"/comments/{link[3:]}/_/{chain[3][3:]}?context=1")[2][1]["data"]["children"]
        self.assertEqual([focus[0]["data"]["name"]], [chain[2]])

    def test_generated_traffic_is_the_same_and_all_of_it_is_told(self) -> None:
        wanted = {"subreddits": ["testing", "second"], "count": 400, "seed": 7, "submissions": 0.2, "edits": 0.2,
                  "deletions": 0.2, "late": 0.1}
        made = self.control("generate", **wanted)
        seen: set[str] = set()
        for _ in range(4):
            for kind in ("new", "comments"):
                after = ""
                while after is not None:
                    data = self.page(f"/r/testing+second/{kind}?limit=100&raw_json=1&after={after}")
                    seen |= {child["data"]["name"] for child in data["children"]}
                    after = data["after"]
        truth = {thing["name"]: thing for thing in self.control("truth")}
        self.assertEqual(set(made["names"]), set(truth))
        self.assertEqual({name for name in truth if truth[name]["listed"]}, seen)
        self.assertEqual({name for name in truth if truth[name]["state"] == "live"}, seen)
        self.assertEqual(seen, set(truth) - set(made["deleted"]))
        self.assertEqual({name for name in truth if truth[name]["edits"]}, set(made["edited"]))
        self.server.kill_and_start()
        self.assertEqual({thing["name"]: thing for thing in self.control("truth")}, truth)
        self.assertEqual(self.get("/r/testing/new")[0], 200)
        self.server.end()
        self.start()
        self.assertEqual(self.control("generate", **wanted), made)

    def test_a_server_that_is_killed_while_it_is_written_to_has_all_up_to_then(self) -> None:
        def generate() -> None:
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.control("generate", subreddits=["testing"], count=1_000_000)

        writing = threading.Thread(target=generate)
        writing.start()
        while not (seen := self.names("/r/testing/comments")):
            pass
        self.server.kill_and_start()
        writing.join()
        names = [thing["name"] for thing in self.control("truth")]
        self.assertLessEqual(set(seen), set(names))
        self.assertEqual({thing["name"] for thing in self.control("truth") if thing["listed"]}, set(seen))
        self.server.end()
        self.start()
        self.assertEqual(self.control("generate", subreddits=["testing"], count=len(names))["names"], names)
