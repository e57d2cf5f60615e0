/// What makes vectors of texts: a model that is loaded, the same for all threads.
protocol EmbeddingEngine: Sendable {
  /// Numbers of a vector.
  var dimension: Int { get }
  /// The version of the model.
  var version: String { get }
  /// What tells the model from every other: an algorithm and digits, such as `sha256:53aa…`.
  var checksum: String { get }

  /// What one thread computes with.
  func makeWorker() throws(EmbedderError) -> any EmbeddingWorker
}

/// An engine on one thread.
protocol EmbeddingWorker: AnyObject {
  /// Makes vectors of unit length, one for each text in its order; takes as long as it takes.
  func vectors(of texts: [String]) throws(EmbedderError) -> [[Float]]
}
