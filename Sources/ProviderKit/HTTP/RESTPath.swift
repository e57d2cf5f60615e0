/// The path of a call below the API's root, checked and written in the one way in which it is sent.
///
/// Whatever it says stays a path of that API: it begins with one slash, no segment is empty or climbs, and nothing
/// in it can end the host's name or begin another.
public struct RESTPath: Sendable, Hashable {
  /// The most bytes of path and query; what servers take at least.
  public static let sizeMax = 4096

  /// The segments, decoded.
  public let segments: [String]
  /// The path, escaped, without the query.
  public let path: String
  /// What follows the question mark, escaped; empty: nothing.
  public let query: String

  /// As it goes over the wire.
  public var whole: String { query.isEmpty ? path : "\(path)?\(query)" }

  /// Checks a path; an example of one is for the message about what is none.
  ///
  /// - Throws: `RESTFailure.refused`.
  public init(_ text: String, like example: String) throws(RESTFailure) {
    guard text.utf8.count <= Self.sizeMax else {
      throw Self.wrong("at most \(Self.sizeMax) bytes", "\(text.utf8.count)")
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") })
    else { throw Self.wrong("no control character, backslash or #", "one") }
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw Self.wrong("a path below the API's root, such as \(example)", "what does not begin with /")
    }
    let bytes = Array(text.utf8)
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
    var segments: [String] = []
    for raw in bytes[1..<mark].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      segments.append(try Self.segment(Array(raw)))
    }
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
