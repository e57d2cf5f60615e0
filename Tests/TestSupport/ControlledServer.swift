package import Envelope

/// A server that tests tell what to do, and ask what has come.
///
/// Nothing sleeps: what must have happened first is waited for.
package protocol ControlledServer: Sendable {
  var server: PythonServer { get }

  /// What is to be known of a server that has been started.
  init(running server: PythonServer) async throws
}

extension ControlledServer {
  package typealias Failure = PythonServer.Failure

  /// Where it listens: `plain` and `control`.
  package var ports: [String: UInt16] { server.ports }

  /// Host and port of what its clients speak to.
  package var address: String { "127.0.0.1:\(ports["plain"] ?? 0)" }

  /// The URL of what its clients speak to.
  package var url: String { "http://\(address)" }

  /// How long is waited for what a test waits for, in seconds.
  private static var patience: Int64 { Int64(Patience.minutes) * 60 }

  /// Does what its `control.py` or `plane.py` has under this name.
  @discardableResult
  package func control(_ name: String, _ arguments: JSONObject = [:]) async throws -> JSON {
    try await LoopbackPost.json(name, .object(arguments), port: ports["control"] ?? 0)
  }

  /// Changes settings.
  package func set(_ settings: JSONObject) async throws {
    try await control("settings", settings)
  }

  /// Kills it, as `kill -9` does.
  package func kill() {
    server.kill()
  }

  /// Starts it again where it listened before, with the state that it has kept.
  package func started() async throws -> Self {
    try await Self(running: server.started())
  }

  /// Does something the next times that something happens, such as a `request`; its `control.py` says which events there
  /// are, and what can be done.
  ///
  /// `matching` has a regular expression for each property, such as `path`, that must fit all of it. With no number of
  /// times it happens each time, or with the probability that `more` has as `chance`, drawn from its `seed`.
  package func next(
    _ event: String,
    _ kind: String,
    times: Int? = 1,
    where matching: JSONObject = [:],
    _ more: JSONObject = [:]
  ) async throws {
    let often: (String, JSON) = times.map { ("times", .int(Int64($0))) } ?? ("chance", 1)
    let always: [(String, JSON)] = [
      ("on", .string(event)), ("kind", .string(kind)), ("where", .object(matching)), often,
    ]
    try await control("script", JSONObject(always + more.map { ($0.key, $0.value) }))
  }

  /// Everything of a kind that the server has received, such as `request` or `posted`.
  package func record(_ kind: String, where wanted: JSONObject = [:]) async throws -> [JSON] {
    try await control("record", ["kind": .string(kind), "where": .object(wanted)]).arrayValue ?? []
  }

  /// Waits until so many of a kind have come, and returns all of them.
  @discardableResult
  package func wait(
    for kind: String,
    count: Int = 1,
    where wanted: JSONObject = [:],
    seconds: Int? = nil
  ) async throws -> [JSON] {
    let timeout = seconds.map { Int64($0) } ?? Self.patience
    let waited = try await control(
      "wait",
      [
        "kind": .string(kind), "count": .int(Int64(count)), "where": .object(wanted), "timeout": .int(timeout),
      ]
    )
    let entries = waited["entries"]?.arrayValue ?? []
    guard waited["came"]?.boolValue == true else {
      let counts = try await control("counts")
      throw Failure(
        description: """
          expected \(count) of '\(kind)' \(JSON.object(wanted)) within \(timeout) s, found \(entries.count); \
          received so far: \(counts)
          """
      )
    }
    return entries
  }
}
