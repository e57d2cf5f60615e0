/// The rules for the parts that topics and URNs are made of.
enum TokenRule {
  /// The longest name of a provider, tenant or URN kind, in bytes: what a DNS label and most providers allow.
  static let nameMax = 63
  /// The rule of `isName`, for messages.
  static let nameRule = "1 to 63 of a-z 0-9 _ -, not beginning with _ or -"
  /// The rule of `isTopicToken`, for messages.
  static let topicTokenRule = "some of A-Z a-z 0-9 _ % -"

  /// Returns the tokens of a topic or pattern, empty ones too.
  ///
  /// It splits bytes: a mark after a dot would join it to one character, and bytes are several times faster.
  static func tokens(of text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// Whether some text can name a provider, a tenant or the kind of a URN.
  static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isLower(first) || isDigit(first), text.utf8.count <= nameMax else {
      return false
    }
    return text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
  }

  /// Whether some text can name an area of topics.
  static func isArea(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isLower)
  }

  /// Whether some text can stand between two dots of a topic.
  static func isTopicToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "%") }
  }

  /// Returns some text with every byte but letters, digits, `_`, `-` and one more as `%XX`.
  static func percentEncoded(_ text: String, keeping kept: Unicode.Scalar? = nil) -> String {
    let kept = kept.map(UInt8.init(ascii:))
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte) || byte == kept {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns the text that `percentEncoded` made a token of, or nil when some text is none.
  static func percentDecoded(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(Hex.value), let low = rest.popFirst().flatMap(Hex.value) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    isLower(byte) || isDigit(byte) || isLower(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  private static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
