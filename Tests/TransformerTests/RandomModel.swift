import Foundation
import TestSupport
import Transformer

/// A small model of random numbers.
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
    var shapes: [(String, [Int])] = [
      ("embeddings.word_embeddings.weight", [Self.vocabulary, Self.width]),
      ("embeddings.position_embeddings.weight", [48, Self.width]),
      ("embeddings.token_type_embeddings.weight", [2, Self.width]),
    ]
    func add(_ name: String, _ shape: [Int]) {
      shapes += [("\(name).weight", shape), ("\(name).bias", [shape[0]])]
    }
    add("embeddings.LayerNorm", [Self.width])
    for layer in 0..<2 {
      let name = "encoder.layer.\(layer)"
      for part in ["query", "key", "value"] { add("\(name).attention.self.\(part)", [Self.width, Self.width]) }
      add("\(name).attention.output.dense", [Self.width, Self.width])
      add("\(name).attention.output.LayerNorm", [Self.width])
      add("\(name).intermediate.dense", [Self.inner, Self.width])
      add("\(name).output.dense", [Self.width, Self.inner])
      add("\(name).output.LayerNorm", [Self.width])
    }
    var random = SeededRandom(seed: 1)
    var header: [String: Any] = [:]
    var numbers: [Float] = []
    for (name, shape) in shapes {
      let count = shape.reduce(1, *)
      header[name] = [
        "dtype": "F32", "shape": shape, "data_offsets": [numbers.count * 4, (numbers.count + count) * 4],
      ]
      numbers += (0..<count).map { _ in Float.random(in: -0.3...0.3, using: &random) }
    }
    var json = try JSONSerialization.data(withJSONObject: header)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return bytes(UInt64(json.count)) + Array(json) + numbers.flatMap { bytes($0.bitPattern) }
  }

  /// A number's bytes, the least first.
  private func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    stride(from: 0, to: number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
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
