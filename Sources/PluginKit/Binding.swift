internal import Envelope

/// What the operator lets an access instance do with its tenant; empty for one that serves several.
///
/// The host enforces none of it, for it knows no provider: the plugin does.
public struct Binding: Sendable, Hashable {
  /// The tenant's lists of what to keep to, by name, such as `guilds`; one that is not there leaves nothing out.
  public let allow: [String: [String]]
  /// How fast it may go.
  public let rate: Config
  private let granted: [String: [String]]

  /// Reads what the host tells; nothing is granted where it tells nothing.
  init(json bytes: [UInt8]) throws(Config.Failure) {
    let whole = try Config(json: bytes, path: "binding")
    allow = try whole.nested("allow").lists()
    rate = try whole.nested("rate", path: "rate")
    granted = try whole.nested("grants").lists()
  }

  /// The patterns of routes that are granted of a capability on the provider, such as `provider.rest.call`.
  ///
  /// - Returns: None where all of it is granted; nil where nothing is.
  public func grants(_ capability: String) -> [String]? { granted[capability] }

  /// Whether a capability on the provider is granted for a route, such as `GET /channels/1/messages`.
  public func allows(_ capability: String, _ route: String = "") -> Bool {
    guard let patterns = granted[capability] else { return false }
    return patterns.isEmpty || patterns.contains { Self.matches(Array(route.utf8), Array($0.utf8)) }
  }

  /// Whether a text is what a pattern stands for, in which `*` is any run of characters.
  ///
  /// It goes back to the last star only: no input takes more than quadratic time.
  private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
    let star = UInt8(ascii: "*")
    var (mine, theirs) = (0, 0)
    var retry: (mine: Int, theirs: Int)?
    while theirs < text.count {
      if mine < pattern.count, pattern[mine] == star {
        mine += 1
        retry = (mine, theirs)
      } else if mine < pattern.count, pattern[mine] == text[theirs] {
        mine += 1
        theirs += 1
      } else if let last = retry {
        (mine, theirs) = (last.mine, last.theirs + 1)
        retry = (mine, theirs)
      } else {
        return false
      }
    }
    return pattern[mine...].allSatisfy { $0 == star }
  }
}

extension Config {
  /// Every key's list of texts.
  fileprivate func lists() throws(Failure) -> [String: [String]] {
    var lists: [String: [String]] = [:]
    for key in json.keys { lists[key] = try strings(key) }
    return lists
  }
}
