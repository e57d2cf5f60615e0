import Foundation
import TestSupport
import Transformer

/// A small model of texts, of random numbers.
struct RandomModel {
  static let vocabulary = 64
  private static let width = 64
  private static let inner = 128

  var config: [String: Any] = [
    "model_type": "bert", "hidden_act": "gelu", "vocab_size": vocabulary, "max_position_embeddings": 48,
    "hidden_size": width, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": inner,
    "type_vocab_size": 2, "layer_norm_eps": 1e-12,
  ]

  /// The file of its tensors.
  func tensors() throws -> [UInt8] {
    var file = TensorFile()
    file.add("embeddings.word_embeddings.weight", [Self.vocabulary, Self.width])
    file.add("embeddings.position_embeddings.weight", [48, Self.width])
    file.add("embeddings.token_type_embeddings.weight", [2, Self.width])
    file.addLinear("embeddings.LayerNorm", [Self.width])
    for layer in 0..<2 {
      let name = "encoder.layer.\(layer)"
      for part in ["query", "key", "value"] {
        file.addLinear("\(name).attention.self.\(part)", [Self.width, Self.width])
      }
      file.addLinear("\(name).attention.output.dense", [Self.width, Self.width])
      file.addLinear("\(name).attention.output.LayerNorm", [Self.width])
      file.addLinear("\(name).intermediate.dense", [Self.inner, Self.width])
      file.addLinear("\(name).output.dense", [Self.width, Self.inner])
      file.addLinear("\(name).output.LayerNorm", [Self.width])
    }
    return try file.bytes()
  }

  /// Writes it to files and reads them, `tensors` instead of its own if there are any.
  func load(
    tensors bytes: [UInt8]? = nil,
    kernels: String? = nil,
    team: TransformerTeam? = nil
  ) throws -> TransformerModel {
    let directory = try TemporaryDirectory()
    try directory.write("config.json", Array(JSONSerialization.data(withJSONObject: config)))
    try directory.write("model.safetensors", bytes ?? tensors())
    return try TransformerModel(directory: directory.path, kernels: kernels, team: team)
  }
}
