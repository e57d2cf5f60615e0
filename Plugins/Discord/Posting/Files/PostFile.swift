internal import PluginKit

/// A file as it goes to Discord.
struct PostFile: Hashable {
  /// A name of letters, digits, `.`, `_` and `-`.
  let name: String
  /// The media type.
  let contentType: String
  let bytes: [UInt8]

  init(name: String, contentType: String, bytes: [UInt8]) {
    self.name = name
    self.contentType = Self.safe(contentType: contentType)
    self.bytes = bytes
  }

  /// The longest name that is kept; of a longer one the end, which tells what kind it is.
  private static let nameMax = 100
  private static let anyType = "application/octet-stream"

  /// What a file is called whose name tells nothing, by its media type.
  private static let endings = [
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "video/mp4": ".mp4",
    "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "text/plain": ".txt", "application/json": ".json",
    "application/pdf": ".pdf", "text/csv": ".csv", "application/zip": ".zip",
  ]

  /// A name for what lies at a place on the web: the last step of its path, of harmless characters.
  static func name(of url: WebURL, contentType: String) -> String {
    let path = url.target.prefix { $0 != "?" }
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    let kept = decoded(last).map { byte -> Character in
      let character = Character(Unicode.Scalar(byte))
      return byte < 0x80 && (character.isLetter || character.isNumber || "._-".contains(character)) ? character : "_"
    }
    var name = String(kept.suffix(nameMax).drop { $0 == "." })
    if name.isEmpty { name = "file" }
    if !name.contains("."), let type = contentType.split(separator: ";").first {
      name += endings[type.lowercased()] ?? ""
    }
    return name
  }

  private static func decoded(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      let digits = String(Substring(rest.prefix(2)))
      if byte == UInt8(ascii: "%"), digits.count == 2, !digits.hasPrefix("+"), let value = UInt8(digits, radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// A media type that stays on its line.
  private static func safe(contentType: String) -> String {
    let isSafe = contentType.utf8.allSatisfy { (0x20...0x7e).contains($0) } && contentType.utf8.count <= 127
    return isSafe && contentType.contains("/") ? contentType : anyType
  }
}
