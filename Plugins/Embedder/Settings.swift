internal import PluginKit
internal import Transformer

/// What the operator has configured.
struct Settings {
  /// One model, before it is loaded.
  struct Model {
    enum Engine: String, CaseIterable {
      case featureHashing = "feature-hashing"
      case transformer
      case imageDescriptor = "image-descriptor"
      case visionTransformer = "vision-transformer"
      case endpoint
    }

    let name: String
    let engine: Engine
    let path: String
    let version: String?
    let pooling: TransformerModel.Pooling
    let tokensMax: Int
    /// Where the model is, of the engine `endpoint`; nil of the others, which compute here.
    let endpoint: Endpoint?
  }

  /// Names that an operator may give; the host matches grants against them.
  static let nameMax = 255

  let models: [Model]
  let threads: Int
  let limits: BatchLimits
  let cache: Int
  /// Bytes of the largest picture that is read.
  let imageBytesMax: Int

  init(_ config: Config) throws {
    let directory = try config.string("directory", default: "")
    models = try config.objects("models", default: [Config(["name": "feature-hashing"])]).map {
      try Self.model($0, in: directory)
    }
    guard !models.isEmpty else { throw EmbedderError("config.models: expected at least one, found none") }
    let names = models.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw EmbedderError("config.models: expected each name once, found \"\(name)\" twice")
    }
    threads = try config.int("threads", default: 1, in: 1...64)
    limits = BatchLimits(
      textsMax: try config.int("batch_max", default: 32, in: 1...256),
      delay: try config.duration("delay", default: .milliseconds(2)),
      waitingMax: try config.int("waiting", default: 1_024, in: 1...65_536)
    )
    imageBytesMax = try config.bytes("image_bytes_max", default: 16 << 20)
    cache = try config.int("cache", default: 8_192, in: 0...1_048_576)
  }

  /// Vectors that each queue keeps: one of each model behind an endpoint, and one of all that are computed here.
  var cacheEach: Int {
    let endpoints = models.count { $0.endpoint != nil }
    return cache / max(1, endpoints + (endpoints < models.count ? 1 : 0))
  }

  /// Starts threads for what a single batch can share, while the others' batches are none; nil if there is nothing to share.
  func makeTeam() throws(EmbedderError) -> TransformerTeam? {
    guard threads > 1, models.contains(where: { $0.isTransformer }) else { return nil }
    do {
      return try TransformerTeam(threads: threads)
    } catch {
      throw EmbedderError("\(error)")
    }
  }

  private static func model(_ config: Config, in directory: String) throws -> Model {
    let name = try config.string("name")
    guard (1...nameMax).contains(name.utf8.count) else {
      throw EmbedderError("config.models: name: expected 1 to \(nameMax) bytes, found \(name.utf8.count)")
    }
    let engine = try config.string("engine", default: Model.Engine.featureHashing.rawValue)
    let pooling = try config.string("pooling", default: TransformerModel.Pooling.mean.rawValue)
    guard let engine = Model.Engine(rawValue: engine) else {
      let known = Model.Engine.allCases.map(\.rawValue).joined(separator: ", ")
      throw EmbedderError("config.models: \(name): engine: expected one of \(known), found \(engine)")
    }
    guard let pooling = TransformerModel.Pooling(rawValue: pooling) else {
      throw EmbedderError("config.models: \(name): pooling: expected mean or first, found \(pooling)")
    }
    var path = try config.string("path", default: name)
    if !path.hasPrefix("/"), !directory.isEmpty { path = "\(directory)/\(path)" }
    let version = try config.string("version", default: "")
    return Model(
      name: name,
      engine: engine,
      path: path,
      version: version.isEmpty ? nil : version,
      pooling: pooling,
      tokensMax: try config.int("tokens_max", default: 256, in: 2...512),
      endpoint: engine == .endpoint ? try Endpoint(config, name: name) : nil
    )
  }
}

extension Settings.Model {
  /// Whether a team can share what it computes.
  var isTransformer: Bool { engine == .transformer || engine == .visionTransformer }

  /// Loads the model, whose runs the team helps with.
  func load(team: TransformerTeam? = nil) throws(EmbedderError) -> LoadedEngine {
    switch engine {
    case .featureHashing: .texts(FeatureHashing())
    case .imageDescriptor: .pictures(ImageDescriptor())
    case .transformer: .texts(try loadTransformer(team))
    case .visionTransformer: .pictures(try loadVision(team))
    case .endpoint: throw EmbedderError("model \(name): it is computed elsewhere, and not loaded")
    }
  }

  private func loadTransformer(_ team: TransformerTeam?) throws(EmbedderError) -> TransformerEngine {
    try checkPath()
    do throws(EmbedderError) {
      return try TransformerEngine(
        directory: path,
        version: version,
        pooling: pooling,
        tokensMax: tokensMax,
        team: team
      )
    } catch {
      throw EmbedderError("model \(name): \(error); scripts/models DIRECTORY installs one that is known to work")
    }
  }

  private func loadVision(_ team: TransformerTeam?) throws(EmbedderError) -> VisionEngine {
    try checkPath()
    do throws(EmbedderError) {
      return try VisionEngine(directory: path, version: version, team: team)
    } catch {
      throw EmbedderError("model \(name): \(error)")
    }
  }

  private func checkPath() throws(EmbedderError) {
    guard path.hasPrefix("/") else {
      throw EmbedderError("config.models: \(name): expected a grant of fs.read or an absolute path, found \(path)")
    }
  }
}
