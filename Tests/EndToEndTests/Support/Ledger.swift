import Envelope
import Foundation
import Host
import Locking
import TestSupport
import Testing

/// A host with one worker, `Fixtures/ledger.c`, that adds up what it is given and hands the sum over.
final class Ledger {
  let host: TestHost
  let client: AdminClient
  /// The last number that was published.
  private(set) var last = 0

  private static let manifest = """
    version: 1
    host: { http: { enabled: false } }
    tenants: [{ provider: echo, tenant: demo }]
    plugins:
      ledger:
        library: ledger
        trust: unsigned
        tenants: [echo/demo]
        grants:
          subscribe: [promethean.p.echo.t.demo.events.Numbered, "promethean.p.echo.t.demo.ledger.*"]
        limits: { start: 500ms, deadline: 500ms }
    """

  init() throws {
    host = try TestHost(Self.manifest)
    try Self.build(host, [])
    try host.start()
    client = try host.client()
  }

  /// Builds the plugin, and has it take the place of the library that is there, as a linker does: by another file.
  func build(_ names: String...) throws { try Self.build(host, names) }

  private static func build(_ host: TestHost, _ names: [String]) throws {
    let inputs = ["promethean.p.echo.t.demo.events.Numbered", "promethean.p.echo.t.demo.ledger.*"]
    let manifest = TestHost.worker("ledger", inputs: inputs, capabilities: [])
    try host.compile("ledger", id: "ledger", manifest: manifest, defining: names)
  }

  /// Has the plugin reloaded as its library is now.
  func reload() throws { try Self.reload(client) }

  private static func reload(_ client: AdminClient) throws {
    let answer = try client.call("reload", ["plugin": "ledger"])
    guard answer["outcome"] != "applied" else { return }
    throw Refusal(description: answer["reason"]?.stringValue ?? "\(answer)")
  }

  /// The generation before serves on.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  /// Has the plugin reloaded while numbers go on being published.
  ///
  /// - Returns: Why the reload was refused, if it was.
  func reloadWhilePublishing() throws -> String? {
    let outcome = Locked<Result<Void, any Error>?>(nil)
    let path = AdminClient.socketPath(directory: host.view)
    let thread = Thread {
      let result = Result { try Self.reload(AdminClient(path: path)) }
      outcome.withLock { $0 = result }
    }
    thread.start()
    while true {
      try publishOne()
      switch outcome.withLock({ $0 }) {
      case .success?: return nil
      case .failure(let error)?: return "\(error)"
      case nil: continue
      }
    }
  }

  /// Publishes the next numbers, and waits until all are handled.
  func publish(_ count: Int) throws {
    for _ in 0..<count { try publishOne() }
    try host.waitUntilIdle(client, "ledger")
  }

  /// The next number, under one of several keys.
  private func publishOne() throws {
    let (number, key) = (last + 1, (last + 1) % 7)
    try client.call(
      "publish",
      [
        "topic": "promethean.p.echo.t.demo.events.Numbered", "intent": "Numbered",
        "payload": ["n": .int(Int64(number)), "k": .int(Int64(key))], "key": .string("\(key)"),
      ]
    )
    last = number
  }

  /// Expects the plugin to be of a version, and to have handled every number, each once and those of a key in order.
  func expect(version: Int64, location: Testing.SourceLocation = #_sourceLocation) throws {
    let report = try #require(try client.request("promethean.p.echo.t.demo.ledger.report")["data"])
    let sum = (1...last).reduce(0) { $0 + $1 * $1 }
    #expect(report["version"] == .int(version), sourceLocation: location)
    #expect(report["seen"] == .int(Int64(last)), sourceLocation: location)
    #expect(report["sum"] == .int(Int64(sum)), sourceLocation: location)
    #expect(report["disorder"] == 0, sourceLocation: location)
  }

  /// Waits until nothing of another generation is left, and returns the instance that is.
  func settled() throws -> JSON {
    try host.until("one instance is left") { () -> JSON? in
      let instances = try client.call("status")["instances"]?.arrayValue ?? []
      guard instances.count == 1, instances[0]["role"] == "serving", instances[0]["pid"]?.isNull == false else {
        return nil
      }
      return instances[0]
    }
  }
}
