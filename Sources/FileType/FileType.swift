/// What a file is by its first bytes, whatever somebody says that it is.
///
/// Only the beginning is looked at and nothing is decoded or decompressed, so that no content can make this take more
/// than it has bytes.
package enum FileType: String, Sendable, Hashable, CaseIterable {
  case png = "image/png"
  case jpeg = "image/jpeg"
  case gif = "image/gif"
  case webp = "image/webp"
  case avif = "image/avif"
  case heic = "image/heic"
  case mp4 = "video/mp4"
  case quicktime = "video/quicktime"
  case webm = "video/webm"
  case matroska = "video/x-matroska"
  case ogg = "audio/ogg"
  case mpegAudio = "audio/mpeg"
  case mp4Audio = "audio/mp4"
  case wav = "audio/wav"
  case flac = "audio/flac"
  case pdf = "application/pdf"
  case zip = "application/zip"
  /// UTF-8 without control characters, as far as was looked.
  case text = "text/plain"
  /// None of the others.
  case other = "application/octet-stream"

  /// How many of a file's bytes are looked at, at most: a piece of a blob, in which a JPEG's size usually is.
  package static let headSize = 32 << 10

  /// The media type.
  package var mediaType: String { rawValue }

  /// Whether it is a picture of a kind that `Picture` decodes, unless it is damaged, too large, or coded as it refuses.
  package var isPicture: Bool { self == .png || self == .jpeg || self == .webp }

  /// The type of a file that begins with these bytes.
  ///
  /// - Parameters:
  ///   - head: The first bytes.
  ///   - isWhole: Whether there are no more.
  package init(head: [UInt8], isWhole: Bool) {
    let head = head.prefix(Self.headSize)
    self =
      Self.bySignature(head) ?? Self.container(head) ?? Self.audioFrame(head)
      ?? (Self.isText(head, isWhole: isWhole && head.count < Self.headSize) ? .text : .other)
  }

  /// What begins with the same bytes always.
  private static let signatures: [(bytes: [UInt8], type: FileType)] = [
    ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], .png), ([0xff, 0xd8, 0xff], .jpeg),
    (Array("GIF87a".utf8), .gif), (Array("GIF89a".utf8), .gif), (Array("OggS".utf8), .ogg),
    (Array("fLaC".utf8), .flac), (Array("%PDF-".utf8), .pdf), (Array("ID3".utf8), .mpegAudio),
    // A member, or the end of one without members.
    ([0x50, 0x4b, 3, 4], .zip), ([0x50, 0x4b, 5, 6], .zip),
  ]

  private static func bySignature(_ head: ArraySlice<UInt8>) -> FileType? {
    signatures.first { head.starts(with: $0.bytes) }?.type
  }

  /// What says behind its first bytes which of several types it is.
  private static func container(_ head: ArraySlice<UInt8>) -> FileType? {
    if head.starts(with: Array("RIFF".utf8)) {
      return switch word(head, at: 8) {
      case "WEBP": .webp
      case "WAVE": .wav
      default: nil
      }
    }
    if head.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) {
      // The name of the document's type is in the header, whose members have no fixed order.
      return contains(head.prefix(64), Array("webm".utf8)) ? .webm : .matroska
    }
    switch word(head, at: 4) {
    case "ftyp": return brand(word(head, at: 8) ?? "")
    // Files from before there were brands.
    case "moov", "mdat", "wide": return .quicktime
    default: return nil
    }
  }

  private static func brand(_ name: String) -> FileType {
    switch name {
    case "qt  ": .quicktime
    case "avif", "avis": .avif
    case "heic", "heix", "heim", "heis", "mif1": .heic
    case "M4A ", "M4B ": .mp4Audio
    default: .mp4
    }
  }

  /// A frame of MPEG's layer III: bits that are set, and none of the values that mean nothing.
  private static func audioFrame(_ head: ArraySlice<UInt8>) -> FileType? {
    guard head.count >= 3, head[0] == 0xff, head[1] & 0xe0 == 0xe0 else { return nil }
    let (version, layer) = (head[1] >> 3 & 3, head[1] >> 1 & 3)
    let (rate, frequency) = (head[2] >> 4, head[2] >> 2 & 3)
    return version != 1 && layer == 1 && (1...14).contains(rate) && frequency != 3 ? .mpegAudio : nil
  }

  private static func isText(_ head: ArraySlice<UInt8>, isWhole: Bool) -> Bool {
    guard !head.isEmpty, !head.contains(where: { $0 < 0x20 && !(0x09...0x0d).contains($0) || $0 == 0x7f }) else {
      return false
    }
    if String(validating: head, as: UTF8.self) != nil { return true }
    // A character of up to four bytes may end behind what was looked at: up to three of it are here, the first of which
    // says that there are more.
    guard !isWhole, let begin = head.suffix(3).lastIndex(where: { $0 >= 0xc2 }) else { return false }
    return head[(begin + 1)...].allSatisfy { $0 & 0xc0 == 0x80 }
      && String(validating: head[..<begin], as: UTF8.self) != nil
  }

  private static func word(_ head: ArraySlice<UInt8>, at offset: Int) -> String? {
    guard head.count >= offset + 4 else { return nil }
    return String(decoding: head[offset..<offset + 4], as: UTF8.self)
  }

  private static func contains(_ bytes: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: word) }
  }
}
