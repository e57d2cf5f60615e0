/// How many pixels a raster has, across and down.
package struct RasterSize: Sendable, Hashable {
  package let width: Int
  package let height: Int

  package init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
  }
}

/// A picture as few pixels.
package struct Raster: Sendable, Hashable {
  package let size: RasterSize
  /// Row by row, red, green and blue, a byte each.
  package let pixels: [UInt8]

  package init(size: RasterSize, pixels: [UInt8]) {
    precondition(pixels.count == size.width * size.height * 3, "a raster has three bytes for each pixel")
    (self.size, self.pixels) = (size, pixels)
  }
}
