import Locking
import MessageEmbedder
import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct MessageEmbedderTests {
  /// A storage and an embedder, of which the first lacks vectors of some texts.
  private final class World: Sendable {
    let missing: Locked<[String: String]>
    let puts = Locked<[(tenant: String, ids: [String])]>([])
    /// What fails.
    let failing = Locked<String?>(nil)

    init(missing: [String: String] = [:]) { self.missing = Locked(missing) }

    var stored: [String] { puts.withLock { $0.flatMap(\.ids) } }

    func serve(_ request: Envelope) -> FakeHost.Answer {
      let parts = request.topic.split(separator: ".").map(String.init)
      let operation = parts[5...].joined(separator: ".")
      if failing.withLock({ $0 }) == operation { return .error("it is broken") }
      let payload = (try? JSON.parse(request.payload)) ?? .null
      switch operation {
      case "embed.text.infer":
        let count = payload["texts"]?.arrayValue?.count ?? 0
        return .response([
          "models": [["name": "m", "version": "1", "checksum": "c"]], "dimension": 3,
          "vectors": .array(Array(repeating: "AAAA", count: count)),
        ])
      case "storage.vectors.missing":
        let left = missing.withLock { $0 }.sorted { $0.key < $1.key }.prefix(2)
        let documents = left.map { ["foreign_id": .string($0.key), "text": .string($0.value), "content": "0"] as JSON }
        return .response(["documents": .array(documents), "next": left.isEmpty ? .null : .string(left.last?.key ?? "")])
      case "storage.vectors.put":
        let ids = payload["vectors"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
        puts.withLock { $0.append((parts[2] + "/" + parts[4], ids)) }
        missing.withLock { missing in for id in ids { missing[id] = nil } }
        return .response(["written": .int(Int64(ids.count))])
      default: return .error("\(operation) is not known")
      }
    }
  }

  private func host(_ world: World, tenants: [JSON] = []) -> FakeHost {
    FakeHost(
      MessageEmbedder.self,
      config: ["model": "m"],
      binding: ["tenants": .array(tenants)],
      answer: { world.serve($0) }
    )
  }

  private func event(_ name: String, _ text: String?, origin: Envelope.Origin = .live) -> Envelope {
    var message: JSONObject = [
      "message_id": "m1", "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
      "created_at": "2026-01-01T00:00:00Z", "edited_at": "2026-01-02T00:00:00Z", "provider": "echo",
      "tenant": "demo",
    ]
    message["text"] = text.map { .string($0) }
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.\(name)",
      payload: JSON.object(message).bytes()
    )
    envelope.origin = origin
    return envelope
  }

  @Test(arguments: ["SocialMessageCreated", "SocialMessageUpdated"])
  func `the text of a message becomes a vector of its document`(name: String) async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    #expect(await host.handle(event(name, "hello")) == .ack)
    let requested = host.record.requested.map(\.envelope).filter { $0.topic.contains(".t.demo.") }
    let infer = try #require(requested.first { $0.topic.hasSuffix("embed.text.infer") })
    #expect(infer.resource == "m")
    #expect(try JSON.parse(infer.payload) == ["texts": ["hello"], "priority": "live"])
    let put = try #require(requested.first { $0.topic.hasSuffix("storage.vectors.put") })
    #expect(put.resource == "messages")
    // The digest of "hello", as anybody's sha256 tells it.
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    #expect(
      try JSON.parse(put.payload) == [
        "model": ["dimension": 3, "name": "m", "version": "1", "checksum": "c"],
        "vectors": [["foreign_id": "m1", "content": .string(digest), "vector": "AAAA"]],
      ]
    )
    try await host.stop()
  }

  @Test func `what is of the past waits for what is live`() async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    #expect(await host.handle(event("SocialMessageCreated", "hello", origin: .backfill)) == .ack)
    let infer = host.record.requested.map(\.envelope).first { $0.topic.hasSuffix("embed.text.infer") }
    #expect(try JSON.parse(infer?.payload ?? [])["priority"] == "backfill")
    try await host.stop()
  }

  @Test(arguments: ["", nil])
  func `a message without text has no vector`(text: String?) async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    #expect(await host.handle(event("SocialMessageUpdated", text)) == .ack)
    #expect(world.stored.isEmpty)
    try await host.stop()
  }

  @Test func `what is no message goes to the dead letters`() async throws {
    let host = host(World())
    try await host.boot()
    #expect(
      await host.handle(event("SocialTyping", "x"))
        == .reject("topic: expected SocialMessageCreated or Updated, found SocialTyping")
    )
    try await host.stop()
  }

  @Test func `what lacks a vector when it starts gets one, for each of its tenants`() async throws {
    let world = World(missing: ["a": "one", "b": "two", "c": "three", "d": "four", "e": "five"])
    let host = host(world, tenants: ["echo/demo", "echo/other"])
    try await host.boot()
    await host.settle()
    #expect(world.stored.sorted() == ["a", "b", "c", "d", "e"])
    #expect(host.record.requested.contains { $0.envelope.topic.contains(".t.other.storage.vectors.missing") })
    try await host.stop()
  }

  @Test(arguments: ["embed.text.infer", "storage.vectors.put"])
  func `what fails when it comes is made up for later`(operation: String) async throws {
    let world = World()
    let host = host(world, tenants: ["echo/demo"])
    try await host.boot()
    world.failing.withLock { $0 = operation }
    #expect(await host.handle(event("SocialMessageCreated", "hello")) == .ack)
    #expect(world.stored.isEmpty)
    world.failing.withLock { $0 = nil }
    world.missing.withLock { $0["m1"] = "hello" }
    await host.pass(.seconds(61), step: .seconds(10))
    #expect(world.stored == ["m1"])
    try await host.stop()
  }

  @Test func `texts that are long are asked for few at a time`() async throws {
    let long = String(repeating: "many words ", count: 2_500)
    let world = World(missing: ["a": long, "b": long, "c": "short"])
    let host = host(world, tenants: ["echo/demo"])
    try await host.boot()
    await host.settle()
    #expect(world.stored.sorted() == ["a", "b", "c"])
    let asked = host.record.requested.map(\.envelope).filter { $0.topic.hasSuffix("embed.text.infer") }
    #expect(try asked.allSatisfy { try (JSON.parse($0.payload)["texts"]?.arrayValue?.count ?? 0) < 2 })
    try await host.stop()
  }
}
