internal import CTransformer

/// A BERT encoder that is ready: its matrices in memory, the words' vectors in the file.
@safe
public final class TransformerModel: @unchecked Sendable {
  // Unchecked because of the pointer, behind which nothing changes until the end.

  /// How a text's vector is made of its tokens' vectors.
  public enum Pooling: String, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// The first one, of the text's beginning.
    case first
  }

  /// Numbers of a vector.
  public let dimension: Int
  /// The most tokens of a text, those of its beginning and its end included.
  public let tokensMax: Int
  /// How many tokens there are; their numbers are below it.
  public let vocabularyCount: Int
  /// The SHA-256 digest of the tensors' file.
  public let digest: [UInt8]

  let model: OpaquePointer
  private let file: MappedFile
  /// Kept, since the model has its threads.
  private let team: TransformerTeam?

  /// The name of the loops that this processor is given.
  public static var kernels: String { unsafe String(cString: transformer_kernels()) }

  /// Reads `config.json` and `model.safetensors` in a directory.
  ///
  /// The layers are copied into memory, 43 MB of a model of 22 million parameters; the rest is read from the file as it
  /// is needed.
  ///
  /// - Parameters:
  ///   - directory: Where they are.
  ///   - kernels: The name of the loops that are used, if not the best that the processor has.
  ///   - team: Who helps with its runs.
  /// - Throws: What is wrong with which file.
  public init(
    directory: String,
    kernels: String? = nil,
    team: TransformerTeam? = nil
  ) throws(TransformerError) {
    self.team = team
    let shape = try TransformerShape(Description("\(directory)/config.json"))
    let path = "\(directory)/model.safetensors"
    file = try MappedFile(path)
    dimension = shape.layers.width
    tokensMax = shape.positions
    vocabularyCount = shape.vocabulary
    digest = file.digest()
    guard let model = try unsafe Self.make(shape, Safetensors(path, file), kernels, team) else {
      throw TransformerError("\(path): expected memory for its layers, found too little; see limits.memory")
    }
    unsafe self.model = model
  }

  deinit {
    unsafe transformer_free(model)
  }

  private static func make(
    _ shape: TransformerShape,
    _ file: Safetensors,
    _ kernels: String?,
    _ team: TransformerTeam?
  ) throws(TransformerError) -> OpaquePointer? {
    // Some write the tensors under the name of the whole model.
    let root = file.has("bert.embeddings.word_embeddings.weight") ? "bert." : ""
    let (width, inner) = (shape.layers.width, shape.layers.inner)
    var layers: [transformer_layer] = unsafe []
    for index in 0..<shape.layers.count {
      let name = "\(root)encoder.layer.\(index)"
      unsafe layers.append(
        transformer_layer(
          query: try file.linear("\(name).attention.self.query", [width, width]),
          key: try file.linear("\(name).attention.self.key", [width, width]),
          value: try file.linear("\(name).attention.self.value", [width, width]),
          output: try file.linear("\(name).attention.output.dense", [width, width]),
          attention_norm: try file.linear("\(name).attention.output.LayerNorm", [width]),
          up: try file.linear("\(name).intermediate.dense", [inner, width]),
          down: try file.linear("\(name).output.dense", [width, inner]),
          output_norm: try file.linear("\(name).output.LayerNorm", [width])
        )
      )
    }
    var cShape = shape.layers.forC(positions: shape.positions, TRANSFORMER_GELU)
    let embeddings = "\(root)embeddings"
    let words = unsafe try file.tensor("\(embeddings).word_embeddings.weight", [shape.vocabulary, width])
    let places = unsafe try file.tensor("\(embeddings).position_embeddings.weight", [shape.positions, width])
    let types = unsafe try file.tensor("\(embeddings).token_type_embeddings.weight", [shape.types, width])
    let norm = unsafe try file.linear("\(embeddings).LayerNorm", [width])
    return unsafe layers.withUnsafeBufferPointer { layers in
      var tensors = unsafe transformer_tensors(
        words: words,
        positions: places,
        type: types,
        norm: norm,
        layers: layers.baseAddress
      )
      return unsafe transformer_make(&cShape, &tensors, kernels, team?.team)
    }
  }
}
