import Envelope
import Host
import TestSupport
import Testing

/// A host with the plugin for Discord and an indexer, and the Discord for tests that it speaks to: a tenant for each bot.
final class DiscordDeployment {
  static let tenants = ["duck", "owl"]

  private(set) var server: DiscordServer
  let host: TestHost
  let plugin: AccessPlugin

  /// Makes the deployment and starts the host.
  ///
  /// - Parameters:
  ///   - config: More of the plugin's configuration, as lines of YAML.
  ///   - options: How the server is started.
  ///   - tokens: What the credentials say instead of the bots' own tokens, by tenant.
  ///   - starts: Whether the host is to be started.
  /// - Throws: When the server or the host does not start.
  init(
    config: [String] = [],
    options: DiscordServer.Options? = nil,
    tokens: [String: String] = [:],
    starts: Bool = true
  ) async throws {
    host = try TestHost("")
    var chosen = options ?? DiscordServer.Options()
    if chosen.state == nil { chosen.state = "\(host.directory)/discord.state" }
    server = try await DiscordServer(chosen)
    plugin = AccessPlugin(
      provider: "discord",
      credentials: ["bot_token"],
      inputs: ["social.PostMessage", "rest.request", "control.presence"],
      outputs: ["events.*", "control.SocialTyping"],
      server: server.address,
      directory: host.directory
    )
    for (tenant, bot) in zip(Self.tenants, server.bots) {
      try plugin.set(tokens[tenant] ?? bot.token, of: tenant, as: "bot_token")
    }
    try host.write(
      AccessPlugin.manifest(
        tenants: Self.tenants.map { [plugin] in plugin.line(of: $0) },
        plugins: [plugin.lines(of: Self.tenants, config: ["api: \(server.api)"] + config)]
      )
    )
    if starts { try host.start() }
  }

  /// What another deployment needs to have the first bot as a tenant, and a worker that answers wherever it is spoken to:
  /// lines below `tenants` and `plugins` of its plugins.yml.
  func entries(tenant: String) -> (tenants: [String], plugins: [String]) {
    (
      [plugin.line(of: tenant, credentialsOf: "duck")],
      [plugin.lines(of: [tenant], config: ["api: \(server.api)"]), TestHost.replying]
    )
  }

  // MARK: - What happens

  /// The bot of a tenant.
  func bot(_ tenant: String) throws -> DiscordServer.Bot {
    server.bots[try #require(Self.tenants.firstIndex(of: tenant))]
  }

  /// The name of a channel.
  func space(_ channel: String, of tenant: String = "duck") -> String { "urn:discord:channel:\(tenant):\(channel)" }

  /// Returns when the bots of all tenants have a session.
  func connected() async throws {
    for bot in server.bots { try await server.wait(for: "ready", where: ["bot": .string(bot.id)]) }
  }

  /// Kills the server and starts it where it was.
  func restartServer() async throws {
    server.kill()
    server = try await server.started()
  }

  /// Returns when so many messages of a tenant are indexed, and nothing waits any more.
  func indexed(_ count: Int, of tenant: String) throws -> [String] {
    let client = try host.client()
    _ = try host.until("\(count) messages of \(tenant) are indexed") {
      try host.count(client, provider: "discord", tenant: tenant) ?? 0 >= count ? () : nil
    }
    try host.waitUntilIdle(client)
    return try client.storedMessages(provider: "discord", tenant: tenant)
  }
}
