import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// The plugin for Reddit, in a real host, against a Reddit of the test's own.
  @Suite struct RedditTests {
    @Test func `things of two tenants are indexed, each with its own, changed and deleted as they are`() async throws {
      let reddit = try await RedditDeployment(config: ["reread: 60s"])
      let link = try #require(try await reddit.server.submit("a title", text: "and a text", to: "testing").first)
      let comments = try await reddit.server.answer(link, "comment {n}", count: 30)
      let message = try await reddit.server.message("between us", to: reddit.account("duck").name)
      let duck = try reddit.indexed(of: "duck", "all is indexed") { $0.count == 32 }
      #expect(duck[link]?["text"] == "a title\n\nand a text")
      #expect(duck[message]?["text"] == "between us" && duck[message]?["space"] == "ada")
      #expect(duck[comments[7]]?["thread"]?.stringValue == link && duck[comments[7]]?["author"] == "ada")
      let owl = try reddit.indexed(of: "owl", "what is public is indexed") { $0.count == 31 }
      #expect(owl[message] == nil, "a message to another account")

      try await reddit.server.control("edit", ["name": .string(comments[3]), "text": "better"])
      try await reddit.server.control("mark", ["names": [.string(comments[4])], "state": "deleted"])
      try await reddit.server.control("mark", ["names": [.string(comments[5])], "state": "removed"])
      let changed = try reddit.indexed(of: "duck", "the changes are indexed") { found in
        found[comments[3]]?["text"] == "better" && found[comments[4]] == nil && found[comments[5]] == nil
      }
      #expect(changed.count == 30)
      #expect(try await reddit.server.violations() == [])
      #expect(try reddit.host.stop() == .status(0))
    }

    @Test func `one worker answers at Reddit as it does at Discord, where it was spoken to`() async throws {
      let discord = try await DiscordDeployment(starts: false)
      let reddit = try await RedditDeployment(more: discord.entries(tenant: "goose"), starts: false)
      try reddit.host.start()
      try await discord.server.wait(for: "ready", where: ["bot": .string(try discord.bot("duck").id)])
      let channel = try #require(try discord.bot("duck").channels.first)
      let link = try #require(try await reddit.server.submit("a title", to: "testing").first)
      let ping = try #require(try await reddit.server.answer(link, "ping 1").first)
      try await reddit.server.message("ping 2", to: reddit.account("duck").name)
      try await discord.server.say("ping 3", in: channel)

      try await reddit.server.wait(for: "posted", where: ["parent": .string(ping), "text": "pong 1"])
      try await discord.server.wait(for: "posted", where: ["channel": .string(channel)])
      #expect(try await discord.server.texts(in: channel) == ["ping 3", "pong 3"])
      // Both tenants have seen the comment, and each has answered it once.
      _ = try reddit.indexed(of: "owl", "the answers are indexed") { $0.values.count { $0["text"] == "pong 1" } == 2 }
      let answers = try await reddit.server.truth(of: "testing").filter { $0.parent == ping }
      #expect(Set(answers.map(\.author)) == Set(try reddit.tenants.map { try reddit.account($0).name }))
      #expect(answers.count == 2 && answers.allSatisfy { $0.text == "pong 1" })
      // All of them in one index, each tenant with its own: what was said, what was answered, and what was between two.
      for (provider, tenant, count) in [("discord", "goose", 2), ("reddit", "duck", 6), ("reddit", "owl", 4)] {
        _ = try reddit.host.until("\(count) of \(provider)/\(tenant)") {
          let found = try reddit.host.run("query", "-p", provider, "-t", tenant, "messages", "--count")
          return found.output == "\(count)\n" ? () : nil
        }
      }
      #expect(try await reddit.server.violations() == [])
      #expect(try reddit.host.stop() == .status(0))
    }

    @Test func `a worker that is killed before it hears of its answer does not answer twice`() async throws {
      let reddit = try await RedditDeployment(tenants: ["duck"], more: ([], [TestHost.replying]))
      let link = try #require(try await reddit.server.submit("a title", to: "testing").first)
      try await reddit.server.next("request", "dribble", where: ["path": "/api/comment"], ["seconds": 2, "pieces": 2])
      let ping = try #require(try await reddit.server.answer(link, "ping 1").first)
      try await reddit.server.wait(for: "posted", where: ["parent": .string(ping)])
      let client = try reddit.host.client()
      try client.kill("replier")
      // The comment is delivered to it again, and what it wishes then is what it has wished before.
      try reddit.host.waitUntilIdle(client, "replier")
      #expect(try client.instance("replier")["restarts"] == 1)
      let log = try reddit.host.run("logs", "--json", "--plugin", "reddit").output
      #expect(log.contains("posted before"), "\(log)")
      #expect(try await reddit.server.truth(of: "testing").filter { $0.parent == ping }.map(\.text) == ["pong 1"])
      let dead = try client.deadLetters()
      #expect(dead == [], "\(dead)")
      #expect(try reddit.host.stop() == .status(0))
    }

    @Test func `a token outlives a reload, sealed, and another is got where it ends`() async throws {
      var options = RedditServer.Options()
      options.subreddits = ["testing"]
      let reddit = try await RedditDeployment(tenants: ["duck"], options: options)
      try await reddit.server.submit("one", to: "testing")
      _ = try reddit.indexed(of: "duck", "one is indexed") { $0.count == 1 }
      let path: JSON = ["path": "/api/v1/access_token"]
      let before = try await reddit.server.record("request", where: path.objectValue ?? [:]).count
      let reload = try reddit.host.run("reload", "reddit")
      try #require(reload.end == .status(0), "\(reload.errors)")
      try await reddit.server.submit("two", to: "testing")
      _ = try reddit.indexed(of: "duck", "two is indexed") { $0.count == 2 }
      #expect(try await reddit.server.record("request", where: path.objectValue ?? [:]).count == before)
      try await reddit.server.control("expire", [:])
      try await reddit.server.submit("three", to: "testing")
      _ = try reddit.indexed(of: "duck", "three is indexed") { $0.count == 3 }
      #expect(try await reddit.server.record("request", where: path.objectValue ?? [:]).count == before + 1)
      #expect(try reddit.host.stop() == .status(0))
    }

    // MARK: - What a beginner meets

    @Test func `credentials that are not accepted are said to be, and better ones are taken without a restart`()
      async throws
    {
      let reddit = try await RedditDeployment(starts: false)
      try reddit.plugin.set("wrong-secret", of: "duck", as: "reddit_client_secret")
      try reddit.host.start()
      let words = try reddit.host.status(of: "reddit@duck", says: "prefs/apps")
      #expect(words.contains("reddit_client_secret") && !words.contains("wrong-secret"), "\(words)")
      try await reddit.server.submit("one", to: "testing")
      _ = try reddit.indexed(of: "owl", "the other tenant reads") { $0.count == 1 }
      try reddit.plugin.set(reddit.account("duck").secret, of: "duck", as: "reddit_client_secret")
      let rotated = try reddit.host.run("secrets", "rotate")
      try #require(rotated.end == .status(0), "\(rotated.errors)")
      _ = try reddit.indexed(of: "duck", "it reads as well") { $0.count == 1 }
      #expect(try reddit.host.stop() == .status(0))
    }

    @Test func `a scope that is missing is named`() async throws {
      let reddit = try await RedditDeployment(tenants: ["duck"], starts: false)
      let name: JSON = .string(try reddit.account("duck").name)
      let made = try await reddit.server.control("refresh", ["account": name, "scope": "identity read"])
      try reddit.plugin.set(try #require(made["refresh_token"]?.stringValue), of: "duck", as: "reddit_refresh_token")
      try reddit.host.start()
      let words = try reddit.host.status(of: "reddit@duck", says: "lacks the scopes")
      #expect(words.contains("privatemessages") && !words.contains("scopes read"), "\(words)")
      #expect(try reddit.host.stop() == .status(0))
    }

    @Test(arguments: [("members_only", "private"), ("gone_bad", "banned"), ("nowhere", "no such")])
    func `a subreddit that cannot be read is named, with what to do`(name: String, words: String) async throws {
      let reddit = try await RedditDeployment(tenants: ["duck"], subreddits: [name, "testing"])
      let status = try reddit.host.status(of: "reddit@duck", says: words)
      #expect(status.contains(name), "\(status)")
      try await reddit.server.submit("one", to: "testing")
      _ = try reddit.indexed(of: "duck", "the others are read") { $0.count == 1 }
      #expect(try reddit.host.stop() == .status(0))
    }
  }
}
