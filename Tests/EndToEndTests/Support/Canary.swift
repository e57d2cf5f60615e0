import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

/// A host with an access plugin, `Fixtures/canary.c`, that has credentials for two tenants, and a worker that has none.
final class Canary {
  static let tenants = ["one", "two"]
  /// What is in the same places without being a secret, so that the search is known to look there.
  static let marker = "the-search-finds-this-\(getpid())"

  let host: TestHost
  let port: UInt16
  /// All credentials that there were.
  private(set) var needles: Needles
  /// Not those that the host reads: whoever looks for a credential may not be who has it.
  private let outside: TemporaryDirectory

  /// Makes the deployment, and starts nothing.
  init() throws {
    outside = try TemporaryDirectory()
    port = try LoopbackListener().port
    var needles = Needles()
    var words = ["/usr/bin/env", "CREDENTIALS_DIRECTORY=\(outside.path)"]
    for tenant in Self.tenants {
      words.append("CANARY_\(tenant)=\(Self.draw("variable of \(tenant)", &needles))")
    }
    self.needles = needles
    host = try TestHost("", wrapper: words)
    try deploy()
    try write("")
    try host.compileConsumer("worker")
    try host.compile(
      "canary",
      id: "canary",
      manifest: """
        agent:
          id: canary
          kind: access
          provider: canary
          version: 0.1.0
          abi: 1.1
          inputs:
            - { topic: "promethean.p.canary.t.*.control.*" }
            - { topic: "promethean.p.canary.t.*.events.*" }
          outputs:
            - { topic: "promethean.p.canary.t.*.events.*" }
          capabilities: [clock, log, metrics, secrets.read: ["*"]]
        """
    )
  }

  /// Writes plugins.yml.
  ///
  /// - Parameters:
  ///   - worker: The worker's configuration.
  ///   - service: Where the third credential of each tenant stands.
  /// - Throws: When it cannot be written.
  func deploy(worker: String = "", service: String = "credential: TENANT.service") throws {
    let sources = Self.tenants.map { tenant in
      """
        - provider: canary
          tenant: \(tenant)
          credentials:
            variable: { env: CANARY_\(tenant) }
            file: { file: "\(outside.file(tenant))" }
            service: { \(service.replacing("TENANT", with: tenant).replacing("PLACE", with: outside.path)) }
      """
    }
    try host.write(
      """
      version: 1
      host: { http: { port: \(port) } }
      tenants:
        - { provider: echo, tenant: demo }
      \(sources.joined(separator: "\n"))
      plugins:
        canary:
          library: canary
          trust: unsigned
          tenants: [canary/one, canary/two]
          limits: { max_attempts: 2 }
          grants:
            secrets.read: ["*"]
            subscribe: ["promethean.p.canary.t.*.control.*", "promethean.p.canary.t.*.events.*"]
            publish: ["promethean.p.canary.t.*.events.*"]
            log: {}
            metrics: {}
            clock: {}
        worker:
          library: worker
          trust: unsigned
          tenants: [echo/demo]
          config: { \(worker) }
          grants:
            subscribe: [promethean.p.echo.t.demo.events.Numbered, promethean.p.echo.t.demo.worker.*]
            clock: {}
      """
    )
  }

  /// Makes up a credential that encodings do not leave as it is, and has it looked for from now on.
  private static func draw(_ name: String, _ needles: inout Needles, beginning: String = "") -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    let secret = (0..<4).map { _ in String((0..<6).map { _ in letters.randomElement() ?? "x" }) }
    let text = beginning + secret.joined(separator: "/+").replacing("+", with: "\"+", maxReplacements: 1)
    needles.add(text, name)
    return text
  }

  /// Writes new credentials into the files of both tenants.
  func write(_ generation: String, beginning: String = "") throws {
    for tenant in Self.tenants {
      for (file, kind) in [(tenant, "file"), ("\(tenant).service", "service")] {
        let secret = Self.draw("\(generation) \(kind) of \(tenant)", &needles, beginning: beginning)
        try outside.write(file, Array("\(secret)\n".utf8))
      }
    }
  }

  // MARK: - What happens to it

  static func topic(_ tenant: String, _ rest: String) -> String { "promethean.p.canary.t.\(tenant).\(rest)" }

  func publish(_ client: AdminClient, _ tenant: String, _ intent: String, _ number: Int64 = 0) throws {
    let topic = Self.topic(tenant, "events.\(intent)")
    try client.call(
      "publish",
      [
        "topic": .string(topic), "intent": .string(intent),
        "payload": ["n": .int(number), "marker": .string(Self.marker)],
      ]
    )
  }

  func pid(_ client: AdminClient, _ instance: String) throws -> Int32? {
    let status = try client.instance(instance)
    guard status["ready"]?.boolValue == true else { return nil }
    return status["pid"]?.intValue.map { Int32($0) }
  }

  /// Ends an instance, and waits until it is there again.
  func restart(_ client: AdminClient, _ instance: String) throws {
    let old = try #require(try pid(client, instance))
    #expect(Glibc.kill(old, SIGKILL) == 0)
    _ = try host.until("\(instance) runs again") { try pid(client, instance).flatMap { $0 == old ? nil : $0 } }
  }
}
