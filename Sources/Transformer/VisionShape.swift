internal import CTransformer
internal import Envelope

/// What `config.json` beside a model of images says of it, as far as the forward pass must know it.
struct VisionShape {
  /// Whose names the tensors have, and whose constants stand where nothing is said.
  enum Kind {
    /// CLIP's model of images, alone or beside the one of texts.
    case clip
    case vit
  }

  /// Pixels of the largest side of a patch: those of a group of patches take 50 MB then.
  private static let patchMax = 64
  /// The most patches along a side.
  private static let gridMax = 32

  var kind: Kind
  /// Pixels of an image's side.
  var side: Int
  /// Pixels of a patch's side.
  var patch: Int
  var layers: LayersShape
  /// Numbers that vectors are projected to; 0 if they are not.
  var outputs: Int
  var activation: transformer_activation

  /// Tokens of an image: its patches, and the one that becomes its vector.
  var positions: Int { (side / patch) * (side / patch) + 1 }

  init(_ whole: Description) throws(TransformerError) {
    let isBeside = try whole.choice("model_type", ["clip": true, "clip_vision_model": false, "vit": false])
    let description = isBeside ? try whole.object("vision_config") : whole
    kind = try isBeside ? .clip : whole.choice("model_type", ["clip_vision_model": .clip, "vit": .vit])
    try description.wants("num_channels", 3)
    try description.wants("qkv_bias", true)
    activation = try description.choice(
      "hidden_act",
      ["gelu": TRANSFORMER_GELU, "quick_gelu": TRANSFORMER_QUICK_GELU],
      default: kind == .clip ? TRANSFORMER_QUICK_GELU : TRANSFORMER_GELU
    )
    side = try description.size("image_size", upTo: Self.patchMax * Self.gridMax)
    patch = try description.size("patch_size", upTo: min(side, Self.patchMax))
    layers = try LayersShape(description, epsilon: kind == .clip ? 1e-5 : 1e-12)
    guard side / patch <= Self.gridMax else {
      throw description.refusal(
        "expected at most \(Self.gridMax) patches along a side, found \(side) pixels in patches of \(patch)"
      )
    }
    outputs = kind == .clip ? try whole.size("projection_dim", upTo: 1 << 12) : 0
    guard outputs % Int(TRANSFORMER_GRAIN) == 0 else {
      throw whole.refusal("projection_dim: expected a multiple of \(TRANSFORMER_GRAIN), found \(outputs)")
    }
  }
}
