import Envelope
import Foundation
import Host
import Testing

/// A host with one worker, `Fixtures/veteran.c`, that counts in a document which the host keeps for it.
final class Veteran {
  let host: TestHost
  let client: AdminClient

  private static func plugins(_ lines: [String]) -> String {
    let topics = "promethean.p.echo.t.demo.events.Numbered, \(TestHost.requests("veteran"))"
    return TestHost.fixtures([("veteran", ["grants:", "  subscribe: [\(topics)]", "  state: {}"] + lines)])
  }

  /// Starts one that its author built against ABI 1.0.
  init() throws {
    host = try TestHost(Self.plugins([]))
    try Self.build(host, abi: "1.0", [], config: "")
    try host.start()
    client = try host.client()
  }

  /// Builds it against the header of an ABI, and has it take the place of the library that is there.
  ///
  /// - Parameters:
  ///   - abi: What the header and the manifest say.
  ///   - names: More that is defined for the compiler.
  ///   - config: More lines of the shape of its configuration.
  /// - Throws: What the compiler says.
  func build(abi: String, _ names: String..., config: String = "") throws {
    try Self.build(host, abi: abi, names, config: config)
  }

  private static func build(_ host: TestHost, abi: String, _ names: [String], config: String) throws {
    let inputs = ["promethean.p.echo.t.demo.events.Numbered", TestHost.requests("veteran")]
    let manifest = TestHost.worker("veteran", abi: abi, inputs: inputs, capabilities: ["state"]) + config
    let header = abi == "1.0" ? [] : ["CURRENT"]
    try host.compile("veteran", id: "veteran", manifest: manifest, defining: header + names)
  }

  /// Writes plugins.yml with more lines for the plugin.
  func write(_ lines: String...) throws { try host.write(Self.plugins(lines)) }

  /// Has the plugin reloaded as its library is now, and returns why that was refused, if it was.
  func reload() throws -> String? {
    let run = try host.run("reload", "veteran")
    return run.end == .status(0) ? nil : run.output + run.errors
  }

  /// Has the plugin reloaded while events go on being published.
  ///
  /// - Parameter first: The number of the first of them.
  /// - Returns: Why the reload was refused, if it was, and the number of the last event.
  /// - Throws: When the host is gone.
  func reloadWhilePublishing(from first: Int) throws -> (refusal: String?, last: Int) {
    let reloading = try host.client()
    let request = try reloading.send("reload", ["plugin": "veteran"])
    var last = first - 1
    while true {
      last += 1
      try client.publish(last)
      // What is sent goes out with the next call, which waits for nobody.
      try reloading.call("status")
      while reloading.hasEvent {
        let event = try reloading.receive()
        switch event.content {
        case .error(let error) where event.request == request: return ("\(error)", last)
        case .ok(let answer) where event.request == request:
          return (answer["outcome"] == "applied" ? nil : answer["reason"]?.stringValue, last)
        default: continue
        }
      }
    }
  }

  /// Publishes numbered events, and waits until all are handled.
  func publish(_ numbers: ClosedRange<Int>) throws {
    for number in numbers { try client.publish(number) }
    try host.waitUntilIdle(client, "veteran")
  }

  /// What it knows.
  func report() throws -> JSON { try client.report("veteran") }

  /// What the host keeps for it: the document, and its version.
  func document() throws -> JSON {
    try #require(try client.request("promethean.p.echo.t.demo.veteran.document")["data"])
  }
}
