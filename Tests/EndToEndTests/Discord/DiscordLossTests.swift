import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// What happens to a gateway, a plugin, a host and a server: nothing is lost, and nothing comes twice.
  @Suite struct DiscordLossTests {
    /// Something bad, and whether a session outlives it.
    enum Mishap: String, CaseIterable, Sendable {
      case pluginKilled, hostKilled, serverKilled, reset, halfOpen, reconnect, closed, sessionGone, corrupt
    }

    /// Messages of one test: as many as take some seconds.
    private static let count = Products.isSoak ? 4000 : 200
    /// Of a second: in the time until a new session begins, some five, no more are missed than are fetched of a channel.
    private static let rate = 150.0

    @Test(arguments: Mishap.allCases)
    func `points 2, 3, 7 and 8: whatever ends a connection, each message is recorded once`(mishap: Mishap) async throws
    {
      let discord = try await DiscordDeployment(starts: false)
      // Half-open connections are found out by missed heartbeats.
      try await discord.server.set(["heartbeat_interval": 2])
      try discord.host.start()
      try await discord.connected()
      let bot = try discord.bot("duck")
      var said = try await discord.server.say("before {n}", in: bot.channels[0], count: 10)
      _ = try discord.indexed(10, of: "duck")
      let tap =
        mishap == .hostKilled
        ? nil : try Tap(of: discord.host, pattern: "promethean.p.discord.t.duck.events.SocialMessageCreated")
      if mishap == .serverKilled {
        said += try await discord.server.say("{n}", in: bot.channels[0], count: Self.count, rate: Self.rate)
        try await discord.restartServer()
        said += try await discord.server.say("after {n}", in: bot.channels[1], count: 10)
      } else {
        // What is said meanwhile is said to a session that is away, and kept for it.
        let (server, channel) = (discord.server, bot.channels[0])
        async let saying = server.say("{n}", in: channel, count: Self.count, rate: Self.rate)
        try await inflict(mishap, on: discord)
        said += try await saying
      }
      let stored = try discord.indexed(said.count, of: "duck")
      #expect(stored.count == said.count && Set(stored) == Set(said))
      if let tap {
        let ids = try tap.ids(said.count - 10)
        #expect(Set(ids).count == ids.count, "a message came twice")
      }
      let identifies = try await discord.server.record("identify", where: ["bot": .string(bot.id)]).count
      #expect(identifies == (mishap == .sessionGone ? 2 : 1))
      #expect(try discord.host.stop() == .status(0))
    }

    private func inflict(_ mishap: Mishap, on discord: DiscordDeployment) async throws {
      let server = discord.server
      let duck: JSON = .string(try discord.bot("duck").id)
      switch mishap {
      case .pluginKilled: try discord.host.client().kill("discord@duck")
      case .hostKilled:
        try discord.host.kill()
        try discord.host.start()
      case .serverKilled: break
      case .reset: try await server.fault("reset", ["bot": duck])
      case .halfOpen: try await server.fault("freeze", ["bot": duck])
      case .reconnect: try await server.fault("reconnect", ["bot": duck])
      case .closed: try await server.fault("close", ["bot": duck, "code": 4000])
      case .sessionGone: try await server.fault("close", ["bot": duck, "code": 4009, "ends_session": true])
      case .corrupt: try await server.fault("corrupt", ["bot": duck])
      }
    }

    /// A plugin that is killed again and again.
    @Test func `point 6: a plugin that is killed again and again begins no further session`() async throws {
      let discord = try await DiscordDeployment()
      try await discord.connected()
      let bot = try discord.bot("duck")
      // More often than one is started that does nothing.
      for round in 0..<(Products.isSoak ? 30 : Backoff.budget + 1) {
        let said = try await discord.server.say("round \(round)", in: bot.channels[0])
        _ = try discord.indexed(round + 1, of: "duck")
        #expect(said.count == 1)
        try discord.host.client().kill("discord@duck")
        try await discord.server.wait(for: "resumed", count: round + 1, where: ["bot": .string(bot.id)])
      }
      #expect(try await discord.server.record("identify", where: ["bot": .string(bot.id)]).count == 1)
      #expect(try discord.host.stop() == .status(0))
    }

    @Test func `point 8: a session that is gone for 48 minutes is filled up from history`() async throws {
      let discord = try await DiscordDeployment()
      try await discord.connected()
      let bot = try discord.bot("duck")
      let before = try await discord.server.say("before", in: bot.channels[0])
      _ = try discord.indexed(1, of: "duck")
      try discord.host.kill()
      try await discord.server.control("expire", ["bot": .string(bot.id)])
      let missed = try await discord.server.say("missed {n}", in: bot.channels[0], count: 250)
      try discord.host.start()
      let stored = try discord.indexed(251, of: "duck")
      #expect(stored.sorted() == (before + missed).sorted())
      #expect(try discord.host.stop() == .status(0))
    }
  }
}
