internal import ProviderKit

/// Which events the operator wants as they came, each on its own topic.
struct RawEvents: Sendable {
  /// The longest that is taken for a name.
  static let nameMax = 64

  /// Nil: all.
  private let names: Set<String>?

  /// Reads the list of the settings; `*` stands for all.
  init(_ names: [String]) throws(ProviderError) {
    for (index, name) in names.enumerated() where name != "*" && !Self.isName(name) {
      throw ProviderError(
        "raw_events[\(index)]: expected the name of an event such as MESSAGE_CREATE, or *, found \"\(name.prefix(40))\""
      )
    }
    self.names = names.contains("*") ? nil : Set(names)
  }

  func contains(_ name: String) -> Bool { names?.contains(name) != false }

  /// An event's name as the last token of a topic.
  ///
  /// Names are of A-Z, 0-9 and _, and stay. In any other each other byte is `%XX`, lower case too, so that none can be
  /// that of a canonical event.
  static func token(_ name: String) -> String {
    guard !isName(name) else { return name }
    /// A topic has a limit; no event's name comes near.
    let sizeMax = 48
    let digits = Array("0123456789ABCDEF".utf8)
    var token: [UInt8] = []
    for byte in name.utf8.prefix(sizeMax) {
      token += isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return token.isEmpty ? "%" : String(decoding: token, as: UTF8.self)
  }

  private static func isName(_ name: String) -> Bool {
    (1...nameMax).contains(name.utf8.count) && name.utf8.allSatisfy(isPlain)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "_")
  }
}
