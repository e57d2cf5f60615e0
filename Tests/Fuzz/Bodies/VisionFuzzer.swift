import Foundation
import Transformer

/// What is said of a model of images is refused, or makes one that computes.
///
/// The input is both of its descriptions, whose keys differ; the tensors are those of the smallest model.
enum VisionFuzzer {
  private static let tensors: [UInt8] = {
    let linear = { (name: String, shape: [Int]) in [("\(name).weight", shape), ("\(name).bias", [shape[0]])] }
    let layer = "vision_model.encoder.layers.0"
    let square = [
      "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2",
    ]
    let norms = ["pre_layrnorm", "encoder.layers.0.layer_norm1", "encoder.layers.0.layer_norm2", "post_layernorm"]
    let shapes =
      [
        ("vision_model.embeddings.class_embedding", [32]), ("visual_projection.weight", [32, 32]),
        ("vision_model.embeddings.patch_embedding.weight", [32, 3, 2, 2]),
        ("vision_model.embeddings.position_embedding.weight", [5, 32]),
      ] + square.flatMap { linear("\(layer).\($0)", [32, 32]) } + norms.flatMap { linear("vision_model.\($0)", [32]) }
    var size = 0
    let entries = shapes.map { name, shape in
      let begin = size
      size += shape.reduce(4, *)
      return #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(begin),\#(size)]}"#
    }
    var header = "{\(entries.joined(separator: ","))}"
    while header.utf8.count % 8 != 0 { header += " " }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    return length + header.utf8 + [UInt8](repeating: 0, count: size)
  }()

  static func run(_ bytes: [UInt8]) throws {
    try FuzzFiles.write("config.json", bytes)
    try FuzzFiles.write("preprocessor_config.json", bytes)
    try FuzzFiles.write("model.safetensors", tensors)
    guard let model = try? VisionModel(directory: FuzzFiles.path) else { return }
    let raster = [UInt8](repeating: 255, count: model.rasterSide * model.rasterSide * 3)
    let vectors = try VisionRun(model).vectors(of: [raster, raster])
    try hold(vectors.map(\.count) == [32, 32], "\(vectors.map(\.count)) numbers")
    try hold(vectors.joined().allSatisfy(\.isFinite), "\(vectors) of finite pixels and no weights")
  }
}
