import Envelope
import Host
import TestSupport
import Testing

/// A host with the plugin for Reddit and an indexer, and the Reddit for tests that it speaks to: a tenant for each account.
final class RedditDeployment {
  let server: RedditServer
  let host: TestHost
  let tenants: [String]
  /// plugins.yml.
  let manifest: String
  let plugin: AccessPlugin

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
    plugin = AccessPlugin(
      provider: "reddit",
      credentials: ["reddit_client_id", "reddit_client_secret", "reddit_refresh_token"],
      inputs: ["social.PostMessage", "rest.request"],
      outputs: ["events.*"],
      server: server.address,
      directory: host.directory
    )
    for (tenant, account) in zip(tenants, server.accounts) {
      let texts = [account.client, account.secret, account.refreshToken]
      for (credential, text) in zip(plugin.credentials, texts) { try plugin.set(text, of: tenant, as: credential) }
    }
    let allow = subreddits.isEmpty ? "\"*\"" : subreddits.joined(separator: ", ")
    let lines = tenants.map { [plugin] in plugin.line(of: $0, ", allow: { subreddits: [\(allow)] }") }
    // Fast, since a test waits for it; a server of the test's own has no limit of a hundred a minute.
    let usual = ["fastest: 20ms", "slowest: 200ms", "requests_per_minute: 10000"]
    let own = usual.filter { line in !config.contains { $0.hasPrefix(line.prefix { $0 != ":" } + ":") } }
    let urls = ["api: \(server.url)", "token_url: \(server.url)/api/v1/access_token"]
    manifest = AccessPlugin.manifest(
      tenants: lines + more.tenants,
      plugins: [plugin.lines(of: tenants, config: urls + own + config)] + more.plugins
    )
    try host.write(manifest)
    if starts { try host.start() }
  }

  // MARK: - What happens

  /// The account of a tenant.
  func account(_ tenant: String) throws -> RedditServer.Account {
    server.accounts[try #require(tenants.firstIndex(of: tenant))]
  }

  /// How much is indexed of a tenant.
  func count(of tenant: String) throws -> Int {
    try Int(host.count(host.client(), provider: "reddit", tenant: tenant) ?? 0)
  }

  /// What is indexed of a tenant, by the names of things, once it is what a test waits for.
  func indexed(
    of tenant: String,
    _ what: String,
    until isDone: ([String: JSON]) -> Bool
  ) throws -> [String: JSON] {
    let client = try host.client()
    return try host.until(what) {
      let documents = try client.documents(provider: "reddit", tenant: tenant)
      let found = Dictionary(documents.map { ($0["foreign_id"]?.stringValue ?? "", $0) }) { $1 }
      return isDone(found) ? found : nil
    }
  }
}
