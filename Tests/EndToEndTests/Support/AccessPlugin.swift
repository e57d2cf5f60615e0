import Foundation
import Glibc
import Testing

/// An access plugin in a deployment: what plugins.yml says of it and of its tenants, and where their credentials lie.
struct AccessPlugin {
  /// The provider's name, which is the plugin's id too.
  let provider: String
  /// The names of a tenant's credentials.
  let credentials: [String]
  /// The topics of a tenant's that it reads, without what stands before the area.
  let inputs: [String]
  /// Those that it writes to.
  let outputs: [String]
  /// Host and port of what it speaks to.
  let server: String
  /// The directory of the deployment.
  let directory: String

  /// Writes a tenant's credential.
  func set(_ text: String, of tenant: String, as credential: String) throws {
    try #require(credentials.contains(credential))
    try FileManager.default.createDirectory(atPath: "\(directory)/secrets", withIntermediateDirectories: true)
    let file = file(credential, of: tenant)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    try #require(unsafe chmod(file, 0o600) == 0)
  }

  private func file(_ credential: String, of tenant: String) -> String {
    "\(directory)/secrets/\(tenant).\(credential)"
  }

  /// A line below `tenants`; with the credentials of another one if it says so, and with more, such as `, allow: {}`.
  func line(of tenant: String, credentialsOf owner: String? = nil, _ more: String = "") -> String {
    let files = credentials.map { "\($0): { file: \(file($0, of: owner ?? tenant)) }" }.joined(separator: ", ")
    return "  - { provider: \(provider), tenant: \(tenant), credentials: { \(files) }\(more) }"
  }

  /// Lines below `plugins`, with these lines of configuration.
  func lines(of tenants: [String], config: [String]) -> String {
    let topics = { (names: [String]) in
      names.map { "\"promethean.p.\(provider).t.*.\($0)\"" }.joined(separator: ", ")
    }
    return """
        \(provider):
          library: \(provider.capitalized)
          trust: \(TestHost.trust)
          tenants: [\(tenants.map { "\(provider)/\($0)" }.joined(separator: ", "))]
          grants:
            provider.gateway.connect: {}
            provider.rest.call: {}
            secrets.read: [\(credentials.joined(separator: ", "))]
            net.dial: ["\(server)"]
            subscribe: [\(topics(inputs))]
            publish: [\(topics(outputs))]
            clock: {}
            log: {}
            metrics: {}
            state: {}
          limits: { rate: 100000, memory: 256MiB }
          config:
      \(config.map { "      \($0)" }.joined(separator: "\n"))
      """
  }

  /// plugins.yml of a deployment with an indexer: lines below `tenants`, and below `plugins`.
  static func manifest(tenants: [String], plugins: [String]) -> String {
    """
    version: 1
    host: { http: { enabled: false } }
    tenants:
    \(tenants.joined(separator: "\n"))
    plugins:
    \(plugins.joined(separator: "\n"))
    \(TestHost.indexing)
    """
  }
}
