internal import PluginKit

/// What somebody looks for.
struct SearchRequest {
  /// What narrows it down; the storage knows what each means.
  private static let conditions: Set<String> = ["space", "author", "thread", "since", "until"]
  private static let keys = conditions.union(["text", "like", "limit", "explain"])
  /// How many results: as many as an answer of 64 KiB has room for with some text each.
  private static let limits: ClosedRange<Int64> = 1...50
  /// The most bytes of what is looked for: some hundred words.
  private static let textMax = 4_096
  /// The most bytes of an id.
  private static let nameMax = 1_024

  /// What it is about.
  enum Subject: Hashable {
    /// Messages that have these words, or mean alike.
    case text(String)
    /// Attachments that look like one, or like those of a message.
    case like(String)
  }

  let subject: Subject
  let filter: JSONObject
  let limit: Int
  /// Whether each result says why it is one.
  let explains: Bool

  /// Reads a payload.
  ///
  /// - Throws: What was expected and what was found.
  init(_ payload: [UInt8]) throws(Rejection) {
    let json: JSON
    do { json = try JSON.parse(payload) } catch { throw Rejection("payload: \(error)") }
    guard let object = json.objectValue else { throw Rejection("payload: expected object, found \(json.summary)") }
    if let key = object.keys.first(where: { !Self.keys.contains($0) }) {
      throw Rejection("\(key.prefix(64)): unknown; known are \(Self.keys.sorted().joined(separator: ", "))")
    }
    subject = try Self.subject(object)
    let limit = object["limit"] ?? .null
    guard limit.isNull || limit.intValue.map(Self.limits.contains) == true else {
      let range = "\(Self.limits.lowerBound) to \(Self.limits.upperBound)"
      throw Rejection("limit: expected integer from \(range), found \(limit.summary)")
    }
    self.limit = Int(limit.intValue ?? 10)
    let explain = object["explain"] ?? .null
    guard explain.isNull || explain.boolValue != nil else {
      throw Rejection("explain: expected boolean, found \(explain.summary)")
    }
    explains = explain.boolValue ?? false
    if case .like = subject, explains { throw Rejection("explain: expected it beside text, found it beside like") }
    var filter: JSONObject = [:]
    for key in Self.conditions {
      if let value = object[key], !value.isNull { filter[key] = value }
    }
    self.filter = filter
  }

  private static func subject(_ object: JSONObject) throws(Rejection) -> Subject {
    if let like = object["like"], !like.isNull {
      guard let id = like.stringValue, (1...nameMax).contains(id.utf8.count) else {
        throw Rejection("like: expected an id of 1 to \(nameMax) bytes, found \(like.summary)")
      }
      if let text = object["text"], !text.isNull {
        throw Rejection("like: expected it without text, found \(text.summary)")
      }
      return .like(id)
    }
    guard let text = object["text"]?.stringValue, (1...textMax).contains(text.utf8.count) else {
      let found = object["text"]?.summary ?? "nothing"
      throw Rejection("text: expected words of 1 to \(textMax) bytes, found \(found)")
    }
    return .text(text)
  }
}
