package import Envelope

/// What tests tell the server and ask it. Nothing sleeps: what must have happened first is waited for.
extension DiscordServer {
  /// How long is waited for what a test waits for, in seconds.
  private static var patience: Int64 { Int64(Patience.minutes) * 60 }

  /// Does what `control.py` has under this name.
  @discardableResult
  package func control(_ name: String, _ arguments: JSONObject = [:]) async throws -> JSON {
    try await LoopbackPost.json(name, .object(arguments), port: ports["control"] ?? 0)
  }

  /// Changes settings of the gateway, such as `heartbeat_interval`.
  package func set(_ settings: JSONObject) async throws {
    try await control("settings", settings)
  }

  /// Somebody writes messages; `{n}` in a text is its number.
  ///
  /// - Returns: Their ids.
  @discardableResult
  package func say(_ text: String, in channel: String, count: Int = 1, rate: Double? = nil) async throws -> [String] {
    let said = try await control(
      "say",
      [
        "channel": .string(channel), "content": .string(text), "count": .int(Int64(count)),
        "rate": rate.map { .double($0) } ?? .null,
      ]
    )
    return (said["ids"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Does something to all connections to the gateway; faults.py says what can be done.
  ///
  /// - Returns: To how many.
  @discardableResult
  package func fault(_ kind: String, _ more: JSONObject = [:]) async throws -> Int {
    let done = try await control("fault", JSONObject([("kind", .string(kind))] + more.map { ($0.key, $0.value) }))
    return Int(done["connections"]?.intValue ?? 0)
  }

  /// Does something the next times that a client connects (`connect`, `hello`), identifies (`identify`), resumes
  /// (`resume`) or makes a request (`request`); for requests, rest.py says what can be done.
  ///
  /// `matching` has a regular expression for each property, such as `path`, that must fit all of it.
  package func next(
    _ event: String,
    _ kind: String,
    times: Int = 1,
    where matching: JSONObject = [:],
    _ more: JSONObject = [:]
  ) async throws {
    let always: [(String, JSON)] = [
      ("on", .string(event)), ("kind", .string(kind)), ("times", .int(Int64(times))), ("where", .object(matching)),
    ]
    try await control("script", JSONObject(always + more.map { ($0.key, $0.value) }))
  }

  /// Everything of a kind that the server has received, such as `identify`, `heartbeat`, `request` or `posted`.
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

  /// The texts of the messages that stand in a channel, the oldest first.
  package func texts(in channel: String) async throws -> [String] {
    let messages = try await control("messages", ["channel": .string(channel)]).arrayValue ?? []
    return messages.compactMap { $0["content"]?.stringValue }
  }

  /// What of all requests so far Discord's OpenAPI document does not allow; nil if the document is not there.
  package func violations() async throws -> [String]? {
    let answer = try await control("violations")
    guard answer["is_checked"]?.boolValue == true else { return nil }
    return answer["violations"]?.arrayValue?.compactMap(\.stringValue)
  }
}
