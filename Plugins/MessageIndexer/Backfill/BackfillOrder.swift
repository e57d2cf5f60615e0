internal import PluginKit

/// What somebody wants fetched: the payload of `jobs.backfill.messages.enqueue`.
struct BackfillOrder: Sendable, Equatable {
  /// The most spaces that one order names; `"all"` may be more.
  static let spacesMax = 1000
  private static let known = ["spaces", "since", "until", "limit"]

  /// Which spaces; nil: all that the access plugin can read.
  var spaces: [URN]?
  /// From when on, and before when, in milliseconds since 1970; nil: from the beginning, up to now.
  var since: Int64?
  var until: Int64?
  /// How many messages of each space, about; nil: all.
  var limit: Int?

  /// Reads an order about a tenant.
  ///
  /// - Throws: Which key is wrong, what was expected and what was found.
  init(_ payload: [UInt8], provider: String, tenant: String) throws {
    let json = try JSON.parse(payload)
    guard let order = json.objectValue else {
      throw PayloadError(key: "", expected: "object with spaces", found: json.summary)
    }
    if let key = order.keys.first(where: { !Self.known.contains($0) }) {
      throw PayloadError(
        key: String(key.prefix(64)),
        expected: Self.known.joined(separator: ", "),
        found: "another key"
      )
    }
    spaces = try Self.spaces(order["spaces"], provider: provider, tenant: tenant)
    since = try Self.time(order["since"], "since")
    until = try Self.time(order["until"], "until")
    if let since, let until, since >= until {
      throw PayloadError(key: "since", expected: "a time before until", found: "\(since), until being \(until)")
    }
    guard let limit = order["limit"], !limit.isNull else { return }
    guard let number = limit.intValue, number > 0 else {
      throw PayloadError(key: "limit", expected: "integer from 1 on", found: limit.summary)
    }
    self.limit = Int(number)
  }

  private static func spaces(_ json: JSON?, provider: String, tenant: String) throws -> [URN]? {
    if json?.stringValue == "all" { return nil }
    guard let list = json?.arrayValue, (1...spacesMax).contains(list.count) else {
      let found = json?.summary ?? "nothing"
      throw PayloadError(key: "spaces", expected: "\"all\", or a list of 1 to \(spacesMax) space URNs", found: found)
    }
    var known: Set<URN> = []
    var spaces: [URN] = []
    for item in list {
      guard let text = item.stringValue, let urn = try? URN(text), urn.provider == provider, urn.tenant == tenant else {
        throw PayloadError(key: "spaces", expected: "URNs of \(provider)/\(tenant)", found: item.summary)
      }
      if known.insert(urn).inserted { spaces.append(urn) }
    }
    return spaces
  }

  /// A time as milliseconds since 1970, or as RFC 3339 has it.
  private static func time(_ json: JSON?, _ key: String) throws(PayloadError) -> Int64? {
    guard let json, !json.isNull else { return nil }
    if let milliseconds = json.intValue, (0...Int64.max / 1_000_000).contains(milliseconds) { return milliseconds }
    if let text = json.stringValue, let time = try? Timestamp(text) { return time.milliseconds }
    throw PayloadError(key: key, expected: "milliseconds since 1970, or an RFC 3339 time", found: json.summary)
  }
}
