import Foundation
import Transformer

/// A file of tensors is refused, or makes a model that computes.
///
/// The input is the file's description; what it describes is as many bytes as a model of the smallest size needs.
enum TensorsFuzzer {
  private static let config = """
    {"model_type": "bert", "hidden_act": "gelu", "vocab_size": 4, "max_position_embeddings": 4, "hidden_size": 32,
    "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 32, "type_vocab_size": 1}
    """
  /// Bytes behind the description.
  private static let tensors = [UInt8](repeating: 0, count: 32 << 10)

  static func run(_ bytes: [UInt8]) throws {
    // With the length that is true, unless the input begins with one of its own.
    let count = UInt64(bytes.count)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
    let hasLength = bytes.first != UInt8(ascii: "{")
    try FuzzFiles.write("config.json", Array(config.utf8))
    try FuzzFiles.write("model.safetensors", (hasLength ? [] : length) + bytes + tensors)
    guard let model = try? TransformerModel(directory: FuzzFiles.path) else { return }
    let vectors = try TransformerRun(model).vectors(of: [[0, 1, 2, 3], [3]], .mean)
    try hold(vectors.map(\.count) == [32, 32], "\(vectors.map(\.count)) numbers")
  }
}
