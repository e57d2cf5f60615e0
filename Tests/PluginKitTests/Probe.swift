import Glibc
import PluginKit
import Locking

/// A plugin that does what the intent of an envelope says, so that a test can watch the kit at it.
@PluginActor
final class Probe: Plugin {
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  nonisolated static let id = "probe"
  private let context: Context
  private let name: String
  private var background: Task<Void, Never>?

  init(context: Context) throws {
    self.context = context
    name = try context.config.string("name", default: "")
    _ = try context.config.int("limit", default: 1, in: 1...10)
  }

  func start() async throws {
    if let topic = try? context.config.string("start_with") {
      _ = try await context.request(Envelope(topic: topic))
    }
    background = Task { [context] in
      while (try? await context.clock.sleep(for: .seconds(3600))) != nil { context.log.info("an hour has passed") }
    }
  }

  func handle(_ envelope: Envelope) async throws -> Response? {
    let text = String(decoding: envelope.payload, as: UTF8.self)
    switch envelope.intent {
    case "nothing": return nil
    case "answer": return Response(json: .string(text))
    case "bytes": return Response(payload: envelope.payload, contentType: "audio/L16")
    case "large": return Response(payload: [UInt8](repeating: 32, count: 70_000), contentType: "text/plain")
    case "fail": throw Broken(description: text)
    case "reject": throw Rejection(text)
    case "publish": try await context.publish(Envelope(topic: text, intent: "Published"))
    case "request": return try await forward(Envelope(topic: text, intent: "Asked"))
    case "request briefly": return try await forward(Envelope(topic: text), timeout: .seconds(2))
    case "request by a deadline":
      var request = Envelope(topic: text)
      request.deadline = 42
      return try await forward(request, timeout: .seconds(2))
    case "request, then fail":
      _ = try await forward(Envelope(topic: text))
      throw Broken(description: "too late")
    case "post":
      for line in text.split(separator: "\n") {
        let wish = try PostMessage(json: JSON.parse(Array(line.utf8)))
        _ = try await context.post(wish)
      }
    case "subscribe": try await context.subscribe(TopicPattern(text))
    case "sleep": try await context.clock.sleep(for: .seconds(Int(text) ?? 0))
    case "sleep, cancelled": return try await cancelledSleep()
    case "request, cancelled": return try await cancelledRequest(text)
    case "threads": return await threads()
    case "elsewhere": return Response(json: .string(await elsewhere()))
    case "yield": for _ in 0..<5000 { await Task.yield() }
    case "state": return try await useState()
    case "measure": measure()
    case "time": return Response(json: .string(context.clock.now.description))
    default: throw Rejection("intent: expected one that the probe knows, found \(envelope.intent)")
    }
    return nil
  }

  func stop() async {
    background?.cancel()
    await background?.value
    context.log.info("stopped")
    guard let turns = try? context.config.int("stop_after_turns") else { return }
    Task { [context, name] in
      await context.endOfBatch()
      Afterwards.say("\(name) has seen the end of a batch")
    }
    for _ in 0..<turns { await Task.yield() }
  }

  deinit {
    Afterwards.say("\(name) is gone")
  }

  private func forward(_ envelope: Envelope, timeout: Duration? = nil) async throws -> Response {
    let response = try await context.request(envelope, timeout: timeout)
    return Response(payload: response.payload, contentType: response.contentType)
  }

  /// The thread before and after each kind of await.
  private func threads() async -> Response {
    var seen = [JSON(integerLiteral: Int64(pthread_self()))]
    await Task.yield()
    seen.append(JSON(integerLiteral: Int64(pthread_self())))
    _ = try? await context.request(Envelope(topic: "anywhere"))
    seen.append(JSON(integerLiteral: Int64(pthread_self())))
    await Task { seen.append(JSON(integerLiteral: Int64(pthread_self()))) }.value
    return Response(json: .array(seen))
  }

  /// Whether work on another thread was on another, and this is back on its own.
  private func elsewhere() async -> String {
    let here = pthread_self()
    let there = await Task.detached { pthread_self() }.value
    return there != here && pthread_self() == here ? "there and back" : "never left"
  }

  /// What sleepers throw that are cancelled at any point of their way into the sleep.
  private func cancelledSleep() async throws -> Response {
    try await cancelled { [context] in try await context.clock.sleep(for: .seconds(3600)) }
  }

  private func cancelledRequest(_ topic: String) async throws -> Response {
    try await cancelled { [context] in _ = try await context.request(Envelope(topic: topic)) }
  }

  private func cancelled(_ body: @escaping @PluginActor @Sendable () async throws -> Void) async throws -> Response {
    var errors: Set<String> = []
    for turns in 0..<8 {
      let task = Task { try await body() }
      for _ in 0..<turns { await Task.yield() }
      task.cancel()
      if case .failure(let error) = await task.result { errors.insert("\(error)") } else { errors.insert("nothing") }
    }
    return Response(json: .array(errors.sorted().map { .string($0) }))
  }

  private func useState() async throws -> Response {
    let state = context.state.of(provider: "echo", tenant: "demo")
    var seen: [JSON] = [try await state.get("cursor").map { .string("\($0)") } ?? .null]
    try await state.put("cursor", Array("one".utf8), replacing: .none)
    let first = try await state.get("cursor")
    seen.append(.string(first.map { "\($0.version) \(String(decoding: $0.bytes, as: UTF8.self))" } ?? "nothing"))
    try await state.put("cursor", Array("two".utf8), replacing: .version(first?.version ?? 0))
    do {
      try await state.put("cursor", Array("three".utf8), replacing: .version(1))
    } catch {
      seen.append(.string(error.kind.rawValue))
    }
    try await state.put("cursor", Array("four".utf8))
    try await state.remove("cursor")
    seen.append(try await state.get("cursor") == nil ? "gone" : "still there")
    return Response(json: .array(seen))
  }

  private func measure() {
    context.metrics.add("messages_total")
    context.metrics.set("depth", 3)
    context.metrics.observe("seconds", 0.25)
    context.metrics.add("calls_total", labels: ["route": "GET /a\nb=c", "status": ""], 2)
    context.log.warning("measured", ["count": 3])
    context.log.debug("quietly")
  }
}

/// What probes do when no host can hear of it any more.
enum Afterwards {
  private struct State {
    var said: Set<String> = []
    var waiting: [String: CheckedContinuation<Void, Never>] = [:]
  }

  private static let state = Locked(State())

  static func say(_ what: String) {
    state.withLock { state in
      state.said.insert(what)
      state.waiting.removeValue(forKey: what)?.resume()
    }
  }

  /// Returns once it has been said.
  static func heard(_ what: String) async {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        if state.said.contains(what) { return continuation.resume() }
        state.waiting[what] = continuation
      }
    }
  }
}
