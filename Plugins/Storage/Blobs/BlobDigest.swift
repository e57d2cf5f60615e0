internal import PluginKit

/// What a blob is named by: the SHA-256 of its bytes in 64 lower-case digits.
///
/// It is checked before there is one, so that no text of a requester's becomes a path.
struct BlobDigest: Hashable, Sendable, CustomStringConvertible {
  let description: String

  /// The digest that a text is; nil if it is none.
  init?(_ text: String) {
    let isDigit = { (byte: UInt8) in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
    guard text.utf8.count == 2 * SHA256.size, text.utf8.allSatisfy(isDigit) else { return nil }
    description = text
  }

  /// The directory that its file is in: the first two digits, so that none holds them all.
  var prefix: String { String(description.prefix(2)) }
}
