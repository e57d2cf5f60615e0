package import Envelope

/// What tests tell the server and ask it, besides what they do of any.
extension DiscordServer {
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
