internal import CTransformer

/// What is said of a model's layers, in the same words for texts and for images.
struct LayersShape {
  var width: Int
  var count: Int
  var heads: Int
  var inner: Int
  var epsilon: Double

  /// Reads it; `epsilon` is that of models which do not say it.
  init(_ description: Description, epsilon: Double) throws(TransformerError) {
    // Far beyond models of these kinds, and so that no product of sizes overflows.
    width = try description.size("hidden_size", upTo: 1 << 12)
    count = try description.size("num_hidden_layers", upTo: 1 << 8)
    heads = try description.size("num_attention_heads", upTo: 1 << 8)
    inner = try description.size("intermediate_size", upTo: 1 << 14)
    self.epsilon = try description.number("layer_norm_eps", in: 0...1, default: epsilon)
    let grain = Int(TRANSFORMER_GRAIN)
    guard width % heads == 0, width / heads % grain == 0, inner % grain == 0 else {
      throw description.refusal(
        "expected heads and intermediate_size to be multiples of \(grain) numbers, "
          + "found \(width) in \(heads) heads, and \(inner)"
      )
    }
  }

  /// The same for the forward pass.
  func forC(positions: Int, _ activation: transformer_activation) -> transformer_shape {
    transformer_shape(
      positions: UInt32(positions),
      width: UInt32(width),
      layers: UInt32(count),
      heads: UInt32(heads),
      inner: UInt32(inner),
      epsilon: Float(epsilon),
      activation: activation
    )
  }
}
