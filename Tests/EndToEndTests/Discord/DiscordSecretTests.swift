import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// Where a bot's token is, and where it is not.
  @Suite struct DiscordSecretTests {
    /// What is sought to know that the search finds what is there.
    private static let marker = "the-search-finds-this-\(UInt32.random(in: 0...(.max)))"

    @Test func `point 25: a bot's token is in no process but its own plugin's, and in nothing that is written`()
      async throws
    {
      let tokens = ["duck", "owl"].map { "\($0).\(UInt64.random(in: 0...(.max))).\(UInt64.random(in: 0...(.max)))" }
      var options = DiscordServer.Options()
      options.tokens = tokens
      let discord = try await DiscordDeployment(options: options)
      try await discord.connected()
      let bot = try discord.bot("duck")
      try await discord.server.say(Self.marker, in: bot.channels[0])
      _ = try discord.indexed(1, of: "duck")
      let client = try discord.host.client()
      // An answer, an error, a token that is refused, a connection that is cut, a process that is killed, and a reload.
      let topic = "promethean.p.discord.t.duck.rest.request"
      let me: JSON = ["method": "GET", "path": "/users/@me"]
      _ = try client.request(topic, me)
      _ = try client.request(topic, ["method": "GET", "path": "/channels/1"])
      let unauthorized: JSONObject = ["status": 401, "message": "401: Unauthorized"]
      try await discord.server.next("request", "status", where: ["path": ".*/users/@me"], unauthorized)
      #expect(try client.request(topic, me)["data"]?["status"] == 401)
      // From here on nothing is sent with it, and the log says why.
      let refusal = #expect(throws: (any Error).self) { try client.request(topic, me) }
      #expect(refusal.map { "\($0)" }?.contains("Reset Token") == true, "\(String(describing: refusal))")
      try await discord.server.fault("reset", ["bot": .string(bot.id)])
      try await discord.server.wait(for: "resumed", where: ["bot": .string(bot.id)])
      try discord.host.client().kill("discord@owl")
      try await discord.server.wait(for: "resumed", where: ["bot": .string(discord.bot("owl").id)])
      let reload = try discord.host.run("reload", "discord")
      try #require(reload.end == .status(0), "\(reload.errors)")
      for bot in discord.server.bots {
        try await discord.server.wait(for: "resumed", count: 2, where: ["bot": .string(bot.id)])
      }
      // The new process knows nothing of the refusal.
      _ = try client.request(topic, me)

      var needles = Needles()
      for token in tokens { needles.add(token, "a token") }
      var control = Needles()
      control.add(Self.marker, "marker")
      let instances = try client.call("status")["instances"]?.arrayValue ?? []
      let others = instances.filter { $0["plugin"] != "discord" }.compactMap { $0["pid"]?.intValue }
      #expect(others.count == 2)
      var hasMarker = false
      for pid in others + [Int64(try #require(discord.host.process?.pid))] {
        let view = ProcessView(pid: Int32(pid))
        // Memory that nobody can read is no place to look in.
        #expect((view.search(needles) ?? []) == [], "process \(pid)")
        hasMarker = hasMarker || view.search(control)?.isEmpty == false
      }
      #expect(hasMarker, "the search sees no memory")
      let written = try discord.host.written()
      for (name, bytes) in written { #expect(needles.found(in: bytes) == [], "\(name)") }
      #expect(written.contains { !control.found(in: $0.value).isEmpty })
      #expect(try discord.host.stop() == .status(0))
    }
  }
}
