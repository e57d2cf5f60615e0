import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// The past of a bot's channels, while much goes wrong: all of it is indexed as it is, and hardly anything is fetched twice.
  @Suite struct DiscordBackfillTests {
    /// Messages of the test and channels that hold them: as many as take some seconds, or some minutes.
    private static let (count, channels) = Products.isSoak ? (200_000, 40) : (2000, 8)
    private static let route = "GET /channels/{channel_id}/messages"
    private static let path = "/api/v10/channels/[0-9]+/messages"

    @Test func `what was written before is indexed as it is, whatever is killed meanwhile`() async throws {
      let discord = try await DiscordDeployment()
      try await discord.connected()
      let bot = try discord.bot("duck")
      let channels = try await Self.past(discord, bot)
      for (kind, more) in Self.faults {
        try await discord.server.next("request", kind, times: nil, where: ["path": .string(Self.path)], more)
      }
      _ = try discord.host.backfill("discord", "duck")
      try await discord.host.suffer(Self.count, of: "discord", "duck") { round in
        for channel in channels {
          let churn: JSONObject = ["channel": .string(channel), "edits": 3, "deletions": 2, "seed": .int(Int64(round))]
          try await discord.server.control("churn", churn)
        }
      }
      try discord.host.known(Self.channels, of: "discord", "duck")
      try await Self.compare(discord, channels)
      try await Self.checkCalls(discord.server)
      // Everything is known: a page of each channel, of the guild's own two too, and nothing more.
      try await discord.server.control("forget")
      let before = try await discord.server.record("request", where: ["route": .string(Self.route)]).count
      let run = try discord.host.run("backfill", "-p", "discord", "-t", "duck", "--all", "--follow", seconds: 120)
      #expect(run.output.contains("done: ") && run.end == .status(0), "\(run.output) \(run.errors)")
      let after = try await discord.server.record("request", where: ["route": .string(Self.route)]).count
      #expect(after - before == Self.channels + 2)
      #expect(try discord.host.stop() == .status(0))
    }

    /// Of a hundred calls, some fifteen.
    private static let faults: [(kind: String, more: JSONObject)] = [
      ("status", ["status": 503, "chance": 0.04, "seed": 1]),
      ("user", ["retry_after": 0.3, "chance": 0.03, "seed": 2]),
      ("global", ["retry_after": 0.2, "chance": 0.01, "seed": 3]),
      ("cloudflare", ["retry_after": 1, "chance": 0.01, "seed": 4]),
      ("status", ["status": 200, "text": "<html>busy</html>", "chance": 0.02, "seed": 5]),
      ("slow", ["seconds": 0.3, "chance": 0.03, "seed": 6]), ("lost", ["chance": 0.02, "seed": 7]),
    ]

    /// Makes the past of channels, of which one has more than the others together.
    private static func past(_ discord: DiscordDeployment, _ bot: DiscordServer.Bot) async throws -> [String] {
      let made = try await discord.server.control(
        "channels",
        ["guild": .string(bot.guild), "count": .int(Int64(channels))]
      )
      let ids = try #require(made.arrayValue).compactMap { $0["id"]?.stringValue }
      for (number, id) in ids.enumerated() {
        let share = number == 0 ? count / 2 : count / 2 / (channels - 1)
        try await discord.server.control(
          "past",
          ["channel": .string(id), "count": .int(Int64(share)), "seed": .int(Int64(number))]
        )
      }
      return ids
    }

    /// Holds the index to what stands in the channels, once all that was told is indexed.
    private static func compare(_ discord: DiscordDeployment, _ channels: [String]) async throws {
      var truth: [String: String] = [:]
      for channel in channels {
        let messages = try await discord.server.control("truth", ["channel": .string(channel)]).arrayValue ?? []
        for message in messages {
          truth[message.arrayValue?.first?.stringValue ?? ""] = message.arrayValue?.last?.stringValue
        }
      }
      let client = try discord.host.client()
      var found: [String: JSON] = [:]
      var wrong: [String] = []
      do {
        // What was changed while nobody listened comes once the session goes on.
        try discord.host.until("the index is what stands in the channels") { [truth] in
          try discord.host.waitUntilIdle(client)
          let documents = try client.documents(provider: "discord", tenant: "duck")
          found = Dictionary(documents.map { ($0["foreign_id"]?.stringValue ?? "", $0) }) { $1 }
          wrong = Set(truth.keys).union(found.keys).filter { truth[$0] != found[$0]?["text"]?.stringValue }.sorted()
          return wrong.isEmpty ? () : nil
        }
      } catch {
        Issue.record("\(error): \(wrong.count) are missing, beyond, or another: \(wrong.prefix(5))")
        throw error
      }
      #expect(found.values.allSatisfy { $0["author"]?.stringValue != nil && $0["space"]?.stringValue != nil })
    }

    /// No limit was exceeded, and no page was answered twice but for what was killed.
    private static func checkCalls(_ server: DiscordServer) async throws {
      let limited = try await server.record("request", where: ["status": 429, "fault": "none"])
      #expect(limited.isEmpty, "\(limited.prefix(3))")
      let pages = try await server.record("request", where: ["route": .string(route), "status": 200, "fault": "none"])
      let names = pages.map { "\($0["path"]?.stringValue ?? "") \($0["query"]?.text ?? "")" }
      let again = names.count - Set(names).count
      Products.say(
        "\(names.count) pages were fetched, \(again) of them again, after \(BackfillMishap.allCases.count) kills"
      )
      // Of each of two lanes one, and of a host that is killed what it had asked for besides.
      #expect(again <= BackfillMishap.allCases.count * 2 + 2)
    }
  }
}
