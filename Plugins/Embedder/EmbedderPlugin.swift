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
  private var batcher: Batcher?
  private var desk: PictureDesk?

  /// A model that is served.
  private struct Served {
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
    var engines: [LoadedEngine] = []
    for model in settings.models {
      let loaded = try load(model)
      let answer = EmbedAnswer(model.name, loaded)
      models[model.name] = Served(number: engines.count, isOfPictures: loaded.isOfPictures, answer: answer)
      engines.append(loaded)
      let engine = loaded.engine
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
    let batcher = Batcher(engines, settings.limits, cache: settings.cache, threads: threads, context)
    desk = PictureDesk(context: context, batcher: batcher, bytesMax: settings.imageBytesMax)
    self.batcher = batcher
  }

  /// Answers a request for vectors.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let topic = try Topic(envelope.topic)
    guard topic.area == "embed", topic.name == "text.infer" || topic.name == "image.infer" else {
      throw EmbedderError("topic: expected embed.text.infer or embed.image.infer, found \(topic.area).\(topic.name)")
    }
    guard let batcher, let desk else { throw EmbedderError("the service is stopping") }
    let deadline = envelope.deadline == 0 ? 0 : envelope.deadline - Self.margin
    let model = try model(envelope.resource, isOfPictures: topic.name == "image.infer")
    if model.isOfPictures {
      let request = try ImageRequest(envelope.payload, countMax: model.answer.countMax)
      let tenant = TenantName(provider: envelope.provider, tenant: envelope.tenant)
      let made = try await desk.make(request, model: model.number, for: tenant, deadline: deadline)
      return model.answer.response(made)
    }
    let request = try TextRequest(envelope.payload, countMax: model.answer.countMax)
    context.metrics.add("texts_total", Double(request.texts.count))
    let subjects = request.texts.map { (SubjectKey($0, model: model.number), Subject.text($0)) }
    let made = try await batcher.make(subjects, request.priority, deadline: deadline)
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

  /// Ends the threads.
  public func stop() async {
    batcher?.stop()
    (batcher, desk) = (nil, nil)
  }
}
