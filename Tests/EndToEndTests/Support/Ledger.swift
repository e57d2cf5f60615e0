import Envelope
import Foundation
import Host
import Signing
import TestSupport
import Testing

/// A host with one worker, `Fixtures/ledger.c`, that adds up what it is given and hands the sum over.
final class Ledger {
  let host: TestHost
  let client: AdminClient
  /// The last number that was published.
  private(set) var last = 0
  /// Numbers a second that were published the last time that others were done meanwhile.
  private(set) var rate = 0.0

  private static let key = SecretKey.generate()
  private static let inputs = ["promethean.p.echo.t.demo.events.Numbered", "promethean.p.echo.t.demo.ledger.*"]

  /// The text of plugins.yml.
  static func manifest(rate: Int = 20_000, delay: Int = 0, trust: String = "signed") -> String {
    """
    version: 1
    host: { http: { enabled: false }, keys: [\(key.publicKey)] }
    tenants: [{ provider: echo, tenant: demo }]
    plugins:
      ledger:
        library: ledger
        trust: \(trust)
        tenants: [echo/demo]
        grants:
          subscribe: [promethean.p.echo.t.demo.events.Numbered, "promethean.p.echo.t.demo.ledger.*"]
        limits: { start: 500ms, deadline: 500ms, rate: \(rate) }
        config: { delay_ms: \(delay) }
    """
  }

  /// Starts the host, once something was done to it.
  ///
  /// - Parameters:
  ///   - trust: Whether libraries have to be `signed`.
  ///   - prepare: What is done.
  /// - Throws: What the compiler says, or why the host does not start.
  init(trust: String = "signed", _ prepare: (TestHost) -> Void = { _ in }) throws {
    host = try TestHost(Self.manifest(trust: trust))
    try Self.build(host)
    prepare(host)
    try host.start()
    client = try host.client()
  }

  /// Builds and signs the plugin, and has it take the place of the library that is there, as a linker does: by another
  /// file.
  ///
  /// - Parameters:
  ///   - version: What it says in its report.
  ///   - state: The version of the state that it gives, and the latest that it takes.
  ///   - fault: What is wrong with it.
  /// - Throws: What the compiler says.
  func build(version: Int64, state: Int = 1, fault: LedgerFault? = nil) throws {
    try Self.build(host, ["VERSION=\(version)", "STATE=\(state)"] + [fault?.definition].compactMap(\.self), fault)
  }

  private static func build(_ host: TestHost, _ names: [String] = [], _ fault: LedgerFault? = nil) throws {
    let manifest = TestHost.worker("ledger", inputs: inputs, capabilities: [])
    try host.compile("ledger", id: "ledger", manifest: manifest, defining: names)
    let library = "\(host.directory)/plugins.d/ledger.so"
    if case .bytes(let harm) = fault?.place { try LedgerFault.change(library, by: harm) }
    let signature = try key.sign(FileHash(path: library), comment: "signed by a test")
    try Data(signature.fileText.utf8).write(to: URL(filePath: Signature.path(of: library)), options: .atomic)
    if case .file(let harm) = fault?.place { try harm(library) }
  }

  // MARK: - Changing what runs

  /// Has the plugin reloaded as its library is now.
  func reload() throws { try change("reload", ["plugin": "ledger"]) }

  /// Has something else run.
  ///
  /// - Parameters:
  ///   - operation: `apply`, `rollback` or `reload`.
  ///   - fields: What it is to be told.
  /// - Throws: `Refusal`, or an error of the client's.
  func change(_ operation: String, _ fields: JSONObject = [:]) throws {
    let answer = try client.call(operation, fields)
    guard answer["outcome"] != "applied" else { return }
    throw Refusal(description: answer["reason"]?.stringValue ?? "\(answer)")
  }

  /// The generation before serves on.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  /// Does something while numbers go on being published; whatever it throws, the numbers are known.
  func whilePublishing(_ body: () throws -> Void) throws {
    let stream = NumberStream(after: last, on: AdminClient.socketPath(directory: host.view))
    let result = Result { try body() }
    let outcome = try stream.stop()
    (last, rate) = (outcome.last, outcome.rate)
    try result.get()
  }

  /// Has a generation that is broken reloaded, and expects that to be refused for its reason, which is kept.
  func expectRefusal(of fault: LedgerFault, location: Testing.SourceLocation = #_sourceLocation) throws {
    let before = try generations.history().count
    #expect("\(fault.name) was not refused", sourceLocation: location) { try reload() } throws: {
      "\($0)".contains(fault.reason)
    }
    // If it broke while it was recorded, the return to the one before is an entry of its own.
    let entry = try generations.history().dropFirst(before).first { $0.outcome != .applied }
    #expect(
      entry?.reason.contains(fault.reason) == true,
      "\(fault.name): \(entry?.reason ?? "")",
      sourceLocation: location
    )
    let serving = try client.call("status")["instances"]?.arrayValue?.first { $0["role"] == "serving" }
    #expect(
      serving?["refused"]?.stringValue?.contains(fault.reason) == true,
      "\(fault.name): \(serving ?? .null)",
      sourceLocation: location
    )
  }

  /// What the host keeps of what ran.
  var generations: GenerationStore { GenerationStore(stateDirectory: "\(host.directory)/var") }

  /// The generation that is recorded as the one that runs.
  func recorded() throws -> Generation {
    let current = try #require(try generations.current())
    return try generations.generation(current.generation)
  }

  // MARK: - Numbers

  /// Publishes the next numbers, and waits until all are handled.
  func publish(_ count: Int) throws {
    try NumberStream.publish(last + 1...last + count, client)
    last += count
    try host.waitUntilIdle(client, "ledger")
  }

  /// What the plugin says of itself.
  func report() throws -> JSON { try #require(try client.request("promethean.p.echo.t.demo.ledger.report")["data"]) }

  /// Expects the plugin to be of a version, and to have handled every number, each once and those of a key in order.
  func expect(version: Int64, location: Testing.SourceLocation = #_sourceLocation) throws {
    try host.waitUntilIdle(client, "ledger")
    let report = try report()
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
