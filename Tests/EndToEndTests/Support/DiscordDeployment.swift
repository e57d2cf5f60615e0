import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

/// A host with the plugin for Discord and an indexer, and the Discord for tests that it speaks to: a tenant for each bot.
final class DiscordDeployment {
  static let tenants = ["duck", "owl"]

  private(set) var server: DiscordServer
  let host: TestHost

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
    try FileManager.default.createDirectory(atPath: "\(host.directory)/secrets", withIntermediateDirectories: true)
    for (tenant, bot) in zip(Self.tenants, server.bots) {
      try set(token: tokens[tenant] ?? bot.token, of: tenant)
    }
    try host.write(manifest(config))
    if starts { try host.start() }
  }

  /// Writes a tenant's credential.
  func set(token: String, of tenant: String) throws {
    try token.write(toFile: "\(host.directory)/secrets/\(tenant)", atomically: true, encoding: .utf8)
    try #require(unsafe chmod("\(host.directory)/secrets/\(tenant)", 0o600) == 0)
  }

  /// plugins.yml with these lines of configuration.
  func manifest(_ config: [String] = []) -> String {
    let place = "127.0.0.1:\(server.ports["plain"] ?? 0)"
    let tenants = Self.tenants.map { tenant in
      "  - { provider: discord, tenant: \(tenant), credentials: { bot_token: { file: \(host.directory)/secrets/\(tenant) } } }"
    }
    return """
      version: 1
      host: { http: { enabled: false } }
      tenants:
      \(tenants.joined(separator: "\n"))
      plugins:
        discord:
          library: Discord
          trust: \(TestHost.trust)
          tenants: [discord/duck, discord/owl]
          grants:
            provider.gateway.connect: {}
            provider.rest.call: {}
            secrets.read: [bot_token]
            net.dial: ["\(place)"]
            subscribe:
              - promethean.p.discord.t.*.social.PostMessage
              - promethean.p.discord.t.*.rest.request
              - promethean.p.discord.t.*.control.presence
            publish: ["promethean.p.discord.t.*.events.*", "promethean.p.discord.t.*.control.SocialTyping"]
            clock: {}
            log: {}
            metrics: {}
            state: {}
          limits: { rate: 100000, memory: 256MiB }
          config:
            api: \(server.api())
      \(config.map { "      \($0)" }.joined(separator: "\n"))
      \(TestHost.indexing)
      """
  }

  /// What another deployment needs to have the first bot as a tenant, and a worker that answers wherever it is spoken to:
  /// lines below `tenants` and `plugins` of its plugins.yml.
  func entries(tenant: String) -> (tenants: [String], plugins: [String]) {
    let tenants = [
      "  - { provider: discord, tenant: \(tenant), credentials: { bot_token: { file: \(host.directory)/secrets/duck } } }"
    ]
    let plugins = """
        discord:
          library: Discord
          trust: \(TestHost.trust)
          tenants: [discord/\(tenant)]
          grants:
            provider.gateway.connect: {}
            provider.rest.call: {}
            secrets.read: [bot_token]
            net.dial: ["127.0.0.1:\(server.ports["plain"] ?? 0)"]
            subscribe: ["promethean.p.discord.t.*.social.PostMessage", "promethean.p.discord.t.*.rest.request", "promethean.p.discord.t.*.control.presence"]
            publish: ["promethean.p.discord.t.*.events.*", "promethean.p.discord.t.*.control.SocialTyping"]
            clock: {}
            log: {}
            metrics: {}
            state: {}
          config: { api: "\(server.api())" }
        replier:
          library: Replier
          trust: \(TestHost.trust)
          tenants: ["*/*"]
          grants:
            subscribe: ["promethean.p.*.t.*.events.SocialMessageCreated"]
            publish: ["promethean.p.*.t.*.social.PostMessage"]
            log: {}
      """
    return (tenants, [plugins])
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

  /// Kills the process of an instance.
  func kill(_ instance: String) throws {
    let pid = try #require(try host.client().instance(instance)["pid"]?.intValue)
    try #require(Glibc.kill(pid_t(pid), SIGKILL) == 0)
  }

  /// Kills the server and starts it where it was.
  func restartServer() async throws {
    server.kill()
    server = try await server.started()
  }

  /// The state of an instance that has one of these words in its status.
  func status(of tenant: String, says words: String) throws -> String {
    let client = try host.client()
    return try host.until("discord@\(tenant) says \"\(words)\"") {
      let instance = try client.instance("discord@\(tenant)")
      let text = "\(instance)"
      return text.contains(words) ? text : nil
    }
  }

  /// Returns when so many messages of a tenant are indexed, and nothing waits any more.
  func indexed(_ count: Int, of tenant: String) throws -> [String] {
    let client = try host.client()
    let topic = "promethean.p.discord.t.\(tenant).storage.documents.count"
    _ = try host.until("\(count) messages of \(tenant) are indexed") {
      let found = try client.request(topic, [:], resource: "messages")["data"]?["count"]?.intValue ?? 0
      return found >= Int64(count) ? () : nil
    }
    try host.waitUntilIdle(client)
    return try client.storedMessages(provider: "discord", tenant: tenant)
  }
}
