internal import CTransformer

/// What each level of each colour means to a model, as `preprocessor_config.json` beside it says.
struct VisionLevels {
  /// CLIP's published constants: the middle and the spread of each colour in the images that it has learnt from.
  private static let clip = (
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711]
  )
  private static let vit = (mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])

  /// `VISION_LEVELS` for each colour, colour by colour.
  let values: [Float]

  /// Reads it; without a file a model has the constants of its kind.
  init(_ description: Description?, _ kind: VisionShape.Kind) throws(TransformerError) {
    let own = kind == .clip ? Self.clip : Self.vit
    let isRescaled = try description?.bool("do_rescale", default: true) ?? true
    let isNormalised = try description?.bool("do_normalize", default: true) ?? true
    // No deviation and no factor so far out that a level's number would be none.
    let factor = try description?.number("rescale_factor", in: 1e-9...1e9, default: 1.0 / 255) ?? 1.0 / 255
    let mean = try description?.numbers("image_mean", in: -1e9...1e9, default: own.mean) ?? own.mean
    let deviation = try description?.numbers("image_std", in: 1e-9...1e9, default: own.deviation) ?? own.deviation
    values = (0..<Int(VISION_COLOURS)).flatMap { colour in
      (0..<Int(VISION_LEVELS)).map { level in
        let light = Double(level) * (isRescaled ? factor : 1)
        return Float(isNormalised ? (light - mean[colour]) / deviation[colour] : light)
      }
    }
  }
}
