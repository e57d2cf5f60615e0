internal import Envelope

/// What `config.json` beside a model of texts says of it, as far as the forward pass must know it.
struct TransformerShape {
  /// The largest that the vocabulary may be, so that no product of sizes overflows: far beyond models of this kind.
  private static let vocabularyMax = 1 << 20
  /// The most tokens of a text that the forward pass takes.
  private static let positionsMax = 512

  var vocabulary: Int
  var positions: Int
  var types: Int
  var layers: LayersShape

  init(_ description: Description) throws(TransformerError) {
    try description.wants("model_type", "bert")
    try description.wants("hidden_act", "gelu")
    try description.wants("position_embedding_type", "absolute")
    vocabulary = try description.size("vocab_size", upTo: Self.vocabularyMax)
    positions = try description.size("max_position_embeddings", upTo: Self.positionsMax)
    types = try description.size("type_vocab_size", upTo: 1 << 8)
    layers = try LayersShape(description, epsilon: 1e-12)
  }
}
