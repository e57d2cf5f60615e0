internal import CTransformer

/// What one thread computes vectors with; another thread needs another.
@safe
public final class TransformerRun {
  private let model: TransformerModel
  private let scratch: OpaquePointer

  /// Room for a model's numbers, 8 MB of a model of 384 numbers a token.
  public init(_ model: TransformerModel) throws(TransformerError) {
    guard let scratch = unsafe transformer_scratch_make(model.model) else {
      throw TransformerError("expected memory to compute in, found too little; see limits.memory")
    }
    self.model = model
    unsafe self.scratch = scratch
  }

  deinit {
    unsafe transformer_scratch_free(scratch)
  }

  /// Computes vectors of unit length, one for each text.
  ///
  /// - Parameters:
  ///   - texts: The tokens of each, at least one and at most as many as the model takes.
  ///   - pooling: How a vector is made of the tokens'.
  /// - Returns: The vectors, in the order of the texts.
  /// - Throws: If a text's tokens are none that the model can take.
  public func vectors(
    of texts: [[UInt32]],
    _ pooling: TransformerModel.Pooling
  ) throws(TransformerError) -> [[Float]] {
    for text in texts {
      guard (1...model.tokensMax).contains(text.count) else {
        throw TransformerError("expected 1 to \(model.tokensMax) tokens, found \(text.count)")
      }
      if let token = text.first(where: { $0 >= model.vocabularyCount }) {
        throw TransformerError("expected tokens below \(model.vocabularyCount), found \(token)")
      }
    }
    let tokens = texts.flatMap(\.self)
    let lengths = texts.map { UInt32($0.count) }
    let dimension = model.dimension
    var all = [Float](repeating: 0, count: texts.count * dimension)
    let kind = pooling == .mean ? TRANSFORMER_MEAN : TRANSFORMER_FIRST
    unsafe transformer_run(model.model, scratch, tokens, lengths, texts.count, kind, &all)
    return texts.indices.map { Array(all[$0 * dimension..<($0 + 1) * dimension]) }
  }
}
