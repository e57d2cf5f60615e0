public import PluginKit

/// The service that makes vectors of texts and pictures for all plugins.
///
/// Which models a requester may use, the host has decided before a request comes here: the model's name is the request's
/// resource.
@PluginActor
public final class EmbedderPlugin: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "embedder"

  /// How much earlier than its deadline a subject must have its turn, ns, so that its answer is heard.
  private static let margin: Int64 = 20_000_000

  private let context: Context
  private let settings: Settings
  private let load: (Settings.Model) throws(EmbedderError) -> LoadedEngine
  private var models: [String: Served] = [:]
  private var batchers: [Batcher] = []
  /// Who reads pictures for the models that are computed here.
  private var desk: PictureDesk?

  /// A model that requests can name: the queue before what computes by it, and its number there.
  private struct Served {
    let batcher: Batcher
    let number: Int
    let isOfPictures: Bool
    let answer: EmbedAnswer
  }

  /// Reads which models there are.
  public convenience init(context: Context) throws {
    let team = try Settings(context.config).makeTeam()
    try self.init(context: context) { (model) throws(EmbedderError) in try model.load(team: team) }
  }

  /// Takes the models' engines from elsewhere.
  init(context: Context, load: @escaping (Settings.Model) throws(EmbedderError) -> LoadedEngine) throws {
    self.context = context
    self.load = load
    settings = try Settings(context.config)
  }

  /// Loads the models and starts the threads.
  public func start() async throws {
    try serveLoaded(settings.models.filter { $0.endpoint == nil })
    for model in settings.models {
      if let endpoint = model.endpoint { serve(model, behind: endpoint) }
    }
  }

  /// Serves models that are computed here, all by the same threads.
  private func serveLoaded(_ loaded: [Settings.Model]) throws {
    guard !loaded.isEmpty else { return }
    let engines = try loaded.map { (model) throws(EmbedderError) in try load(model) }
    var threads: [WorkThread] = []
    do {
      for _ in 0..<settings.threads { threads.append(try WorkThread(engines)) }
    } catch {
      for thread in threads { thread.stop() }
      throw error
    }
    let batcher = batcher("threads", models: engines.count, settings.limits, threads)
    desk = PictureDesk(
      context: context,
      batcher: batcher,
      threads: settings.threads,
      bytesMax: settings.imageBytesMax
    )
    for (number, (model, engine)) in zip(loaded, engines).enumerated() {
      serve(model, by: engine.engine, isOfPictures: engine.isOfPictures, batcher, number: number)
    }
  }

  /// Serves a model that is computed elsewhere, with a queue of its own: what becomes of it is nothing to the others.
  private func serve(_ model: Settings.Model, behind endpoint: Endpoint) {
    var limits = settings.limits
    (limits.textsMax, limits.isShared) = (min(limits.textsMax, endpoint.textsMax), false)
    let runners = (0..<endpoint.atOnce).map { _ in EndpointRunner(endpoint, context) }
    let batcher = batcher(model.name, models: 1, limits, runners)
    serve(model, by: endpoint, isOfPictures: false, batcher, number: 0)
  }

  private func batcher(_ name: String, models: Int, _ limits: BatchLimits, _ runners: [any BatchRunner]) -> Batcher {
    let batcher = Batcher(name, models: models, limits, cache: settings.cacheEach, runners: runners, context)
    batchers.append(batcher)
    return batcher
  }

  private func serve(
    _ model: Settings.Model,
    by engine: any EmbeddingEngine,
    isOfPictures: Bool,
    _ batcher: Batcher,
    number: Int
  ) {
    let answer = EmbedAnswer(model.name, engine, isOfPictures: isOfPictures)
    models[model.name] = Served(batcher: batcher, number: number, isOfPictures: isOfPictures, answer: answer)
    context.log.info(
      "model served",
      [
        "model": .string(model.name), "engine": .string(model.engine.rawValue), "version": .string(engine.version),
        "checksum": .string(engine.checksum), "dimension": .int(Int64(engine.dimension)),
      ]
    )
  }

  /// Answers a request for vectors.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let topic = try Topic(envelope.topic)
    guard topic.area == "embed", topic.name == "text.infer" || topic.name == "image.infer" else {
      throw EmbedderError("topic: expected embed.text.infer or embed.image.infer, found \(topic.area).\(topic.name)")
    }
    guard !models.isEmpty else { throw EmbedderError("the service is stopping") }
    let deadline = envelope.deadline == 0 ? 0 : envelope.deadline - Self.margin
    let model = try model(envelope.resource, isOfPictures: topic.name == "image.infer")
    if model.isOfPictures, let desk {
      let request = try ImageRequest(envelope.payload, countMax: model.answer.countMax)
      let tenant = TenantName(provider: envelope.provider, tenant: envelope.tenant)
      let made = try await desk.make(request, model: model.number, for: tenant, deadline: deadline)
      return model.answer.response(made)
    }
    let request = try TextRequest(envelope.payload, countMax: model.answer.countMax)
    context.metrics.add("texts_total", Double(request.texts.count))
    let subjects = request.texts.map { (SubjectKey($0, model: model.number), Subject.text($0)) }
    let made = try await model.batcher.make(subjects, request.priority, deadline: deadline)
    return model.answer.response(try made.map { try $0.get() })
  }

  /// The model of a name, if it is of what the request is about.
  private func model(_ name: String, isOfPictures: Bool) throws(EmbedderError) -> Served {
    if let model = models[name], model.isOfPictures == isOfPictures { return model }
    let known = models.filter { $0.value.isOfPictures == isOfPictures }.keys.sorted()
    let kind = isOfPictures ? "images" : "texts"
    let expected =
      known.isEmpty ? "a model of \(kind), of which none is served" : "a model, one of \(known.joined(separator: ", "))"
    throw EmbedderError("resource: expected \(expected), found \"\(name.prefix(64))\"")
  }

  /// Ends what waits, and the threads.
  public func stop() async {
    for batcher in batchers { batcher.stop() }
    (models, batchers, desk) = ([:], [], nil)
  }
}
