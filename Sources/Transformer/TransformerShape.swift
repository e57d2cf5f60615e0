internal import CTransformer
internal import Envelope

/// What `config.json` beside a model says of it, as far as the forward pass must know it.
struct TransformerShape {
  /// The largest that any of the sizes may be, so that none of their products overflows: far beyond models of this kind.
  private static let sizeMax: Int64 = 1 << 20
  /// The most tokens of a text that the forward pass takes.
  private static let positionsMax: Int64 = 512

  var vocabulary: Int
  var positions: Int
  var width: Int
  var layers: Int
  var heads: Int
  var inner: Int
  var types: Int
  var epsilon: Float

  init(_ path: String, _ bytes: [UInt8]) throws(TransformerError) {
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw TransformerError("\(path): \(error)")
    }
    func wants(_ key: String, _ wanted: JSON) throws(TransformerError) {
      guard json[key] ?? wanted == wanted else {
        throw TransformerError("\(path): \(key): expected \(wanted.text), found \(json[key]?.summary ?? "nothing")")
      }
    }
    func size(_ key: String, upTo most: Int64 = Self.sizeMax) throws(TransformerError) -> Int {
      guard let value = json[key]?.intValue, (1...most).contains(value) else {
        throw TransformerError(
          "\(path): \(key): expected integer from 1 to \(most), found \(json[key]?.summary ?? "nothing")"
        )
      }
      return Int(value)
    }
    try wants("model_type", "bert")
    try wants("hidden_act", "gelu")
    try wants("position_embedding_type", "absolute")
    vocabulary = try size("vocab_size")
    positions = try size("max_position_embeddings", upTo: Self.positionsMax)
    width = try size("hidden_size", upTo: 1 << 12)
    layers = try size("num_hidden_layers", upTo: 1 << 8)
    heads = try size("num_attention_heads", upTo: 1 << 8)
    inner = try size("intermediate_size", upTo: 1 << 14)
    types = try size("type_vocab_size", upTo: 1 << 8)
    epsilon = Float(json["layer_norm_eps"]?.doubleValue ?? 1e-12)
    let grain = Int(TRANSFORMER_GRAIN)
    guard width % heads == 0, width / heads % grain == 0, inner % grain == 0 else {
      throw TransformerError(
        "\(path): expected heads and intermediate_size to be multiples of \(grain) numbers, "
          + "found \(width) in \(heads) heads, and \(inner)"
      )
    }
  }
}
