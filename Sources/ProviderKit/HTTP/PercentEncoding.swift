/// The escapes of RFC 3986, section 2.1.
public enum PercentEncoding {
  private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
  /// What a segment may hold unescaped.
  public static let inSegment = unreserved.union("@:!$&'()*+,;=".utf8)
  /// What a query may hold that is escaped already.
  public static let inQuery = inSegment.union("/?%".utf8)
  /// What a name or value of a query may hold unescaped.
  public static let inQueryValue = unreserved.union("@:,".utf8)
  /// What tokens consist of where they stand in a path.
  public static let inToken = unreserved.union("%".utf8)
  /// What the value of a header may hold unescaped.
  public static let inHeader = unreserved

  /// Text in which all other bytes are escaped.
  public static func encode(_ bytes: some Sequence<UInt8>, keeping kept: Set<UInt8>) -> String {
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
  public static func decode(_ text: [UInt8]) -> [UInt8]? {
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
