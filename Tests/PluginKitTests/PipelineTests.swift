import PluginABI
import PluginKit
import TestSupport
import Testing

/// Publishing without a task that waits for each.
@Suite(.timeLimit(.minutes(Patience.minutes)))
struct PipelineTests {
  /// A plugin that publishes what it is told to, and says how each ended.
  @PluginActor
  final class Stream: Plugin {
    nonisolated static let id = "stream"
    private let context: Context
    private let name: String
    private var heard: [String] = []

    init(context: Context) throws {
      self.context = context
      name = try context.config.string("name", default: "")
    }

    func handle(_ envelope: Envelope) async throws -> Response? {
      let text = String(decoding: envelope.payload, as: UTF8.self)
      switch envelope.intent {
      case "publish": for word in text.split(separator: " ") { publish(String(word)) }
      case "room":
        await context.room(below: Int(text) ?? 0)
        if !name.isEmpty { Afterwards.say("\(name) has room") }
        return Response(json: .int(Int64(context.backlog)))
      case "heard": return Response(json: .array(heard.map { .string($0) }))
      default: throw Rejection("intent: \(envelope.intent)")
      }
      return nil
    }

    /// Publishes on a topic, one that is `big` with more than an envelope holds; one that fails and ends in `+` is
    /// followed by another one.
    private func publish(_ topic: String) {
      let payload = [UInt8](repeating: 32, count: topic.hasPrefix("big") ? Int(PROMETHEAN_PAYLOAD_MAX) + 1 : 0)
      context.publish(Envelope(topic: topic, payload: payload)) { [self] result in
        switch result {
        case .success: heard.append(topic)
        case .failure(let error): heard.append("\(topic): \(error.kind)")
        }
        if case .failure = result, topic.hasSuffix("+") { publish("after-\(topic.dropLast())") }
        if !name.isEmpty { Afterwards.say("\(name): \(heard.joined(separator: ", "))") }
      }
    }
  }

  private func envelope(_ intent: String, _ text: String = "") -> Envelope {
    Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent, payload: Array(text.utf8))
  }

  private func heard(_ host: FakeHost) async throws -> [String] {
    try await host.request(envelope("heard")).arrayValue?.compactMap(\.stringValue) ?? []
  }

  private func names(_ range: Range<Int>) -> [String] { range.map { "t\($0)" } }

  @Test func `what is published goes out in its order, and each is heard of once`() async throws {
    let host = FakeHost(Stream.self)
    try await host.boot()
    #expect(await host.handle(envelope("publish", names(0..<500).joined(separator: " "))) == .ack)
    #expect(host.record.published.map(\.topic) == names(0..<500))
    #expect(try await heard(host) == names(0..<500))
    try await host.stop()
  }

  @Test func `what finds no room is kept in its order, among other calls`() async throws {
    let host = FakeHost(Stream.self)
    try await host.boot()
    await host.makeRoom(0)
    let first = await host.deliver(envelope("publish", names(0..<10).joined(separator: " ")))
    let rejected = await host.deliver(envelope("nonsense"))
    _ = await host.deliver(envelope("publish", names(10..<20).joined(separator: " ")))
    #expect(host.record.published.isEmpty)
    await host.makeRoom(4)
    await host.until { $0.published.count == 4 ? () : nil }
    #expect(host.record.outcome(of: first) == .ack)
    #expect(host.record.outcome(of: rejected) == nil)
    await host.makeRoom(7)
    _ = await host.until { $0.outcome(of: rejected) }
    #expect(host.record.published.map(\.topic) == names(0..<10))
    await host.makeRoom(nil)
    await host.until { $0.published.count == 20 ? () : nil }
    #expect(host.record.published.map(\.topic) == names(0..<20))
    #expect(try await heard(host) == names(0..<20))
    try await host.stop()
  }

  @Test func `a refusal is heard of once, at once or later`() async throws {
    let host = FakeHost(Stream.self, publishAnswer: { $0.topic == "t1" ? PROMETHEAN_DENIED : PROMETHEAN_OK })
    try await host.boot()
    #expect(await host.handle(envelope("publish", "t0 t1 t2")) == .ack)
    #expect(try await heard(host) == ["t0", "t1: denied", "t2"])
    try await host.stop()

    let deaf = FakeHost(Stream.self, missing: [PROMETHEAN_PUBLISH_V1])
    try await deaf.boot()
    #expect(await deaf.handle(envelope("publish", "t0 t1")) == .ack)
    #expect(try await heard(deaf) == ["t0: denied", "t1: denied"])
    try await deaf.stop()
  }

  @Test func `who publishes when it hears of a refusal is served behind the others`() async throws {
    let host = FakeHost(Stream.self)
    try await host.boot()
    await host.makeRoom(0)
    _ = await host.deliver(envelope("publish", "t0 big+ t1"))
    await host.makeRoom(nil)
    await host.until { $0.published.count == 3 ? () : nil }
    #expect(host.record.published.map(\.topic) == ["t0", "t1", "after-big"])
    #expect(try await heard(host) == ["big+: invalid", "t0", "t1", "after-big"])
    try await host.stop()
  }

  @Test func `no callback is lost when the instance ends with calls that wait`() async throws {
    let host = FakeHost(Stream.self, config: ["name": "ended stream"])
    try await host.boot()
    await host.makeRoom(1)
    _ = await host.deliver(envelope("publish", "t0 t1+ t2"))
    await host.until { $0.published.count == 1 ? () : nil }
    await Afterwards.heard("ended stream: t0")
    await host.destroy()
    await Afterwards.heard("ended stream: t0, t1+: cancelled, after-t1: cancelled, t2: cancelled")
  }

  @Test func `room is there as soon as few enough calls wait for it`() async throws {
    let host = FakeHost(Stream.self)
    try await host.boot()
    #expect(try await host.request(envelope("room", "1")) == 0)
    await host.makeRoom(0)
    _ = await host.deliver(envelope("publish", names(0..<10).joined(separator: " ")))
    // Ten wait, and an answer behind them.
    async let answer = host.request(envelope("room", "4"))
    await host.makeRoom(6)
    await host.until { $0.published.count == 6 ? () : nil }
    #expect(host.record.settled.count == 2)
    await host.makeRoom(1)
    await host.until { $0.published.count == 7 ? () : nil }
    await host.makeRoom(nil)
    #expect(try await answer == 3)
    try await host.stop()
  }

  @Test func `who waits for room when the instance ends goes on`() async throws {
    let host = FakeHost(Stream.self, config: ["name": "full stream"])
    try await host.boot()
    await host.makeRoom(0)
    _ = await host.deliver(envelope("publish", "t0"))
    _ = await host.deliver(envelope("room", "1"))
    await host.destroy()
    await Afterwards.heard("full stream: t0: cancelled")
    await Afterwards.heard("full stream has room")
  }
}
