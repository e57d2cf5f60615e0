internal import CURL
internal import PluginKit

/// The fields that a requester adds: what it may say of its own, and not how the connection is used.
enum RequestHeaders {
  /// How many, and how many bytes together; what servers take by default.
  static let countMax = 64
  static let sizeMax = 8 << 10

  /// Fields by which another host, another length or another connection could be meant than was checked.
  private static let own: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
    "accept-encoding", "http2-settings",
  ]

  /// Reads a list of pairs.
  static func read(_ json: JSON) throws(FetchError) -> [Transfer.Header] {
    guard let list = json.arrayValue else {
      throw FetchError("headers: expected array of pairs, found \(json.summary)")
    }
    guard list.count <= countMax else {
      throw FetchError("headers: expected at most \(countMax), found \(list.count)")
    }
    var headers: [Transfer.Header] = []
    for (index, pair) in list.enumerated() {
      guard let words = pair.arrayValue, words.count == 2, let name = words[0].stringValue,
        let value = words[1].stringValue
      else { throw FetchError("headers[\(index)]: expected a name and a value, found \(pair.summary)") }
      guard isName(name), isValue(value) else {
        throw FetchError(
          "headers[\(index)]: expected a name of token characters and a value without control characters"
        )
      }
      let lower = name.lowercased()
      guard !own.contains(lower), !lower.hasPrefix("proxy-") else {
        throw FetchError("headers[\(index)]: \(name) is not the requester's to say")
      }
      headers.append(Transfer.Header(name, value))
    }
    let size = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    guard size <= sizeMax else { throw FetchError("headers: expected at most \(sizeMax) bytes, found \(size)") }
    return headers
  }

  /// A token of RFC 9110, section 5.6.2.
  private static func isName(_ text: String) -> Bool {
    let marks = Set("!#$%&'*+-.^_`|~".utf8)
    return !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: marks.contains(byte)
        }
      }
  }

  private static func isValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
  }
}
