import Picture

/// Whatever is attached to a message makes a raster, and the same one each time, or is refused in words.
enum PictureFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    var limits = Picture.Limits()
    // Fewer than there may be, so that each input takes little time.
    (limits.pixelsMax, limits.memoryMax) = (1 << 20, 1 << 20)
    for size in [RasterSize(width: 1, height: 1), RasterSize(width: 16, height: 5)] {
      let rasters = (0..<2).map { _ in
        Result { () throws(PictureError) in try Picture.raster(of: bytes, size, limits: limits) }
      }
      try hold(rasters[0] == rasters[1], "another raster of the same bytes")
      if case .failure(let error) = rasters[0] { try hold(!error.description.isEmpty, "no word why") }
    }
  }
}
