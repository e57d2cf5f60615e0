import Foundation
import TestSupport
import Transformer

/// A small model of images, of random numbers.
struct RandomVisionModel {
  enum Kind: CaseIterable {
    /// CLIP's model of images alone, and within the whole.
    case clip, wholeClip
    /// A plain one, and with its tensors under the whole model's name.
    case vit, namedVit
  }

  static let width = 64
  static let inner = 128
  static let heads = 2
  static let outputs = 32

  let kind: Kind
  let side: Int
  let patch: Int
  let layers: Int
  /// What `config.json` says of the model of images, and of the whole.
  var config: [String: Any]
  var whole: [String: Any] = [:]
  var preprocessor: [String: Any]?
  var tensors = TensorFile()

  var isClip: Bool { kind == .clip || kind == .wholeClip }
  var patches: Int { (side / patch) * (side / patch) }
  /// What the names of a plain model's tensors begin with.
  var root: String { kind == .namedVit ? "vit." : "" }

  /// Of the pixels of a side two are left, unless it is said otherwise.
  init(_ kind: Kind, side: Int = 20, patch: Int = 6, layers: Int = 2, activation: String? = nil) {
    self.kind = kind
    self.side = side
    self.patch = patch
    self.layers = layers
    config = [
      "hidden_size": Self.width, "num_hidden_layers": layers, "num_attention_heads": Self.heads,
      "intermediate_size": Self.inner, "image_size": side, "patch_size": patch, "num_channels": 3,
      "layer_norm_eps": 1e-3,
    ]
    config["hidden_act"] = activation
    switch kind {
    case .clip:
      config["model_type"] = "clip_vision_model"
      config["projection_dim"] = Self.outputs
    case .wholeClip: whole = ["model_type": "clip", "projection_dim": Self.outputs]
    case .vit, .namedVit: config["model_type"] = "vit"
    }
    if isClip { addClip() } else { addViT() }
  }

  private mutating func addClip() {
    let (name, width) = ("vision_model", Self.width)
    tensors.add("\(name).embeddings.class_embedding", [width])
    tensors.add("\(name).embeddings.position_embedding.weight", [patches + 1, width])
    tensors.add("\(name).embeddings.patch_embedding.weight", [width, 3, patch, patch])
    tensors.addLinear("\(name).pre_layrnorm", [width])
    for layer in (0..<layers).map({ "\(name).encoder.layers.\($0)" }) {
      for part in ["q", "k", "v", "out"] { tensors.addLinear("\(layer).self_attn.\(part)_proj", [width, width]) }
      for norm in 1...2 { tensors.addLinear("\(layer).layer_norm\(norm)", [width]) }
      tensors.addLinear("\(layer).mlp.fc1", [Self.inner, width])
      tensors.addLinear("\(layer).mlp.fc2", [width, Self.inner])
    }
    tensors.addLinear("\(name).post_layernorm", [width])
    tensors.add("visual_projection.weight", [Self.outputs, width])
  }

  private mutating func addViT() {
    let width = Self.width
    tensors.add("\(root)embeddings.cls_token", [1, 1, width])
    tensors.add("\(root)embeddings.position_embeddings", [1, patches + 1, width])
    tensors.addLinear("\(root)embeddings.patch_embeddings.projection", [width, 3, patch, patch])
    for layer in (0..<layers).map({ "\(root)encoder.layer.\($0)" }) {
      for part in ["query", "key", "value"] {
        tensors.addLinear("\(layer).attention.attention.\(part)", [width, width])
      }
      tensors.addLinear("\(layer).attention.output.dense", [width, width])
      for place in ["before", "after"] { tensors.addLinear("\(layer).layernorm_\(place)", [width]) }
      tensors.addLinear("\(layer).intermediate.dense", [Self.inner, width])
      tensors.addLinear("\(layer).output.dense", [width, Self.inner])
    }
    tensors.addLinear("\(root)layernorm", [width])
  }

  /// Writes it to files and reads them.
  func load(kernels: String? = nil, team: TransformerTeam? = nil) throws -> VisionModel {
    let directory = try TemporaryDirectory()
    var description = kind == .wholeClip ? whole : config
    if kind == .wholeClip { description["vision_config"] = config }
    try directory.write("config.json", Self.json(description))
    try directory.write("model.safetensors", tensors.bytes())
    if let preprocessor {
      try directory.write("preprocessor_config.json", Self.json(preprocessor))
    }
    return try VisionModel(directory: directory.path, kernels: kernels, team: team)
  }

  /// The same bytes of the same object.
  private static func json(_ object: [String: Any]) throws -> [UInt8] {
    try Array(JSONSerialization.data(withJSONObject: object, options: .sortedKeys))
  }

  /// Images of random pixels.
  func rasters(_ count: Int) -> [[UInt8]] {
    var random = SeededRandom(seed: 3)
    return (0..<count).map { _ in (0..<side * side * 3).map { _ in UInt8.random(in: 0...255, using: &random) } }
  }
}
