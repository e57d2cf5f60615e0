import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

/// A host with the plugin for Reddit and an indexer, and the Reddit for tests that it speaks to: a tenant for each account.
final class RedditDeployment {
  private(set) var server: RedditServer
  let host: TestHost
  let tenants: [String]
  /// plugins.yml.
  private(set) var manifest = ""

  /// Makes the deployment and starts the host.
  ///
  /// - Parameters:
  ///   - tenants: The tenants, of which each has an account of its own.
  ///   - config: More of the plugin's configuration, as lines of YAML.
  ///   - options: How the server is started.
  ///   - subreddits: Those that are allowed, and so read; none: all are, and none is read.
  ///   - more: More of plugins.yml, as lines below `tenants` and `plugins`.
  ///   - starts: Whether the host is to be started.
  /// - Throws: When the server or the host does not start.
  init(
    tenants: [String] = ["duck", "owl"],
    config: [String] = [],
    options: RedditServer.Options? = nil,
    subreddits: [String] = ["testing"],
    more: (tenants: [String], plugins: [String]) = ([], []),
    starts: Bool = true
  ) async throws {
    host = try TestHost("")
    self.tenants = tenants
    var chosen = options ?? RedditServer.Options()
    if chosen.state == nil, chosen.recordings.isEmpty { chosen.state = "\(host.directory)/reddit.state" }
    server = try await RedditServer(chosen)
    try FileManager.default.createDirectory(atPath: "\(host.directory)/secrets", withIntermediateDirectories: true)
    for (tenant, account) in zip(tenants, server.accounts) {
      try set(account.client, of: tenant, as: "client_id")
      try set(account.secret, of: tenant, as: "client_secret")
      try set(account.refreshToken, of: tenant, as: "refresh_token")
    }
    manifest = Self.manifest(tenants, server, in: host.directory, allowing: subreddits, config, more)
    try host.write(manifest)
    if starts { try host.start() }
  }

  /// Writes a tenant's credential.
  func set(_ text: String, of tenant: String, as name: String) throws {
    let path = Self.secret(name, of: tenant, in: host.directory)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try #require(unsafe chmod(path, 0o600) == 0)
  }

  private static func secret(_ name: String, of tenant: String, in directory: String) -> String {
    "\(directory)/secrets/\(tenant).\(name)"
  }

  private static func manifest(
    _ tenants: [String],
    _ server: RedditServer,
    in directory: String,
    allowing subreddits: [String],
    _ config: [String],
    _ more: (tenants: [String], plugins: [String])
  ) -> String {
    let names = ["client_id", "client_secret", "refresh_token"]
    let lines = tenants.map { tenant in
      let credentials = names.map { name in
        "reddit_\(name): { file: \(secret(name, of: tenant, in: directory)) }"
      }.joined(separator: ", ")
      let allow = subreddits.isEmpty ? "\"*\"" : subreddits.joined(separator: ", ")
      return
        "  - { provider: reddit, tenant: \(tenant), credentials: { \(credentials) }, allow: { subreddits: [\(allow)] } }"
    }
    // Fast, since a test waits for it; a server of the test's own has no limit of a hundred a minute.
    let usual = ["fastest: 20ms", "slowest: 200ms", "requests_per_minute: 10000"]
    let own = usual.filter { line in !config.contains { $0.hasPrefix(line.prefix { $0 != ":" } + ":") } }
    return """
      version: 1
      host: { http: { enabled: false } }
      tenants:
      \((lines + more.tenants).joined(separator: "\n"))
      plugins:
        reddit:
          library: Reddit
          trust: \(TestHost.trust)
          tenants: [\(tenants.map { "reddit/\($0)" }.joined(separator: ", "))]
          grants:
            provider.gateway.connect: {}
            provider.rest.call: {}
            secrets.read: [\(names.map { "reddit_\($0)" }.joined(separator: ", "))]
            net.dial: ["127.0.0.1:\(server.ports["plain"] ?? 0)"]
            subscribe:
              - promethean.p.reddit.t.*.social.PostMessage
              - promethean.p.reddit.t.*.rest.request
            publish: ["promethean.p.reddit.t.*.events.*"]
            clock: {}
            log: {}
            metrics: {}
            state: {}
          limits: { rate: 100000, memory: 256MiB }
          config:
            api: \(server.url())
            token_url: \(server.url())/api/v1/access_token
      \((own + config).map { "      \($0)" }.joined(separator: "\n"))
      \(TestHost.indexing)
      \(more.plugins.joined(separator: "\n"))
      """
  }

  // MARK: - What happens

  /// The account of a tenant.
  func account(_ tenant: String) throws -> RedditServer.Account {
    server.accounts[try #require(tenants.firstIndex(of: tenant))]
  }

  /// Kills the process of an instance.
  func kill(_ instance: String) throws {
    let pid = try #require(try host.client().instance(instance)["pid"]?.intValue)
    try #require(Glibc.kill(pid_t(pid), SIGKILL) == 0)
  }

  /// The state of an instance that has some words in its status.
  func status(of tenant: String, says words: String) throws -> String {
    let client = try host.client()
    return try host.until("reddit@\(tenant) says \"\(words)\"") {
      let text = "\(try client.instance("reddit@\(tenant)"))"
      return text.contains(words) ? text : nil
    }
  }

  /// Kills the server and starts it where it was.
  func restartServer() async throws {
    server.kill()
    server = try await server.started()
  }

  /// What is indexed of a tenant, by the names of things, once it is what a test waits for.
  func indexed(
    of tenant: String,
    _ what: String,
    until isDone: ([String: JSON]) -> Bool
  ) throws -> [String: JSON] {
    let client = try host.client()
    return try host.until(what) {
      let found = try documents(of: tenant, client)
      return isDone(found) ? found : nil
    }
  }

  /// How much is indexed of a tenant.
  func count(of tenant: String) throws -> Int {
    let topic = "promethean.p.reddit.t.\(tenant).storage.documents.count"
    return try host.client().request(topic, [:], resource: "messages")["data"]?["count"]?.intValue.map(Int.init) ?? 0
  }

  /// What is indexed of a tenant now.
  func documents(of tenant: String, _ client: AdminClient) throws -> [String: JSON] {
    let topic = "promethean.p.reddit.t.\(tenant).storage.documents.query"
    var found: [String: JSON] = [:]
    var cursor: JSON?
    repeat {
      var query: JSONObject = ["order": "oldest", "limit": 100]
      query["cursor"] = cursor
      let page = try #require(try client.request(topic, .object(query), resource: "messages")["data"])
      for document in page["documents"]?.arrayValue ?? [] {
        if let id = document["foreign_id"]?.stringValue { found[id] = document }
      }
      cursor = page["next"].flatMap { $0.isNull ? nil : $0 }
    } while cursor != nil
    return found
  }
}
