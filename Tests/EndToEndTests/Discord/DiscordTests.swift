import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// The plugin for Discord, in a real host, against a Discord of the test's own.
  @Suite struct DiscordTests {
    @Test func `messages of two tenants are indexed, each with its own, and a post is shown once`() async throws {
      let discord = try await DiscordDeployment()
      try await discord.connected()
      var said: [String: [String]] = [:]
      for tenant in DiscordDeployment.tenants {
        let channels = try discord.bot(tenant).channels
        for channel in channels {
          said[tenant, default: []] += try await discord.server.say("\(tenant) {n}", in: channel, count: 20)
        }
      }
      for tenant in DiscordDeployment.tenants {
        let meant = try #require(said[tenant])
        #expect(try discord.indexed(meant.count, of: tenant).sorted() == meant.sorted())
      }
      let channel = try #require(try discord.bot("duck").channels.first)
      let wish: JSON = [
        "provider": "discord", "tenant": "duck", "space_urn": .string(discord.space(channel)), "text": "quack",
      ]
      let answer = try discord.host.run(
        "request",
        "promethean.p.discord.t.duck.social.PostMessage",
        "--resource",
        discord.space(channel),
        "--payload",
        String(decoding: wish.bytes(), as: UTF8.self)
      )
      try #require(answer.end == .status(0), "\(answer.errors)")
      #expect(try await discord.server.texts(in: channel).filter { $0 == "quack" }.count == 1)
      // What the bot itself says comes in as what others say does.
      _ = try discord.indexed(41, of: "duck")
      let found = try discord.host.run("query", "-p", "discord", "-t", "duck", "messages", "--text", "quack", "--count")
      #expect(found.output == "1\n")
      let other = try discord.host.run("query", "-p", "discord", "-t", "owl", "messages", "--text", "quack", "--count")
      #expect(other.output == "0\n")
      if let violations = try await discord.server.violations() { #expect(violations == []) }
      #expect(try discord.host.stop() == .status(0))
    }

    @Test func `a call that a plugin may make is answered, and one of an unknown channel says what to do`() async throws
    {
      let discord = try await DiscordDeployment()
      let client = try discord.host.client()
      let topic = "promethean.p.discord.t.duck.rest.request"
      let me = try #require(try client.request(topic, ["method": "GET", "path": "/users/@me"])["data"])
      let duck = try discord.bot("duck").id
      #expect(me["status"] == 200 && me["data"]?["id"]?.stringValue == duck)
      let nowhere = try #require(try client.request(topic, ["method": "GET", "path": "/channels/1"])["data"])
      #expect(nowhere["status"] == 404 && nowhere["ok"] == false)
      #expect(nowhere["hint"]?.stringValue?.contains("server") == true, "\(nowhere)")
      // Not a way to anywhere else.
      #expect(throws: (any Error).self) {
        try client.request(topic, ["method": "GET", "path": "//elsewhere.example/users"])
      }
      #expect(try discord.host.stop() == .status(0))
    }

    @Test func `a reload goes on with the session, and loses and repeats nothing`() async throws {
      let discord = try await DiscordDeployment()
      try await discord.connected()
      let channel = try #require(try discord.bot("duck").channels.first)
      let server = discord.server
      async let saying = server.say("{n}", in: channel, count: 300, rate: 300)
      let reloads = Products.isSoak ? 20 : 2
      for _ in 0..<reloads {
        let reload = try discord.host.run("reload", "discord")
        try #require(reload.end == .status(0), "\(reload.errors)")
      }
      let said = try await saying
      #expect(try discord.indexed(said.count, of: "duck").sorted() == said.sorted())
      #expect(try await discord.server.record("identify").count == DiscordDeployment.tenants.count)
      #expect(try await discord.server.record("resumed").count >= reloads * DiscordDeployment.tenants.count)
      #expect(try discord.host.stop() == .status(0))
    }

    // MARK: - What a beginner meets

    @Test func `a token that is not accepted is said to be, once, and stops nothing else`() async throws {
      let discord = try await DiscordDeployment(tokens: ["duck": "MTAwMDAw.wrong.token"])
      let words = try discord.host.status(of: "discord@duck", says: "token")
      #expect(words.contains("Developer Portal") && words.contains("bot_token"), "\(words)")
      #expect(!words.contains("MTAwMDAw"))
      let owl = try discord.bot("owl")
      try await discord.server.wait(for: "ready", where: ["bot": .string(owl.id)])
      let said = try await discord.server.say("still here", in: owl.channels[0])
      #expect(try discord.indexed(1, of: "owl") == said)
      // A better token is taken without a restart.
      try discord.plugin.set(discord.bot("duck").token, of: "duck", as: "bot_token")
      let rotated = try discord.host.run("secrets", "rotate")
      try #require(rotated.end == .status(0), "\(rotated.errors)")
      try await discord.server.wait(for: "ready", where: ["bot": .string(try discord.bot("duck").id)])
      #expect(try discord.host.stop() == .status(0))
    }

    @Test func `a privileged intent that is not enabled is named before a session is wasted`() async throws {
      let discord = try await DiscordDeployment(starts: false)
      try await discord.server.control("bot", ["bot": .string(try discord.bot("duck").id), "allowed_intents": 0])
      try discord.host.start()
      let words = try discord.host.status(of: "discord@duck", says: "MESSAGE_CONTENT")
      #expect(words.contains("Developer Portal"), "\(words)")
      #expect(try await discord.server.record("identify", where: ["bot": .string(try discord.bot("duck").id)]) == [])
      #expect(try discord.host.stop() == .status(0))
    }

    @Test func `a channel that the bot may not write in is answered with what to do`() async throws {
      let discord = try await DiscordDeployment()
      let bot = try discord.bot("duck")
      let made = try await discord.server.control(
        "channels",
        ["guild": .string(bot.guild), "count": 1, "access": "read"]
      )
      let channel = try #require(made.arrayValue?.first?["id"]?.stringValue)
      let wish: JSON = [
        "provider": "discord", "tenant": "duck", "space_urn": .string(discord.space(channel)), "text": "quack",
      ]
      let answer = try discord.host.run(
        "request",
        "promethean.p.discord.t.duck.social.PostMessage",
        "--resource",
        discord.space(channel),
        "--payload",
        String(decoding: wish.bytes(), as: UTF8.self)
      )
      #expect(answer.end == .status(1))
      #expect(answer.errors.contains("Send Messages"), "\(answer.errors)")
      #expect(try discord.host.stop() == .status(0))
    }
  }
}
