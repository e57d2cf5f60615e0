public import PluginKit

/// The service that makes vectors of texts for all plugins.
///
/// Which models a requester may use, the host has decided before a request comes here: the model's name is the request's
/// resource.
@PluginActor
public final class EmbedderPlugin: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "embedder"

  /// How much earlier than its deadline a text must have its turn, ns, so that its answer is heard.
  private static let margin: Int64 = 20_000_000

  private let context: Context
  private let settings: Settings
  private let load: (Settings.Model) throws(EmbedderError) -> any EmbeddingEngine
  private var models: [String: (number: Int, answer: EmbedAnswer)] = [:]
  private var batcher: Batcher?

  /// Reads which models there are.
  public convenience init(context: Context) throws {
    let team = try Settings(context.config).makeTeam()
    try self.init(context: context) { (model) throws(EmbedderError) in try model.load(team: team) }
  }

  /// Takes the models' engines from elsewhere.
  init(context: Context, load: @escaping (Settings.Model) throws(EmbedderError) -> any EmbeddingEngine) throws {
    self.context = context
    self.load = load
    settings = try Settings(context.config)
  }

  /// Loads the models and starts the threads.
  public func start() async throws {
    var engines: [any EmbeddingEngine] = []
    for model in settings.models {
      let engine = try load(model)
      models[model.name] = (engines.count, EmbedAnswer(model.name, engine))
      engines.append(engine)
      context.log.info(
        "model loaded",
        [
          "model": .string(model.name), "engine": .string(model.engine.rawValue), "version": .string(engine.version),
          "checksum": .string(engine.checksum), "dimension": .int(Int64(engine.dimension)),
        ]
      )
    }
    var threads: [WorkThread] = []
    do {
      for _ in 0..<settings.threads { threads.append(try WorkThread()) }
    } catch {
      for thread in threads { thread.stop() }
      throw error
    }
    batcher = Batcher(engines, settings.limits, cache: settings.cache, threads: threads, context)
  }

  /// Answers a request for vectors.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let topic = try Topic(envelope.topic)
    guard topic.area == "embed", topic.name == "text.infer" else {
      throw EmbedderError("topic: expected embed.text.infer, found \(topic.area).\(topic.name)")
    }
    guard let batcher else { throw EmbedderError("the service is stopping") }
    guard let model = models[envelope.resource] else {
      let known = models.keys.sorted().joined(separator: ", ")
      throw EmbedderError("resource: expected a model, one of \(known), found \"\(envelope.resource.prefix(64))\"")
    }
    let request = try EmbedRequest(envelope.payload, textsMax: model.answer.textsMax)
    let vectors = try await batcher.vectors(
      of: request.texts,
      model: model.number,
      request.priority,
      deadline: envelope.deadline == 0 ? 0 : envelope.deadline - Self.margin
    )
    return model.answer.response(vectors)
  }

  /// Ends the threads.
  public func stop() async {
    batcher?.stop()
    batcher = nil
  }
}
