/// What keeps a plugin's words from being taken for something else: for another line, or for an order to a terminal.
enum LogText {
  /// Decodes UTF-8; what is not valid comes out as `\xHH`, byte by byte.
  static func decode(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      var parser = Unicode.UTF8.ForwardParser()
      var iterator = rest.makeIterator()
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        text.unicodeScalars.append(Unicode.UTF8.decode(encoded))
        rest = rest.dropFirst(encoded.count)
      case .error(let length):
        for byte in rest.prefix(length) { text += "\\x" + hexadecimal(UInt32(byte), digits: 2) }
        rest = rest.dropFirst(length)
      case .emptyInput: rest = []
      }
    }
    return text
  }

  /// Makes text fit for one line on a terminal: what is not for printing comes out as `\u{HH}`.
  static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnprintable) else { return text }
    var printable = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": printable += "\\n"
      case "\t": printable += "\\t"
      case _ where isUnprintable(scalar): printable += "\\u{\(hexadecimal(scalar.value, digits: 2))}"
      default: printable.unicodeScalars.append(scalar)
      }
    }
    return printable
  }

  /// Escapes, in the text of a JSON value, what JSON itself lets stand though it is not for printing.
  ///
  /// That is: delete, the upper control characters, line separators, marks that turn the direction of writing. The
  /// value stays the same.
  static func escape(json: [UInt8]) -> [UInt8] {
    // All of them begin with one of these bytes, which outside of strings do not occur in JSON.
    guard json.contains(where: { $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }) else { return json }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(json.count + 64)
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      if isUnprintable(scalar), scalar.value > 0x20 {
        escaped += "\\u\(hexadecimal(scalar.value, digits: 4))".utf8
      } else {
        escaped += UTF8.encode(scalar).map(Array.init) ?? []
      }
    }
    return escaped
  }

  /// Cuts text to a number of UTF-8 bytes, at a character's end, and says how many are gone.
  static func cut(_ text: String, to limit: Int) -> String {
    let count = text.utf8.count
    guard count > limit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    let kept = text[..<end]
    return "\(kept)… (\(count - kept.utf8.count) bytes more)"
  }

  private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
