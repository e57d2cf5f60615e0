import FileType
import Testing

@Suite struct FileTypeTests {
  /// Text that stands for bytes, with escapes for those that are no letters.
  private static func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  @Test(
    arguments: [
      ("\u{89}PNG\r\n\u{1a}\n", .png), ("\u{ff}\u{d8}\u{ff}\u{e0}", .jpeg), ("GIF87a", .gif), ("GIF89a..", .gif),
      ("RIFF....WEBPVP8 ", .webp), ("RIFF....WAVEfmt ", .wav), ("RIFF....AVI ", .text), ("RIFF", .text),
      ("\0\0\0\u{18}ftypmp42", .mp4), ("\0\0\0\u{18}ftypisom", .mp4), ("\0\0\0\u{18}ftypqt  ", .quicktime),
      ("\0\0\0\u{18}ftypavif", .avif), ("\0\0\0\u{18}ftypheic", .heic), ("\0\0\0\u{18}ftypM4A ", .mp4Audio),
      ("\0\0\0\u{8}wide", .quicktime), ("\u{1a}\u{45}\u{df}\u{a3}....B\u{82}webm", .webm),
      ("\u{1a}\u{45}\u{df}\u{a3}....B\u{82}matroska", .matroska), ("OggS\0", .ogg), ("ID3\u{4}", .mpegAudio),
      ("\u{ff}\u{fb}\u{90}\0", .mpegAudio), ("\u{ff}\u{fe}a\0", .other), ("\u{ff}\u{fb}\u{f0}\0", .other),
      ("fLaC\0", .flac), ("%PDF-1.4", .pdf), ("PK\u{3}\u{4}", .zip), ("PK\u{5}\u{6}", .zip), ("PK", .text),
      ("plain\twords\r\n", .text), ("\u{c3}\u{a4}", .text), ("\u{c3}", .other), ("a\0b", .other), ("\u{7f}ELF", .other),
      ("", .other), ("\u{1f}\u{8b}\u{8}", .other),
    ] as [(String, FileType)]
  )
  func `a file is what it begins with`(head: String, type: FileType) {
    #expect(FileType(head: Self.bytes(head), isWhole: true) == type)
  }

  @Test func `a text may be cut within a character, and nowhere else be broken`() {
    for cut in 1...3 {
      let head = Array("abc🦆".utf8.dropLast(cut))
      #expect(FileType(head: head, isWhole: false) == .text)
      #expect(FileType(head: head, isWhole: true) == .other)
      #expect(FileType(head: head + [0x41], isWhole: false) == .other)
    }
    // What is looked at is itself a cut.
    let long = [UInt8](repeating: 0x61, count: FileType.headSize - 1) + Array("ä".utf8)
    #expect(FileType(head: long, isWhole: true) == .text)
  }

  @Test(
    arguments: [
      (.png, "image/png", true), (.png, "IMAGE/PNG; q=1", true), (.png, "image/jpeg", false), (.png, "", true),
      (.png, "application/octet-stream", true), (.png, "text/html", false), (.png, "chemical/x-pdb", false),
      (.jpeg, "image/jpg", true), (.other, "image/png", false), (.other, "chemical/x-pdb", true),
      (.text, "text/html", true), (.text, "application/json", true), (.text, "image/svg+xml", true),
      (.text, "image/png", false), (.zip, "application/epub+zip", true), (.zip, "application/pdf", false),
      (.zip, "application/vnd.oasis.opendocument.text", true), (.mp4, "video/quicktime", true),
      (.ogg, "video/ogg", true), (.mpegAudio, "audio/mp3", true),
    ] as [(FileType, String, Bool)]
  )
  func `a type has the names that are in use for it`(type: FileType, declared: String, isTrue: Bool) {
    #expect(type.isCalled(declared) == isTrue)
  }

  @Test(
    arguments: [
      ("\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR\0\0\u{1}\0\0\0\0\u{2}", .png, ImageSize(width: 256, height: 2)),
      ("\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR\0\0\u{1}\0\0\0\0", .png, nil),
      ("GIF89a\u{10}\0\u{9}\0", .gif, ImageSize(width: 16, height: 9)),
      ("GIF89a\0\0\u{9}\0", .gif, nil),
      ("RIFF....WEBPVP8X\u{a}\0\0\0\0\0\0\0\u{1f}\u{3}\0\u{57}\u{2}\0", .webp, ImageSize(width: 800, height: 600)),
      ("RIFF....WEBPVP8L\u{4}\0\0\0\u{2f}\u{9}\u{40}\u{1}\0", .webp, ImageSize(width: 10, height: 6)),
      ("RIFF....WEBPVP8 \u{4}\0\0\0...\u{9d}\u{1}\u{2a}\u{20}\0\u{10}\0", .webp, ImageSize(width: 32, height: 16)),
      (
        "\u{ff}\u{d8}\u{ff}\u{e0}\0\u{4}ab\u{ff}\u{ff}\u{ff}\u{c4}\0\u{2}\u{ff}\u{c2}\0\u{b}\u{8}\0\u{7}\0\u{5}",
        .jpeg, ImageSize(width: 5, height: 7)
      ),
      // A length that leads back, a picture that begins before its size is said, and an end.
      ("\u{ff}\u{d8}\u{ff}\u{e0}\0\0\u{ff}\u{c0}\0\u{b}\u{8}\0\u{7}\0\u{5}", .jpeg, nil),
      ("\u{ff}\u{d8}\u{ff}\u{da}\0\u{2}\u{ff}\u{c0}\0\u{b}\u{8}\0\u{7}\0\u{5}", .jpeg, nil),
      ("\u{ff}\u{d8}\u{ff}\u{c0}\0\u{b}\u{8}\0", .jpeg, nil), ("\u{ff}\u{d8}\u{ff}", .jpeg, nil),
      ("%PDF-1.4", .pdf, nil),
    ] as [(String, FileType, ImageSize?)]
  )
  func `an image has the size that its header says`(head: String, type: FileType, size: ImageSize?) {
    #expect(ImageSize(head: Self.bytes(head), type: type) == size)
  }
}
