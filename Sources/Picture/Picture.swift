internal import CPicture
internal import FileType

/// Decodes pictures of others' making into small rasters.
///
/// What is read is bounded by what a header says, before anything is allocated; nothing is kept of the whole picture
/// unless its format needs that, and then no more than a number says. One that is cut or damaged is an error, and what can
/// be read of it is not looked at.
package enum Picture {
  /// What a picture may have at most.
  package struct Limits: Sendable, Hashable {
    /// Pixels of a side, as many as JPEG has: a row of a PNG takes up to half a megabyte.
    package var sideMax = 65_535
    /// Pixels: more than telephones take, 50 million, and a second or so for whoever unfolds as many from little.
    package var pixelsMax = 1 << 26
    /// Bytes that a format may keep of the whole picture: a progressive JPEG of 22 million pixels.
    package var memoryMax = 64 << 20

    package init() {}
  }

  /// A picture's pixels averaged over a raster's, whatever its proportions are; what is transparent is on white.
  ///
  /// The same bytes make the same raster with the same libraries. It takes as long as it takes, on the calling thread.
  ///
  /// - Parameters:
  ///   - bytes: A PNG, a JPEG in Huffman coding, or a WebP with loss that is not transparent and does not move: the memory
  ///     that others of its kind take while they are decoded has no bound.
  ///   - size: How many pixels are wanted, at least one by one.
  ///   - limits: What the picture may have at most.
  /// - Returns: The raster.
  /// - Throws: Why it is not decoded.
  package static func raster(
    of bytes: [UInt8],
    _ size: RasterSize,
    limits: Limits = Limits()
  ) throws(PictureError) -> Raster {
    precondition(size.width > 0 && size.height > 0, "a raster has pixels")
    let type = FileType(head: Array(bytes.prefix(FileType.headSize)), isWhole: bytes.count <= FileType.headSize)
    guard let decode = unsafe decoder(of: type) else {
      throw PictureError("expected PNG, JPEG or WebP, found \(type.mediaType)")
    }
    var pixels = [UInt8](repeating: 0, count: size.width * size.height * 3)
    var why = picture_why()
    let most = picture_limits(
      side_max: UInt32(clamping: limits.sideMax),
      pixels_max: UInt64(clamping: limits.pixelsMax),
      memory_max: UInt64(clamping: limits.memoryMax)
    )
    let isDone = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe pixels.withUnsafeMutableBufferPointer { pixels in
        let raster = unsafe picture_raster(
          width: UInt32(size.width),
          height: UInt32(size.height),
          pixels: pixels.baseAddress
        )
        return unsafe decode(picture_bytes(start: bytes.baseAddress, size: bytes.count), most, raster, &why)
      }
    }
    guard isDone else {
      let words = unsafe withUnsafeBytes(of: why.words) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw PictureError("\(type.mediaType): \(words)", isForWantOfMemory: why.is_memory)
    }
    return Raster(size: size, pixels: pixels)
  }

  private typealias Decoder =
    (picture_bytes, picture_limits, picture_raster, UnsafeMutablePointer<picture_why>?) -> Bool

  private static func decoder(of type: FileType) -> Decoder? {
    switch type {
    case .png: unsafe picture_decode_png
    case .jpeg: unsafe picture_decode_jpeg
    case .webp: unsafe picture_decode_webp
    default: nil
    }
  }
}
