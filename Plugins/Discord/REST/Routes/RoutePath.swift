internal import PluginKit

/// The path of a call below the API's root, checked and written in the one way in which it is sent.
///
/// Whatever it says stays a path of Discord's API: it begins with one slash, no segment is empty or climbs, and nothing
/// in it can end the host's name or begin another.
struct RoutePath: Sendable, Hashable {
  /// The most bytes of path and query; what servers take at least.
  static let sizeMax = 4096

  /// The segments, decoded.
  let segments: [String]
  /// The path, escaped, without the query.
  let path: String
  /// What follows the question mark, escaped; empty: nothing.
  let query: String

  /// As it goes over the wire.
  var whole: String { query.isEmpty ? path : "\(path)?\(query)" }

  init(_ text: String) throws(RESTFailure) {
    guard text.utf8.count <= Self.sizeMax else {
      throw Self.wrong("at most \(Self.sizeMax) bytes", "\(text.utf8.count)")
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") })
    else { throw Self.wrong("no control character, backslash or #", "one") }
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw Self.wrong("a path below /api/v10, such as /channels/1/messages", "what does not begin with /")
    }
    let bytes = Array(text.utf8)
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
    var segments: [String] = []
    for raw in bytes[1..<mark].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      segments.append(try Self.segment(Array(raw)))
    }
    if segments.first == "api" { throw Self.wrong("a path below /api/v10", "one that begins with /api") }
    self.segments = segments
    path = segments.reduce(into: "") { $0 += "/" + PercentEncoding.encode($1.utf8, keeping: PercentEncoding.inSegment) }
    query = try Self.query(bytes.dropFirst(mark + 1))
  }

  /// Decodes a segment, so that there is one way to write it and no escape hides what it says.
  private static func segment(_ raw: [UInt8]) throws(RESTFailure) -> String {
    guard let bytes = PercentEncoding.decode(raw), let text = String(validating: bytes, as: UTF8.self) else {
      throw wrong("UTF-8 with two hex digits after each %", "something else")
    }
    guard !text.isEmpty, text != ".", text != ".." else {
      throw wrong("no segment that is empty, . or ..", "one")
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }) else {
      throw wrong("no escaped slash, backslash or control character", "one")
    }
    return text
  }

  private static func query(_ raw: ArraySlice<UInt8>) throws(RESTFailure) -> String {
    guard let decoded = PercentEncoding.decode(Array(raw)), decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw wrong("a query without control characters, two hex digits after each %", "something else")
    }
    return PercentEncoding.encode(raw, keeping: PercentEncoding.inQuery)
  }

  /// What was found is described and not quoted: paths of webhooks and interactions bear their tokens.
  private static func wrong(_ expected: String, _ found: String) -> RESTFailure {
    .refused("path: expected \(expected), found \(found)")
  }
}

/// The escapes of RFC 3986, section 2.1.
enum PercentEncoding {
  private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
  /// What a segment may hold unescaped.
  static let inSegment = unreserved.union("@:!$&'()*+,;=".utf8)
  /// What a query may hold that is escaped already.
  static let inQuery = inSegment.union("/?%".utf8)
  /// What a name or value of a query may hold unescaped.
  static let inQueryValue = unreserved.union("@:,".utf8)
  /// What tokens consist of where they stand in a path.
  static let inToken = unreserved.union("%".utf8)
  /// What the value of a header may hold unescaped.
  static let inHeader = unreserved

  static func encode(_ bytes: some Sequence<UInt8>, keeping kept: Set<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      if kept.contains(byte) {
        text.append(byte)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%\(byte < 16 ? "0" : "")\(digits)".utf8
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes meant; nil where a % has no two hex digits behind it.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == UInt8(ascii: "%") else {
        bytes.append(text[place])
        place += 1
        continue
      }
      guard place + 2 < text.count, let upper = digit(text[place + 1]), let lower = digit(text[place + 2]) else {
        return nil
      }
      bytes.append(upper << 4 | lower)
      place += 3
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
  }
}
