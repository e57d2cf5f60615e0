internal import PluginKit
internal import ProviderKit

/// Whom a message may notify: nobody, unless the wish names them and the operator lets it.
///
/// A worker may repeat what strangers write. So of what its text mentions nothing notifies by itself; the mentions are
/// shown all the same.
struct AllowedMentions {
  /// A kind of mention, as Discord and `config.mentions` name it.
  enum Kind: String, CaseIterable {
    case users, roles, everyone
  }

  /// The most ids of a kind.
  private static let idsMax = 100

  private(set) var json: JSONObject = ["parse": [], "replied_user": false]
  private(set) var losses: [Loss] = []

  /// Reads what a wish asks for, within what is allowed.
  init(_ wanted: JSON?, allowed: Set<Kind>) {
    guard let wanted, !wanted.isNull else { return }
    guard let members = wanted.objectValue else {
      lose("", "expected an object")
      return
    }
    for (key, value) in members {
      switch key {
      case "parse": parse(value, allowed)
      case "users": list(.users, value, allowed)
      case "roles": list(.roles, value, allowed)
      case "replied_user":
        guard value != false else { break }
        if allowed.contains(.users) { json[key] = .bool(true) } else { lose(".\(key)", Self.advice(.users)) }
      default: lose(".\(key)", "unknown; known are parse, users, roles, replied_user")
      }
    }
    // Discord refuses a kind that is named in both ways.
    for kind in [Kind.users, .roles] where json["parse"]?.arrayValue?.contains(.string(kind.rawValue)) == true {
      json[kind.rawValue] = nil
    }
  }

  private mutating func parse(_ value: JSON, _ allowed: Set<Kind>) {
    guard let words = value.arrayValue else { return lose(".parse", "expected a list") }
    var kept: [JSON] = []
    for word in words where !kept.contains(word) {
      guard let kind = word.stringValue.flatMap(Kind.init) else {
        lose(".parse", "expected users, roles, everyone")
        continue
      }
      if allowed.contains(kind) { kept.append(word) } else { lose(".parse", Self.advice(kind)) }
    }
    json["parse"] = .array(kept)
  }

  private mutating func list(_ kind: Kind, _ value: JSON, _ allowed: Set<Kind>) {
    let field = ".\(kind)"
    guard allowed.contains(kind) else { return lose(field, Self.advice(kind)) }
    let ids = (value.arrayValue ?? []).compactMap { $0.stringValue.flatMap { Snowflake($0) } }
    guard let count = value.arrayValue?.count, ids.count == count, count <= Self.idsMax else {
      return lose(field, "expected a list of at most \(Self.idsMax) ids")
    }
    json[kind.rawValue] = .array(ids.map { .string($0.description) })
  }

  private mutating func lose(_ field: String, _ reason: String) {
    losses.append(Loss("provider_payload.allowed_mentions\(field)", reason))
  }

  private static func advice(_ kind: Kind) -> String {
    "config.mentions does not allow \(kind.rawValue): they are shown and not notified"
  }
}
