/// How many pixels an image has, as its header says: what the header claims, since nothing is decoded.
package struct ImageSize: Sendable, Hashable {
  package let width: Int
  package let height: Int

  package init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
  }

  /// Reads the first bytes of an image; nil if they do not say, or say that it has no pixels.
  package init?(head: [UInt8], type: FileType) {
    let bytes = Bytes(head.prefix(FileType.headSize))
    let found =
      switch type {
      case .png: Self.png(bytes)
      case .jpeg: Self.jpeg(bytes)
      case .gif: Self.gif(bytes)
      case .webp: Self.webp(bytes)
      default: Self?.none
      }
    guard let found, found.width > 0, found.height > 0 else { return nil }
    self = found
  }

  private static func png(_ bytes: Bytes) -> Self? {
    guard bytes.matches("IHDR", at: 12), let width = bytes.big(4, at: 16), let height = bytes.big(4, at: 20) else {
      return nil
    }
    return Self(width: width, height: height)
  }

  private static func gif(_ bytes: Bytes) -> Self? {
    guard let width = bytes.little(2, at: 6), let height = bytes.little(2, at: 8) else { return nil }
    return Self(width: width, height: height)
  }

  private static func webp(_ bytes: Bytes) -> Self? {
    if bytes.matches("VP8X", at: 12), let width = bytes.little(3, at: 24), let height = bytes.little(3, at: 27) {
      return Self(width: width + 1, height: height + 1)
    }
    // Without loss: two numbers of 14 bits behind a byte that is always the same.
    if bytes.matches("VP8L", at: 12), bytes.little(1, at: 20) == 0x2f, let bits = bytes.little(4, at: 21) {
      return Self(width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1)
    }
    // With loss: behind the start code of a key frame, two bits of scale above each.
    if bytes.matches("VP8 ", at: 12), bytes.big(3, at: 23) == 0x9d012a, let width = bytes.little(2, at: 26),
      let height = bytes.little(2, at: 28)
    {
      return Self(width: width & 0x3fff, height: height & 0x3fff)
    }
    return nil
  }

  /// Goes from segment to segment until one begins a frame; each says how long it is.
  private static func jpeg(_ bytes: Bytes) -> Self? {
    var place = 2
    while bytes.little(1, at: place) == 0xff, let marker = bytes.little(1, at: place + 1) {
      switch marker {
      // A byte that fills.
      case 0xff: place += 1
      // What has no content.
      case 0x01, 0xd0...0xd7: place += 2
      // The beginning of the picture itself, or the end.
      case 0x00, 0xd8...0xda: return nil
      case 0xc0...0xcf where ![0xc4, 0xc8, 0xcc].contains(marker):
        guard let height = bytes.big(2, at: place + 5), let width = bytes.big(2, at: place + 7) else { return nil }
        return Self(width: width, height: height)
      default:
        guard let length = bytes.big(2, at: place + 2), length >= 2 else { return nil }
        place += 2 + length
      }
    }
    return nil
  }
}

/// Bytes of which none is read that is not there.
private struct Bytes {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  func matches(_ word: String, at offset: Int) -> Bool {
    bytes.count >= offset + word.utf8.count && bytes[offset...].starts(with: word.utf8)
  }

  /// A number, its high byte first.
  func big(_ count: Int, at offset: Int) -> Int? {
    guard offset + count <= bytes.count else { return nil }
    return bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }

  /// A number, its low byte first.
  func little(_ count: Int, at offset: Int) -> Int? {
    guard offset + count <= bytes.count else { return nil }
    return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
