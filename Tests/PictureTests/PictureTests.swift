import Picture
import PictureSupport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct PictureTests {
  private static let scene = Scene(1)

  /// How far two rasters are apart at most, and on average.
  private func difference(_ one: Raster, _ other: Raster) -> (most: Int, mean: Double) {
    let all = zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }
    return (all.max() ?? 0, Double(all.reduce(0, +)) / Double(all.count))
  }

  private func raster(_ bytes: [UInt8], width: Int = 16, height: Int = 16) throws(PictureError) -> Raster {
    try Picture.raster(of: bytes, RasterSize(width: width, height: height))
  }

  private func refusal(_ bytes: [UInt8], _ limits: Picture.Limits = Picture.Limits()) -> String {
    do throws(PictureError) {
      let raster = try Picture.raster(of: bytes, RasterSize(width: 8, height: 8), limits: limits)
      return "no error: \(raster.size)"
    } catch {
      return error.description
    }
  }

  static let kinds: [(String, @Sendable (Pixels) -> [UInt8])] = [
    ("a PNG", { EncodedPicture.png($0) }),
    ("an interlaced PNG", { EncodedPicture.png($0, isInterlaced: true) }),
    ("a JPEG", { EncodedPicture.jpeg($0, quality: 95) }),
    ("a progressive JPEG", { EncodedPicture.jpeg($0, quality: 95, isProgressive: true) }),
    ("a WebP", { EncodedPicture.webp($0, quality: 95) }),
  ]

  @Test(arguments: kinds.indices, [(640, 480), (37, 91), (5, 3), (1, 1)])
  func `a picture becomes a raster of averages, whatever its format and proportions`(
    kind: Int,
    size: (width: Int, height: Int)
  ) throws {
    let pixels = Self.scene.drawn(width: size.width, height: size.height)
    let found = try raster(Self.kinds[kind].1(pixels))
    // The averages, in the plainest words.
    let expected = (0..<16 * 16).flatMap { place -> [UInt8] in
      var sums = [0.0, 0.0, 0.0]
      let (left, top) = (place % 16 * size.width, place / 16 * size.height)
      for y in top / 16...(top + size.height - 1) / 16 {
        for x in left / 16...(left + size.width - 1) / 16 {
          let wide = min((x + 1) * 16, left + size.width) - max(x * 16, left)
          let high = min((y + 1) * 16, top + size.height) - max(y * 16, top)
          for part in 0..<3 { sums[part] += Double(pixels.rgba[(y * size.width + x) * 4 + part]) * Double(wide * high) }
        }
      }
      return sums.map { UInt8(($0 / Double(size.width * size.height)).rounded()) }
    }
    let apart = difference(found, Raster(size: found.size, pixels: expected))
    // Without loss exactly; what loses is near, more so where there are many pixels.
    let isExact = kind < 2
    if isExact { #expect(apart.most <= 1, "\(apart)") }
    // Of fifteen pixels those that lose keep half of the colours.
    if isExact || size.width != 5 { #expect(apart.mean < 8, "\(Self.kinds[kind].0) of \(size): \(apart)") }
  }

  @Test func `an interlaced picture is the picture`() throws {
    let pixels = Self.scene.drawn(width: 45, height: 31)
    #expect(try raster(EncodedPicture.png(pixels)) == raster(EncodedPicture.png(pixels, isInterlaced: true)))
  }

  @Test func `what is transparent is on white`() throws {
    let clear = Pixels(width: 3, height: 3, rgba: [200, 0, 0, 0])
    let half = Pixels(width: 3, height: 3, rgba: [0, 0, 0, 128])
    #expect(try Set(raster(EncodedPicture.png(clear, channels: 4)).pixels) == [255])
    #expect(try Set(raster(EncodedPicture.png(half, channels: 4)).pixels) == [127])
  }

  @Test func `a WebP whose memory has no bound is refused by its header`() {
    let expected = "image/webp: expected a WebP with loss and without transparency, found"
    let opaque = Self.scene.drawn(width: 20, height: 20)
    let half = Pixels(width: 20, height: 20, rgba: [0, 0, 0, 128])
    #expect(refusal(EncodedPicture.webp(opaque, isLossless: true)) == "\(expected) one without loss")
    #expect(refusal(EncodedPicture.webp(half)) == "\(expected) one with transparency")
    #expect(refusal(EncodedPicture.animation(width: 20, height: 20)) == "\(expected) an animation")
  }

  @Test func `a JPEG in arithmetic coding is refused by its header`() {
    let bytes = EncodedPicture.jpeg(Self.scene.drawn(width: 20, height: 20), isArithmetic: true)
    #expect(refusal(bytes) == "image/jpeg: expected Huffman coding, found arithmetic")
  }

  @Test func `grey and inks are colours`() throws {
    let grey = EncodedPicture.png(Pixels(width: 4, height: 4, rgba: [90, 0, 0, 0]), channels: 1)
    #expect(try Set(raster(grey).pixels) == [90])
    // With Adobe's mark, which the encoder makes, they are inverted: all of one ink is 0.
    let cyan = try raster(EncodedPicture.inks([0, 255, 255, 255], side: 16))
    #expect(cyan.pixels[0] < 20 && cyan.pixels[1] > 235 && cyan.pixels[2] > 235, "\(cyan.pixels.prefix(3))")
  }

  @Test(arguments: kinds.indices)
  func `a picture that is cut anywhere is refused, in words`(kind: Int) throws {
    let bytes = Self.kinds[kind].1(Self.scene.drawn(width: 40, height: 30))
    #expect(throws: Never.self) { try raster(bytes) }
    for count in stride(from: 0, to: bytes.count - 1, by: max(1, bytes.count / 97)) {
      let words = refusal(Array(bytes.prefix(count)))
      #expect(!words.hasPrefix("no error"), "\(count) of \(bytes.count) bytes")
    }
  }

  @Test func `a picture with a bit turned in its data is refused or another, and never the end`() throws {
    for kind in Self.kinds.indices {
      let bytes = Self.kinds[kind].1(Self.scene.drawn(width: 24, height: 24))
      for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 61)) {
        var turned = bytes
        turned[place] ^= 0x10
        do throws(PictureError) {
          let found = try raster(turned, width: 8, height: 8)
          #expect(found.size == RasterSize(width: 8, height: 8) && found.pixels.count == 8 * 8 * 3)
          // The checksum of what a PNG is made of says that it is another.
          #expect(!EncodedPicture.pngData(of: bytes).contains(place), "\(Self.kinds[kind].0), byte \(place)")
        } catch {
          #expect(error.description.hasPrefix("image/") || error.description.hasPrefix("expected PNG"), "\(error)")
          #expect(!error.isForWantOfMemory)
        }
      }
    }
  }

  @Test func `what unfolds into too much is refused by its header`() throws {
    let square = EncodedPicture.bomb(width: 65_535, height: 65_535)
    #expect(refusal(square) == "image/png: expected at most 67108864 pixels, found 65535 x 65535")
    let wide = refusal(EncodedPicture.bomb(width: 65_536, height: 1))
    #expect(wide == "image/png: expected sides of 1 to 65535 pixels, found 65536 x 1")
  }

  @Test func `each number that bounds a picture is kept to`() throws {
    let pixels = Self.scene.drawn(width: 64, height: 32)
    var few = Picture.Limits()
    few.pixelsMax = 2_047
    var narrow = Picture.Limits()
    narrow.sideMax = 63
    var poor = Picture.Limits()
    poor.memoryMax = 4_095
    for (name, encode) in Self.kinds {
      let bytes = encode(pixels)
      #expect(refusal(bytes, few).hasSuffix("expected at most 2047 pixels, found 64 x 32"), "\(name)")
      #expect(refusal(bytes, narrow).hasSuffix("sides of 1 to 63 pixels, found 64 x 32"), "\(name)")
      let isKept = refusal(bytes, poor).contains("at most 4095 bytes while it is decoded")
      #expect(isKept == (name == "a progressive JPEG"), "\(name)")
    }
  }

  @Test func `what is no picture of these kinds is named`() {
    #expect(refusal(Array("GIF89a".utf8) + [1, 0, 1, 0]) == "expected PNG, JPEG or WebP, found image/gif")
    #expect(refusal(Array("hello".utf8)) == "expected PNG, JPEG or WebP, found text/plain")
    #expect(refusal([]) == "expected PNG, JPEG or WebP, found application/octet-stream")
  }
}
