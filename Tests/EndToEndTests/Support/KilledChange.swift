import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension TestHost {
  /// Has the host be one that kills, once it is armed.
  ///
  /// - Parameters:
  ///   - victim: `host` or `runner`.
  ///   - step: The step of a change at which it does.
  func stand(killing victim: String, at step: Int) {
    stand = [
      "\(Products.directory)/HostKiller", "\(directory)/plugins.yml", Products.sandboxed, Products.runner, victim,
      "\(step)",
    ]
  }

  /// Has the steps of the next change count.
  func arm() throws { try Data().write(to: URL(filePath: "\(directory)/armed")) }

  /// The steps that it went through so far.
  var steps: [String] {
    get throws {
      let text = try String(contentsOfFile: "\(directory)/out", encoding: .utf8)
      return text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("step ") }
    }
  }
}

/// A host in the midst of work that is killed at a step of an apply, which replaces three of its plugins.
final class KilledChange {
  /// What runs, as it is recorded, or would be.
  struct State: Equatable {
    var manifest: [UInt8]
    var effective: [UInt8]
    var libraries: [String: String]

    init(manifest: [UInt8], _ deployment: Deployment) {
      self.manifest = manifest
      effective = deployment.effective.bytes()
      libraries = Dictionary(uniqueKeysWithValues: deployment.plugins.map { ($0.id, $0.library.digest) })
    }
  }

  let host: TestHost
  let old: State
  let new: State
  private let deployer: Deployer
  /// The messages that have yet to be sent; there are more than are sent while anything is changed.
  private var messages = Message.all[...]
  private var accepted: Set<String> = []

  /// Messages on their way at once, and milliseconds between two: each plugin has something to handle all the time, and
  /// there are messages for some seconds.
  private static let window = 4
  private static let pause: Int32 = 3

  init(at step: Int) throws {
    host = try TestHost(Self.manifest(1))
    try Self.build(host, version: 1)
    host.stand(killing: "host", at: step)
    try host.start()
    deployer = Deployer(path: "\(host.directory)/plugins.yml", searchPath: [Products.sandboxed])
    let base = try #require(try deployer.base())
    old = State(manifest: base.generation.manifest, base.deployment)
    try Self.build(host, version: 2)
    let desired = deployer.desired()
    new = State(manifest: desired.manifest, try desired.whole())
  }

  /// Two plugins that say which version they are, beside those that handle messages to an effect that lasts.
  ///
  /// The second version asks for more, so that no start takes it without being told to.
  private static func manifest(_ version: Int) -> String {
    let plugins = ["one", "two"].map { id in
      """
        \(id):
          library: \(id)
          trust: unsigned
          tenants: [echo/demo]
          grants:
            subscribe: [promethean.p.echo.t.demo.events.SocialMessageCreated, "promethean.p.echo.t.demo.\(id).*"]
            \(version > 1 ? "log: {}" : "")
      """
    }
    let indexer = "    limits: { memory: \(version > 1 ? 200 : 256)MiB }"
    return TestHost.echo(more: plugins.joined(separator: "\n"), indexer: indexer)
  }

  private static func build(_ host: TestHost, version: Int) throws {
    for id in ["one", "two"] {
      let inputs = ["promethean.p.echo.t.demo.events.SocialMessageCreated", "promethean.p.echo.t.demo.\(id).*"]
      let manifest = TestHost.worker(id, inputs: inputs, capabilities: ["log"])
      try host.compile("ledger", id: id, manifest: manifest, defining: ["VERSION=\(version)"])
    }
    try host.write(manifest(version))
  }

  /// What is recorded as what runs.
  func recorded() throws -> State {
    let base = try #require(try deployer.base())
    #expect(base.diagnostics.isEmpty)
    return State(manifest: base.generation.manifest, base.deployment)
  }

  /// Applies plugins.yml, and waits until nothing of the old generation is left; returns how the host ended, if it did.
  func apply() throws -> ChildProcess.End? {
    try host.arm()
    guard try perform("apply", ["approve": true]) else { return try host.process?.wait() }
    do {
      // The last steps come after the answer.
      let client = try host.client()
      while try client.call("status")["instances"]?.arrayValue?.contains(where: { $0["role"] != "serving" }) == true {}
      return nil
    } catch is AdminClientError {
      return try host.process?.wait()
    }
  }

  /// Has the host change what runs while messages are sent.
  ///
  /// - Returns: Whether it was done; false: the host ended.
  func perform(_ operation: String, _ fields: JSONObject = [:]) throws -> Bool {
    let client = try host.client()
    var open: [Int64: String] = [:]
    do {
      let change = try client.send(operation, fields)
      var isDone = false
      while !isDone || !open.isEmpty {
        while !isDone, open.count < Self.window, let message = messages.popFirst() {
          open[try client.send(echoing: message)] = message.id
        }
        let event = try client.receive()
        if let id = open.removeValue(forKey: event.request) {
          if case .error(let error) = event.content { throw error }
          accepted.insert(id)
          poll(nil, 0, Self.pause)
        } else if event.request == change {
          if case .error(let error) = event.content { throw error }
          guard case .ok(let outcome) = event.content else { continue }
          #expect(outcome["outcome"] == "applied", "\(outcome)")
          isDone = true
        }
      }
      return true
    } catch AdminClientError.closed {
      return false
    }
  }

  /// Expects all that runs to be of a version.
  func expect(_ version: Int64, _ comment: Comment) throws {
    let client = try host.client()
    for id in ["one", "two"] {
      let report = try client.request("promethean.p.echo.t.demo.\(id).report")["data"]
      #expect(report?["version"] == .int(version), comment)
    }
  }

  /// Expects each message that was accepted to be stored, once.
  func expectMessages(_ comment: Comment) throws {
    let client = try host.client()
    try host.waitUntilIdle(client)
    let stored = try client.storedMessages()
    #expect(Set(stored).count == stored.count, comment)
    #expect(!accepted.isEmpty && accepted.subtracting(stored).isEmpty, comment)
    #expect(try client.deadLetters().isEmpty, comment)
  }
}
