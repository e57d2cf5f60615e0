/// A reader of one JSON document, with the rules of `JSON`.
struct JSONParser {
  private let bytes: [UInt8]
  private var offset = 0
  private var depth: Int
  /// Whether some whole number did not fit 64 bits, so that the value only comes near the text.
  private(set) var hasRounded = false

  /// Creates a reader of a document, which may stand so many levels deep in another.
  init(_ bytes: [UInt8], depth: Int = 0) {
    self.bytes = bytes
    self.depth = depth
  }

  /// Reads the whole document.
  mutating func document() throws(JSONError) -> JSON {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw error("expected a value, found a byte order mark") }
    skipSpace()
    let value = try value()
    skipSpace()
    guard offset == bytes.count else { throw error("expected the end, found \(found)") }
    return value
  }

  private mutating func value() throws(JSONError) -> JSON {
    switch peek {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"): return try number()
    case let byte where isDigit(byte): return try number()
    default: throw error("expected a value, found \(found)")
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError) -> JSON {
    guard depth < JSON.depthMax else { throw error("expected at most \(JSON.depthMax) levels, found more") }
    depth += 1
    offset += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSON {
    var object = JSONObject()
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(object) }
    while true {
      skipSpace()
      let start = offset
      guard peek == UInt8(ascii: "\"") else { throw error("expected a key in quotes, found \(found)") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("expected ':' after a key, found \(found)") }
      skipSpace()
      let value = try value()
      guard object.insert(key, value) else {
        throw error("expected each key once, found \(JSON.string(key).summary) again", at: start)
      }
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(object) }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or '}', found \(found)") }
    }
  }

  private mutating func array() throws(JSONError) -> JSON {
    var array: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(array) }
    while true {
      skipSpace()
      array.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(array) }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or ']', found \(found)") }
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let text = word.description
    guard bytes[offset...].starts(with: text.utf8) else { throw error("expected a value, found \(found)") }
    offset += text.utf8.count
    return value
  }
}

// MARK: - Numbers

extension JSONParser {
  private mutating func number() throws(JSONError) -> JSON {
    let start = offset
    let isNegative = take(UInt8(ascii: "-"))
    let (whole, fits) = try wholePart(isNegative: isNegative)
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      try digits(after: "'.'")
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isWhole = false
      offset += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
      try digits(after: "the exponent's 'e'")
    }
    // Zero with a sign is no integer.
    if isWhole && fits && !(isNegative && whole == 0) { return .int(whole) }
    hasRounded = hasRounded || isWhole && !fits
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw error("expected a number that a double can hold, found \(text.prefix(40))", at: start)
    }
    return .double(value)
  }

  /// Reads the digits before the point; whether they fit 64 bits, is part of the answer.
  private mutating func wholePart(isNegative: Bool) throws(JSONError) -> (value: Int64, fits: Bool) {
    if take(UInt8(ascii: "0")) {
      if isDigit(peek) { throw error("expected no digit after a leading zero, found \(found)") }
      return (0, true)
    }
    guard isDigit(peek) else { throw error("expected a digit after '-', found \(found)") }
    var value: Int64 = 0
    var fits = true
    while let byte = peek, isDigit(byte) {
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (scaled, tooFar) = value.multipliedReportingOverflow(by: 10)
      // Counted towards the sign, since the lowest number has no positive counterpart.
      let (sum, overflow) = scaled.addingReportingOverflow(isNegative ? -digit : digit)
      fits = fits && !tooFar && !overflow
      value = fits ? sum : 0
      offset += 1
    }
    return (value, fits)
  }

  private mutating func digits(after what: String) throws(JSONError) {
    guard isDigit(peek) else { throw error("expected a digit after \(what), found \(found)") }
    while isDigit(peek) { offset += 1 }
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}

// MARK: - Strings

extension JSONParser {
  private mutating func string() throws(JSONError) -> String {
    let open = offset
    offset += 1
    let start = offset
    skipPlain()
    // Nearly every string is plain, and becomes text without an intermediate copy.
    if peek == UInt8(ascii: "\"") {
      let text = try text(bytes.span.extracting(start..<offset), at: start)
      offset += 1
      return text
    }
    var unescaped = Array(bytes[start..<offset])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return try text(unescaped.span, at: start)
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      case ..<0x20: throw error("expected a control character to be escaped, found \(found)")
      default:
        let from = offset
        skipPlain()
        unescaped += bytes[from..<offset]
      }
    }
    throw error("expected '\"' to end the string, found the end", at: open)
  }

  private mutating func skipPlain() {
    offset = plainEnd()
  }

  /// The first byte from here on that ends a string or must be escaped in one.
  private func plainEnd() -> Int {
    var end = offset
    let bytes = bytes.span
    while end < bytes.count {
      let byte = bytes[end]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      end += 1
    }
    return end
  }

  /// The text of some bytes.
  ///
  /// Unescaped ones lie elsewhere than in the document, so where they stop being UTF-8 is then found again in the
  /// latter.
  private func text(_ bytes: Span<UInt8>, at start: Int) throws(JSONError) -> String {
    if let span = try? UTF8Span(validating: bytes) { return String(copying: span) }
    throw error("expected UTF-8, found other bytes", at: firstInvalid(from: start))
  }

  private func firstInvalid(from start: Int) -> Int {
    do {
      _ = try UTF8Span(validating: bytes.span.extracting(droppingFirst: start))
      return start
    } catch {
      return start + error.byteOffsets.lowerBound
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let start = offset
    offset += 1
    guard let byte = peek else { throw error("expected an escape after '\\', found the end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text += String(try scalar(at: start)).utf8
    default:
      offset -= 1
      throw error("expected one of \" \\ / b f n r t u after '\\', found \(found)")
    }
  }

  /// Reads what follows `\u`: one code unit, or two when the first is half of a pair.
  private mutating func scalar(at start: Int) throws(JSONError) -> Unicode.Scalar {
    let unit = try codeUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    if UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let trail = try codeUnit()
      if UTF16.isTrailSurrogate(trail) {
        let pair = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        if let scalar = Unicode.Scalar(pair) { return scalar }
      }
    }
    throw error("expected a pair of surrogates, found half of one", at: start)
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = peek.flatMap(Hex.value) else {
        throw error("expected 4 hex digits after '\\u', found \(found)")
      }
      unit = unit << 4 | UInt16(digit)
      offset += 1
    }
    return unit
  }
}

// MARK: - Bytes

extension JSONParser {
  @inline(__always)
  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  @inline(__always)
  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  /// What lies here, for messages.
  private var found: String {
    guard let byte = peek else { return "the end" }
    guard byte > 0x20 && byte < 0x7F else { return "byte 0x" + String(byte, radix: 16, uppercase: true) }
    return "'\(Unicode.Scalar(byte))'"
  }

  private func error(_ message: String, at place: Int? = nil) -> JSONError {
    JSONError(message, at: place ?? offset, of: bytes)
  }
}
