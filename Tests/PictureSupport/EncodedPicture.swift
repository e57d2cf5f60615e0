internal import Glibc
internal import PictureEncoder

/// A picture as a file has it.
package enum EncodedPicture {
  /// Pixels of four bytes as a PNG.
  package static func png(_ pixels: Pixels, channels: Int = 3, isInterlaced: Bool = false) -> [UInt8] {
    let (width, height) = (UInt32(pixels.width), UInt32(pixels.height))
    return unsafe take(encode_png(pixels.bytes(channels), width, height, Int32(channels), isInterlaced))
  }

  /// Pixels as a JPEG.
  package static func jpeg(
    _ pixels: Pixels,
    quality: Int = 90,
    isProgressive: Bool = false,
    isArithmetic: Bool = false
  ) -> [UInt8] {
    let (width, height) = (UInt32(pixels.width), UInt32(pixels.height))
    return unsafe take(
      encode_jpeg(pixels.bytes(3), width, height, 3, Int32(quality), isProgressive, isArithmetic)
    )
  }

  /// A JPEG of one colour in four inks.
  package static func inks(_ inks: [UInt8], side: Int) -> [UInt8] {
    let pixels = Array(repeatElement(inks, count: side * side).joined())
    return unsafe take(encode_jpeg(pixels, UInt32(side), UInt32(side), 4, 95, false, false))
  }

  /// Pixels as a WebP.
  package static func webp(_ pixels: Pixels, quality: Int = 90, isLossless: Bool = false) -> [UInt8] {
    unsafe take(encode_webp(pixels.bytes(4), UInt32(pixels.width), UInt32(pixels.height), Int32(quality), isLossless))
  }

  /// A PNG whose header says that it has so many pixels, and which has one.
  package static func bomb(width: UInt32, height: UInt32) -> [UInt8] {
    var bytes = png(Pixels(width: 1, height: 1, rgba: [0, 0, 0, 0]))
    // The header's chunk: its name, the two numbers, five more bytes, and their checksum.
    bytes.replaceSubrange(16..<24, with: big(width) + big(height))
    bytes.replaceSubrange(29..<33, with: big(checksum(bytes[12..<29])))
    return bytes
  }

  /// Where the data of a PNG's pixels are, with their checksums; nowhere in what is none.
  package static func pngData(of bytes: [UInt8]) -> Set<Int> {
    guard bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) else { return [] }
    var places: Set<Int> = []
    // Behind the signature chunk after chunk: four bytes of length, four of name, the data, and four of checksum.
    var place = 8
    while place + 8 <= bytes.count {
      let end = place + 12 + bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if bytes[place + 4..<place + 8].elementsEqual("IDAT".utf8) { places.formUnion(place + 8..<end) }
      place = end
    }
    return places
  }

  /// The beginning of a WebP that moves: its header, and nothing behind it.
  package static func animation(width: Int, height: Int) -> [UInt8] {
    let sides = [width - 1, height - 1].flatMap { side in [0, 8, 16].map { UInt8(truncatingIfNeeded: side >> $0) } }
    let header = Array("VP8X".utf8) + [10, 0, 0, 0, 0x02, 0, 0, 0] + sides
    return Array("RIFF".utf8) + [UInt8(4 + header.count), 0, 0, 0] + Array("WEBP".utf8) + header
  }

  private static func big(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  /// CRC-32, as PNG has it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return ~crc
  }

  private static func take(_ encoded: encoded) -> [UInt8] {
    defer { unsafe free(encoded.start) }
    return unsafe Array(UnsafeBufferPointer(start: encoded.start, count: encoded.size))
  }
}

/// Pixels, row by row.
package struct Pixels: Sendable {
  package let width: Int
  package let height: Int
  /// Red, green, blue and alpha of each.
  package let rgba: [UInt8]

  /// Pixels of what a function says of each place, whose parts are from 0 to 1.
  package init(width: Int, height: Int, _ colour: (Double, Double) -> (Double, Double, Double, Double)) {
    (self.width, self.height) = (width, height)
    var rgba: [UInt8] = []
    rgba.reserveCapacity(width * height * 4)
    for y in 0..<height {
      for x in 0..<width {
        let (r, g, b, a) = colour((Double(x) + 0.5) / Double(width), (Double(y) + 0.5) / Double(height))
        for part in [r, g, b, a] { rgba.append(UInt8(max(0, min(255, part * 255)))) }
      }
    }
    self.rgba = rgba
  }

  /// Of one colour.
  package init(width: Int, height: Int, rgba colour: [UInt8]) {
    (self.width, self.height) = (width, height)
    rgba = Array(repeatElement(colour, count: width * height).joined())
  }

  func bytes(_ channels: Int) -> [UInt8] {
    if channels == 4 { return rgba }
    return stride(from: 0, to: rgba.count, by: 4).flatMap { rgba[$0..<$0 + channels] }
  }
}
