internal import PluginKit

/// Where an attachment is, as others may read it, and what its document is called.
struct AttachmentPlace {
  /// Bytes of the longest id of a document.
  private static let idMax = 1_024
  /// Bytes of the longest URL that is written down; a longer one is fetched by nobody.
  private static let urlMax = 1_024
  /// Characters of the longest name of a file, as file systems have it.
  private static let nameMax = 255

  /// The message's id and the attachment's.
  let foreignID: String
  /// Without its query, in which links have their signatures; nil if it is no URL of the web.
  let url: String?
  /// The last part of the URL's path; nil if that is nothing.
  let filename: String?

  init(_ attachment: Attachment, of messageID: String) {
    let id = "\(messageID):\(attachment.urn.id)"
    foreignID = id.utf8.count <= Self.idMax ? id : "sha256:\(Hex.encode(SHA256.digest(Array(id.utf8))))"
    guard let web = WebURL(attachment.url) else {
      (url, filename) = (nil, nil)
      return
    }
    let path = web.target.prefix { $0 != "?" }
    url = web.origin.utf8.count + path.utf8.count <= Self.urlMax ? web.origin + path : nil
    filename = Self.name(path.split(separator: "/").last ?? "")
  }

  /// The name that a part of a path stands for, without what no name has.
  private static func name(_ part: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = part.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let isControl = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .control }
    let name = text.filter { $0 != "/" && $0 != "\\" && !$0.unicodeScalars.contains(where: isControl) }
    return name.isEmpty || name == "." || name == ".." ? nil : String(name.prefix(nameMax))
  }
}
