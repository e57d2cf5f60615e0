import Foundation
import TestSupport

/// A plain vision transformer of one layer and random numbers, in files as Hugging Face keeps them.
enum TinyVisionModel {
  /// Pixels of an image's side, and of a patch's.
  static let side = 8
  private static let patch = 4
  private static let width = 64
  private static let inner = 128

  /// The names and shapes of its tensors.
  private static var shapes: [(String, [Int])] {
    let layer = "encoder.layer.0"
    let linear: [(String, [Int])] =
      [("embeddings.patch_embeddings.projection", [width, 3, patch, patch]), ("layernorm", [width])]
      + ["attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense"]
      .map { ("\(layer).\($0)", [width, width]) }
      + ["before", "after"].map { ("\(layer).layernorm_\($0)", [width]) }
      + [("\(layer).intermediate.dense", [inner, width]), ("\(layer).output.dense", [width, inner])]
    let tokens = (side / patch) * (side / patch) + 1
    return [("embeddings.cls_token", [1, 1, width]), ("embeddings.position_embeddings", [1, tokens, width])]
      + linear.flatMap { [("\($0).weight", $1), ("\($0).bias", [$1[0]])] }
  }

  /// Writes its files into a directory.
  static func write(to directory: TemporaryDirectory) throws {
    let config =
      #"{"model_type":"vit","hidden_size":\#(width),"num_hidden_layers":1,"num_attention_heads":2,"#
      + #""intermediate_size":\#(inner),"image_size":\#(side),"patch_size":\#(patch)}"#
    try directory.write("config.json", Array(config.utf8))
    var random = SeededRandom(seed: 7)
    var header: [String: Any] = [:]
    var numbers: [Float] = []
    for (name, shape) in shapes {
      let start = numbers.count * MemoryLayout<Float>.size
      numbers += (0..<shape.reduce(1, *)).map { _ in Float.random(in: -0.3...0.3, using: &random) }
      let end = numbers.count * MemoryLayout<Float>.size
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, end]]
    }
    // safetensors: the length of the description, in eight bytes; the description; the numbers.
    var json = try Array(JSONSerialization.data(withJSONObject: header))
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
    let data = unsafe numbers.withUnsafeBytes { unsafe Array($0) }
    try directory.write("model.safetensors", length + json + data)
  }
}
