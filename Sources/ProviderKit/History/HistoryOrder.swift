public import PluginKit

/// What somebody asks an access plugin for of the past, as the payload of a `rest.request` says it in words that hold for
/// every provider.
public enum HistoryOrder: Sendable, Hashable {
  /// A page of a space: `{"history": {"space_urn", "before"?, "until"?, "limit"?}}`.
  case page(HistoryWish)
  /// The spaces whose history can be read: `{"spaces": {"after"?}}`.
  case spaces(after: String?)

  /// The most messages of a page, and those of one of which nobody says how many.
  public static let limitMax = 100
  /// The longest cursor in bytes: several names of things fit, and many cursors one document.
  public static let cursorMax = 512

  /// Reads a request.
  ///
  /// - Returns: nil if it is no such order, but a call of the API.
  /// - Throws: What was expected, and what was found.
  public init?(_ envelope: Envelope, of tenant: String) throws(ProviderError) {
    let json: JSON
    do { json = try JSON.parse(envelope.payload) } catch { throw ProviderError("payload: \(error)") }
    guard let payload = json.objectValue, payload["history"] != nil || payload["spaces"] != nil else { return nil }
    let key = payload["history"] != nil ? "history" : "spaces"
    if let other = payload.keys.first(where: { $0 != key && $0 != "tenant" }) {
      throw ProviderError("\(other.prefix(64)): expected \(key) alone")
    }
    if let named = payload["tenant"], !named.isNull, named.stringValue != tenant {
      throw ProviderError("tenant: expected \(tenant), found \(named.summary)")
    }
    guard let order = payload[key]?.objectValue else {
      throw ProviderError("\(key): expected object, found \(payload[key]?.summary ?? "nothing")")
    }
    let known = key == "history" ? ["space_urn", "before", "until", "limit"] : ["after"]
    if let other = order.keys.first(where: { !known.contains($0) }) {
      throw ProviderError("\(key).\(other.prefix(64)): unknown; known are \(known.joined(separator: ", "))")
    }
    self =
      key == "history"
      ? .page(try HistoryWish(order)) : .spaces(after: try HistoryWish.cursor(order["after"], "spaces.after"))
  }
}

/// A page of a space's history that somebody wishes for, the newest messages first.
public struct HistoryWish: Sendable, Hashable {
  /// The space.
  public let space: URN
  /// What the page before said is `next`; nil: from the newest message on.
  public let before: String?
  /// Only what was written before this time, in milliseconds since 1970; nil: everything.
  public let until: Int64?
  /// How many messages at most; a provider may give fewer, or a few more where it has several lists.
  public let limit: Int

  /// A wish as it is.
  public init(space: URN, before: String? = nil, until: Int64? = nil, limit: Int = HistoryOrder.limitMax) {
    (self.space, self.before, self.until, self.limit) = (space, before, until, limit)
  }

  fileprivate init(_ order: JSONObject) throws(ProviderError) {
    guard let text = order["space_urn"]?.stringValue, let space = try? URN(text) else {
      throw ProviderError(
        "history.space_urn: expected urn:<provider>:<kind>:<tenant>:<id>, found \(order["space_urn"]?.summary ?? "nothing")"
      )
    }
    self.space = space
    before = try Self.cursor(order["before"], "history.before")
    until = try Self.integer(order["until"], "history.until", in: 0...Int64.max / 1_000_000)
    limit = Int(try Self.integer(order["limit"], "history.limit", in: 1...Int64(HistoryOrder.limitMax)) ?? 100)
  }

  fileprivate static func cursor(_ json: JSON?, _ name: String) throws(ProviderError) -> String? {
    guard let json, !json.isNull else { return nil }
    guard let text = json.stringValue, (1...HistoryOrder.cursorMax).contains(text.utf8.count) else {
      throw ProviderError("\(name): expected a cursor that an answer has given, found \(json.summary)")
    }
    return text
  }

  private static func integer(
    _ json: JSON?,
    _ name: String,
    in range: ClosedRange<Int64>
  ) throws(ProviderError) -> Int64? {
    guard let json, !json.isNull else { return nil }
    guard let number = json.intValue, range.contains(number) else {
      throw ProviderError("\(name): expected \(range.lowerBound) to \(range.upperBound), found \(json.summary)")
    }
    return number
  }
}
