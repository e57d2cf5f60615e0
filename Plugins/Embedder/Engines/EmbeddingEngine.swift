internal import Picture

/// A model that is loaded, the same for all threads.
protocol EmbeddingEngine: Sendable {
  /// Numbers of a vector.
  var dimension: Int { get }
  /// The version of the model.
  var version: String { get }
  /// What tells the model from every other: an algorithm and digits, such as `sha256:53aa…`.
  var checksum: String { get }
}

/// What makes vectors of texts.
protocol TextEngine: EmbeddingEngine {
  /// What one thread computes with.
  func makeWorker() throws(EmbedderError) -> any TextWorker
}

/// An engine of texts on one thread.
protocol TextWorker: AnyObject {
  /// Makes vectors of unit length, one for each text in its order; takes as long as it takes.
  func vectors(of texts: [String]) throws(EmbedderError) -> [[Float]]
}

/// What makes vectors of pictures.
protocol PictureEngine: EmbeddingEngine {
  /// The raster that it looks at; pictures are decoded into one of that size.
  var size: RasterSize { get }

  /// What one thread computes with.
  func makeWorker() throws(EmbedderError) -> any PictureWorker
}

/// An engine of pictures on one thread.
protocol PictureWorker: AnyObject {
  /// Makes vectors of unit length, one for each raster in its order; takes as long as it takes.
  func vectors(of rasters: [Raster]) throws(EmbedderError) -> [[Float]]
}
