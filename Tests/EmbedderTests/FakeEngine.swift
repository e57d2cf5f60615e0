import Foundation
import Locking
import PluginKit
import TestSupport

@testable import Embedder

/// An engine that says what it is given, and computes nothing until a test lets it.
final class FakeEngine: TextEngine {
  let dimension = 4
  let version = "7"
  let checksum = "none:0"

  private let batches = Locked<[[String]]>([])
  private let gate = DispatchSemaphore(value: 0)
  private let isOpen: Bool
  private let failure: String?

  /// An engine that waits for `open`, unless it is open from the beginning.
  init(isOpen: Bool = true, failure: String? = nil) {
    self.isOpen = isOpen
    self.failure = failure
  }

  /// The batches that have been begun.
  var begun: [[String]] { batches.withLock { $0 } }

  /// Lets so many batches through.
  func open(_ count: Int = 1) {
    for _ in 0..<count { gate.signal() }
  }

  /// The vector of a text: of unit length, and telling most texts apart.
  static func vector(_ text: String) -> [Float] {
    let angle = Float(text.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 1_000)
    return [cosf(angle), sinf(angle), 0, 0]
  }

  func makeWorker() throws(EmbedderError) -> any TextWorker { Worker(self) }

  private final class Worker: TextWorker {
    private let engine: FakeEngine

    init(_ engine: FakeEngine) {
      self.engine = engine
    }

    func vectors(of texts: [String]) throws(EmbedderError) -> [[Float]] {
      engine.batches.withLock { $0.append(texts) }
      if !engine.isOpen { engine.gate.wait() }
      if let failure = engine.failure { throw EmbedderError(failure) }
      return texts.map(FakeEngine.vector)
    }
  }
}

/// The plugin with engines of the test's own, which it finds by the names of its models.
@PluginActor
final class EmbedderWithFakes: Plugin {
  nonisolated static let id = EmbedderPlugin.id
  nonisolated static let engines = Locked<[String: FakeEngine]>([:])

  private let plugin: EmbedderPlugin

  init(context: Context) throws {
    plugin = try EmbedderPlugin(context: context) { (model) throws(EmbedderError) in
      guard let engine = Self.engines.withLock({ $0[model.name] }) else { throw EmbedderError("no \(model.name)") }
      return .texts(engine)
    }
  }

  func start() async throws { try await plugin.start() }
  func handle(_ envelope: Envelope) async throws -> Response? { try await plugin.handle(envelope) }
  func stop() async { await plugin.stop() }
}

/// An embedder with one model in a host made for tests.
final class EmbedderFixture: Sendable {
  let engine: FakeEngine
  let host: FakeHost
  private let model: String

  /// Without a delay, unless the configuration says otherwise.
  init(_ engine: FakeEngine = FakeEngine(), config: JSONObject = [:], missing: Set<String> = []) async throws {
    self.engine = engine
    let model = "fake-\(UInt64.random(in: 0...(.max)))"
    self.model = model
    EmbedderWithFakes.engines.withLock { $0[model] = engine }
    var config = config
    config["models"] = [["name": .string(model)]]
    config["delay"] = config["delay"] ?? "0ms"
    host = FakeHost(EmbedderWithFakes.self, config: .object(config), missing: missing)
    try await host.boot()
  }

  /// A request for vectors.
  func request(
    _ texts: [String],
    tenant: String = "demo",
    priority: String? = nil,
    deadline: Int64 = 0
  ) -> Envelope {
    var payload: JSONObject = ["texts": .array(texts.map { .string($0) })]
    if let priority { payload["priority"] = .string(priority) }
    return Self.envelope(.object(payload), model: model, tenant: tenant, deadline: deadline)
  }

  static func envelope(_ payload: JSON, model: String, tenant: String = "demo", deadline: Int64 = 0) -> Envelope {
    let topic = "promethean.p.echo.t.\(tenant).embed.text.infer"
    var envelope = Envelope(topic: topic, intent: "text.infer", payload: payload.bytes())
    envelope.resource = model
    envelope.flags = .request
    envelope.deadline = deadline
    return envelope
  }

  /// What a request was answered with: vectors, or the words of an error.
  func answer(_ delivery: UInt64) async throws -> (vectors: [[Float]], error: String) {
    guard case .response(let response) = await host.outcome(of: delivery) else { return ([], "no response") }
    let json = try JSON.parse(response.payload)
    guard !response.flags.contains(.error) else { return ([], json["message"]?.stringValue ?? json.text) }
    return (Self.vectors(in: json), "")
  }

  /// Returns when the engine has begun so many batches.
  func begun(_ count: Int) async throws -> [[String]] {
    while engine.begun.count < count { try await Task.sleep(for: .milliseconds(1)) }
    return engine.begun
  }

  /// The vectors of an answer.
  static func vectors(in answer: JSON) -> [[Float]] {
    (answer["vectors"]?.arrayValue ?? []).map { text in
      let bytes = text.stringValue.flatMap(Base64.decode) ?? []
      return stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    }
  }
}
