internal import CTransformer

/// A vision transformer that is ready, its matrices in memory: CLIP's model of images, or a plain one.
@safe
public final class VisionModel: @unchecked Sendable {
  // Unchecked because of the pointer, behind which nothing changes until the end.

  /// Pixels of the side of the squares that it looks at.
  public let rasterSide: Int
  /// Numbers of a vector.
  public let dimension: Int
  /// A SHA-256 digest of those of the three files: what is made of the same tensors changes with how they are described.
  public let digest: [UInt8]

  /// Bytes of a raster.
  var rasterSize: Int { rasterSide * rasterSide * Int(VISION_COLOURS) }

  let model: OpaquePointer
  /// Kept, since the norms are read where the file is.
  private let file: MappedFile
  /// Kept, since the model has its threads.
  private let team: TransformerTeam?

  /// Reads `config.json`, `model.safetensors` and, if it is there, `preprocessor_config.json` in a directory.
  ///
  /// The tensors are copied into memory: 345 MB of CLIP's ViT-B/32, and never more than the file has but for what the
  /// team attends in, 40 MB at most for each of its threads.
  ///
  /// - Parameters:
  ///   - directory: Where they are.
  ///   - kernels: The name of the loops that are used, if not the best that the processor has.
  ///   - team: Who helps with its runs.
  /// - Throws: What is wrong with which file.
  public init(
    directory: String,
    kernels: String? = nil,
    team: TransformerTeam? = nil
  ) throws(TransformerError) {
    self.team = team
    let (config, preprocessor) = ("\(directory)/config.json", "\(directory)/preprocessor_config.json")
    let configFile = try MappedFile(config)
    let shape = try VisionShape(Description(config, configFile))
    let preprocessorFile = try MappedFile(ifThere: preprocessor)
    let description: Description? =
      if let preprocessorFile { try Description(preprocessor, preprocessorFile) } else { nil }
    let levels = try VisionLevels(description, shape.kind)
    let path = "\(directory)/model.safetensors"
    file = try MappedFile(path)
    rasterSide = shape.side
    dimension = shape.outputs > 0 ? shape.outputs : shape.layers.width
    digest = MappedFile.digest(of: [configFile, preprocessorFile, file])
    guard let model = try unsafe Self.make(shape, levels, Safetensors(path, file), kernels, team) else {
      throw TransformerError("\(path): expected memory for its layers, found too little; see limits.memory")
    }
    unsafe self.model = model
  }

  deinit {
    unsafe vision_free(model)
  }

  private static func make(
    _ shape: VisionShape,
    _ levels: VisionLevels,
    _ file: Safetensors,
    _ kernels: String?,
    _ team: TransformerTeam?
  ) throws(TransformerError) -> OpaquePointer? {
    // Some write the tensors under the name of the whole model.
    let root = file.has("vit.embeddings.cls_token") ? "vit." : ""
    let names = shape.kind == .clip ? VisionNames.clip : VisionNames.vit(root: root)
    let (width, inner) = (shape.layers.width, shape.layers.inner)
    // Each layer is given the norm of the one behind it, which is where the forward pass comes to it.
    let norms =
      (1..<shape.layers.count).map { "\(names.layer).\($0).\(names.attentionNorm)" } + [names.lastNorm]
    var layers: [transformer_layer] = unsafe []
    for (index, next) in norms.enumerated() {
      let name = "\(names.layer).\(index)"
      unsafe layers.append(
        transformer_layer(
          query: try file.linear("\(name).\(names.query)", [width, width]),
          key: try file.linear("\(name).\(names.key)", [width, width]),
          value: try file.linear("\(name).\(names.value)", [width, width]),
          output: try file.linear("\(name).\(names.output)", [width, width]),
          attention_norm: try file.linear("\(name).\(names.outputNorm)", [width]),
          up: try file.linear("\(name).\(names.up)", [inner, width]),
          down: try file.linear("\(name).\(names.down)", [width, inner]),
          output_norm: try file.linear(next, [width])
        )
      )
    }
    var cShape = vision_shape(
      layers: shape.layers.forC(positions: shape.positions, shape.activation),
      side: UInt32(shape.side),
      patch: UInt32(shape.patch),
      outputs: UInt32(shape.outputs)
    )
    let patch = [width, Int(VISION_COLOURS), shape.patch, shape.patch]
    var tensors = unsafe vision_tensors()
    unsafe tensors.patches = try file.linear(names.patches.name, patch, hasBias: names.patches.hasBias)
    unsafe tensors.first = try file.tensor(names.first.name, names.first.axes + [width])
    unsafe tensors.positions = try file.tensor(names.positions.name, names.positions.axes + [shape.positions, width])
    if let norm = names.norm { unsafe tensors.norm = try file.linear(norm, [width]) }
    unsafe tensors.first_norm = try file.linear("\(names.layer).0.\(names.attentionNorm)", [width])
    if let projection = names.projection {
      unsafe tensors.projection = try file.tensor(projection, [shape.outputs, width])
    }
    return unsafe layers.withUnsafeBufferPointer { layers in
      unsafe levels.values.withUnsafeBufferPointer { levels in
        unsafe tensors.layers = layers.baseAddress
        unsafe tensors.levels = levels.baseAddress
        return unsafe vision_make(&cShape, &tensors, kernels, team?.team)
      }
    }
  }
}
