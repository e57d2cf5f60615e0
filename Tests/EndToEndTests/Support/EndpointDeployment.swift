import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

/// A host with an embedder whose model `far` is behind a server, and the access plugin that has the key to that.
final class EndpointDeployment {
  /// Where vectors are asked for.
  static let topic = "promethean.p.echo.t.demo.embed.text.infer"
  /// Where the server is asked.
  static let rest = "promethean.p.openai.t.main.control.request"

  let server: OpenAIServer
  let host: TestHost

  /// Makes the deployment and starts the host.
  ///
  /// - Parameters:
  ///   - server: The server that has the model.
  ///   - key: The tenant's credential; empty: it has none.
  ///   - dimension: What the model is said to have.
  /// - Throws: When the host does not start.
  init(_ server: OpenAIServer, key: String = "", dimension: Int = 8) throws {
    self.server = server
    host = try TestHost("")
    let credentials = key.isEmpty ? "" : ", credentials: { api_key: { file: \(host.directory)/api_key } }"
    if !key.isEmpty { try write(key: key) }
    try host.write(
      """
      version: 1
      host: { http: { enabled: false } }
      tenants:
        - { provider: echo, tenant: demo }
        - { provider: openai, tenant: main\(credentials) }
      plugins:
        openai:
          library: OpenAI
          trust: \(TestHost.trust)
          tenants: [openai/main]
          config: { api: "\(server.api)" }
          grants:
            provider.rest.call: {}
            \(key.isEmpty ? "" : "secrets.read: [api_key]")
            net.dial: ["\(server.address)"]
            subscribe: ["promethean.p.openai.t.*.control.request"]
            clock: {}
            log: {}
            metrics: {}
        embedder:
          library: Embedder
          trust: \(TestHost.trust)
          tenants: ["*/*"]
          grants:
            publish: ["promethean.p.openai.t.main.control.request"]
            clock: {}
            log: {}
            metrics: {}
          limits: { memory: 256MiB, in_flight: 256 }
          config:
            models:
              - { name: feature-hashing }
              - { name: far, engine: endpoint, provider: openai, tenant: main, model: digest, dimension: \(dimension) }
              - { name: impatient, engine: endpoint, provider: openai, tenant: main, model: digest,
                  dimension: \(dimension), timeout: 1s }
      """
    )
    try host.start()
  }

  /// Writes the credential.
  func write(key: String) throws {
    let file = "\(host.directory)/api_key"
    try key.write(toFile: file, atomically: true, encoding: .utf8)
    try #require(unsafe chmod(file, 0o600) == 0)
  }

  /// Has vectors made by the command line.
  func infer(_ texts: [String], model: String = "far") throws -> Program {
    let payload: JSON = ["texts": .array(texts.map { .string($0) })]
    return try host.run("request", Self.topic, "--resource", model, "--payload", payload.text, "--json")
  }

  /// The vectors of an answer of the command line's.
  func vectors(_ run: Program) throws -> [[Float]] {
    try #require(run.end == .status(0), "\(run.output) \(run.errors)")
    let data = try JSON.parse(Array(run.output.utf8))["data"]
    return try (data?["vectors"]?.arrayValue ?? []).map { vector in
      let bytes = Array(try #require(vector.stringValue.flatMap { Data(base64Encoded: $0) }))
      return stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    }
  }

  /// Whether texts have the vectors that the server makes of them.
  func isRight(_ run: Program, _ texts: [String]) async throws -> Bool {
    let (found, expected) = (try vectors(run), try await server.vectors(texts))
    return found.map(\.count) == expected.map(\.count)
      && zip(found.joined(), expected.joined()).allSatisfy { abs($0 - $1) < 1e-6 }
  }
}
