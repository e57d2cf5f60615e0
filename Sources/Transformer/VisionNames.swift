/// What tensors of a model of images are called, as Hugging Face keeps them.
struct VisionNames {
  /// The token that becomes an image's vector, and the axes of one number that stand before its own.
  let first: (name: String, axes: [Int])
  let positions: (name: String, axes: [Int])
  let patches: (name: String, hasBias: Bool)
  /// The norm in front of all layers.
  let norm: String?
  /// What all names of a layer begin with, before its number.
  let layer: String
  let query, key, value, output, attentionNorm: String
  let up, down, outputNorm: String
  /// The norm behind all layers.
  let lastNorm: String
  let projection: String?

  static let clip = VisionNames(
    first: ("vision_model.embeddings.class_embedding", []),
    positions: ("vision_model.embeddings.position_embedding.weight", []),
    patches: ("vision_model.embeddings.patch_embedding", false),
    norm: "vision_model.pre_layrnorm",
    layer: "vision_model.encoder.layers",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    output: "self_attn.out_proj",
    attentionNorm: "layer_norm1",
    up: "mlp.fc1",
    down: "mlp.fc2",
    outputNorm: "layer_norm2",
    lastNorm: "vision_model.post_layernorm",
    projection: "visual_projection.weight"
  )

  /// `root` is the whole model's name with a dot, if tensors are written under it.
  static func vit(root: String) -> VisionNames {
    VisionNames(
      first: ("\(root)embeddings.cls_token", [1, 1]),
      positions: ("\(root)embeddings.position_embeddings", [1]),
      patches: ("\(root)embeddings.patch_embeddings.projection", true),
      norm: nil,
      layer: "\(root)encoder.layer",
      query: "attention.attention.query",
      key: "attention.attention.key",
      value: "attention.attention.value",
      output: "attention.output.dense",
      attentionNorm: "layernorm_before",
      up: "intermediate.dense",
      down: "output.dense",
      outputNorm: "layernorm_after",
      lastNorm: "\(root)layernorm",
      projection: nil
    )
  }
}
