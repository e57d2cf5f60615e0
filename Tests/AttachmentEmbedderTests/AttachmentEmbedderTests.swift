import AttachmentEmbedder
import Locking
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct AttachmentEmbedderTests {
  /// A storage and an embedder, of which the first lacks vectors of some pictures.
  private final class World: Sendable {
    /// The content of each document that lacks one.
    let missing: Locked<[String: String]>
    let puts = Locked<[JSON]>([])
    /// Contents that are refused, and whether for good.
    let refused = Locked<[String: Bool]>([:])
    /// What fails.
    let failing = Locked<String?>(nil)

    init(missing: [String: String] = [:]) { self.missing = Locked(missing) }

    /// What was put of each document: its vector, or null.
    var stored: [String: JSON] {
      puts.withLock { puts in
        Dictionary(puts.map { ($0["foreign_id"]?.stringValue ?? "", $0["vector"] ?? "absent") }) { $1 }
      }
    }

    func serve(_ request: Envelope) -> FakeHost.Answer {
      let parts = request.topic.split(separator: ".").map(String.init)
      let operation = parts[5...].joined(separator: ".")
      if failing.withLock({ $0 }) == operation { return .error("it is broken") }
      let payload = (try? JSON.parse(request.payload)) ?? .null
      switch operation {
      case "embed.image.infer": return .response(infer(payload["images"]?.arrayValue ?? []))
      case "storage.vectors.missing":
        let limit = Int(payload["limit"]?.intValue ?? 100)
        let left = missing.withLock { $0 }.sorted { $0.key < $1.key }.prefix(limit)
        let documents = left.map { ["foreign_id": .string($0.key), "content": .string($0.value)] as JSON }
        return .response(["documents": .array(documents), "next": nil])
      case "storage.vectors.put":
        let list = payload["vectors"]?.arrayValue ?? []
        puts.withLock { $0 += list }
        missing.withLock { missing in for put in list { missing[put["foreign_id"]?.stringValue ?? ""] = nil } }
        return .response(["written": .int(Int64(list.count))])
      default: return .error("\(operation) is not known")
      }
    }

    private func infer(_ images: [JSON]) -> JSON {
      var refusals: [JSON] = []
      let vectors = images.enumerated().map { index, image -> JSON in
        guard image["collection"] == "attachments", let sha256 = image["sha256"]?.stringValue else { return "wrong" }
        guard let isForGood = refused.withLock({ $0[sha256] }) else { return .string("vector of \(sha256)") }
        refusals.append(["index": .int(Int64(index)), "reason": "because", "again": .bool(!isForGood)])
        return .null
      }
      return [
        "models": [["name": "m", "version": "1", "checksum": "c"]], "dimension": 3, "vectors": .array(vectors),
        "refused": .array(refusals),
      ]
    }
  }

  private func host(_ world: World, tenants: [JSON] = ["echo/demo"]) -> FakeHost {
    FakeHost(
      AttachmentEmbedder.self,
      config: ["model": "m"],
      binding: ["tenants": .array(tenants)],
      answer: { world.serve($0) }
    )
  }

  private func event(_ name: String, attachments: Int) -> Envelope {
    let list = (0..<attachments).map { number -> JSON in
      ["urn": .string("urn:echo:attachment:demo:\(number)"), "url": "https://cdn.example.com/a.png"]
    }
    let message: JSON = [
      "message_id": "m1", "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
      "created_at": "2026-01-01T00:00:00Z", "edited_at": "2026-01-02T00:00:00Z", "provider": "echo",
      "tenant": "demo", "attachments": .array(list),
    ]
    return Envelope(topic: "promethean.p.echo.t.demo.events.\(name)", payload: message.bytes())
  }

  private func asked(_ host: FakeHost, _ operation: String) -> Int {
    host.record.requested.count { $0.envelope.topic.hasSuffix(operation) }
  }

  @Test func `what lacks a vector when it starts gets one, for each of its tenants`() async throws {
    let world = World(missing: Dictionary(uniqueKeysWithValues: (0..<20).map { ("d\($0)", "c\($0)") }))
    let host = host(world, tenants: ["echo/demo", "echo/other"])
    try await host.boot()
    await host.settle()
    #expect(world.stored == Dictionary(uniqueKeysWithValues: (0..<20).map { ("d\($0)", .string("vector of c\($0)")) }))
    #expect(host.record.requested.contains { $0.envelope.topic.contains(".t.other.storage.vectors.missing") })
    let infer = host.record.requested.map(\.envelope).filter { $0.topic.hasSuffix("embed.image.infer") }
    #expect(infer.allSatisfy { $0.resource == "m" })
    #expect(try infer.allSatisfy { try (JSON.parse($0.payload)["images"]?.arrayValue?.count ?? 0) <= 8 })
    try await host.stop()
  }

  @Test(arguments: ["SocialMessageCreated", "SocialMessageUpdated"])
  func `a picture has its vector soon after it was stored, however late that is after its message`(
    name: String
  ) async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    #expect(await host.handle(event(name, attachments: 1)) == .ack)
    await host.pass(.seconds(3), step: .milliseconds(250))
    #expect(world.stored.isEmpty)
    world.missing.withLock { $0["m1:0"] = "c" }
    await host.pass(.seconds(4), step: .milliseconds(250))
    #expect(world.stored == ["m1:0": "vector of c"])
    let infer = host.record.requested.map(\.envelope).last { $0.topic.hasSuffix("embed.image.infer") }
    #expect(try JSON.parse(infer?.payload ?? [])["priority"] == "live")
    try await host.stop()
  }

  @Test func `messages that come one after the other are looked for by one`() async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    for _ in 0..<20 { #expect(await host.handle(event("SocialMessageCreated", attachments: 2)) == .ack) }
    let before = asked(host, "storage.vectors.missing")
    await host.pass(.milliseconds(250), step: .milliseconds(250))
    #expect(asked(host, "storage.vectors.missing") == before + 1)
    try await host.stop()
  }

  @Test func `the next message is looked for as soon as the first, however long that is ago`() async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    for number in 0..<4 {
      #expect(await host.handle(event("SocialMessageCreated", attachments: 1)) == .ack)
      world.missing.withLock { $0["m\(number):0"] = "c" }
      await host.pass(.milliseconds(500), step: .milliseconds(250))
      #expect(world.stored.count == number + 1)
      await host.pass(.seconds(2 * number))
    }
    try await host.stop()
  }

  @Test func `a message without attachments is looked for by nobody`() async throws {
    let world = World()
    let host = host(world)
    try await host.boot()
    await host.settle()
    let before = asked(host, "storage.vectors.missing")
    #expect(await host.handle(event("SocialMessageCreated", attachments: 0)) == .ack)
    await host.pass(.seconds(30), step: .seconds(1))
    #expect(asked(host, "storage.vectors.missing") == before)
    try await host.stop()
  }

  @Test func `what cannot be decoded is said to have none and never tried again, the others have theirs`() async throws
  {
    let world = World(missing: ["bad": "b", "good": "g"])
    world.refused.withLock { $0["b"] = true }
    let host = host(world)
    try await host.boot()
    await host.settle()
    #expect(world.stored == ["good": "vector of g", "bad": .null])
    let before = asked(host, "storage.vectors.put")
    await host.pass(.seconds(200), step: .seconds(20))
    #expect(asked(host, "storage.vectors.put") == before)
    try await host.stop()
  }

  @Test func `what could not be read now is tried again`() async throws {
    let world = World(missing: ["late": "l"])
    world.refused.withLock { $0["l"] = false }
    let host = host(world)
    try await host.boot()
    await host.settle()
    #expect(world.stored.isEmpty)
    world.refused.withLock { $0 = [:] }
    await host.pass(.seconds(61), step: .seconds(10))
    #expect(world.stored == ["late": "vector of l"])
    try await host.stop()
  }

  @Test(arguments: ["embed.image.infer", "storage.vectors.put", "storage.vectors.missing"])
  func `what fails is made up for`(operation: String) async throws {
    let world = World(missing: ["a": "c"])
    world.failing.withLock { $0 = operation }
    let host = host(world)
    try await host.boot()
    await host.settle()
    #expect(world.stored.isEmpty)
    world.failing.withLock { $0 = nil }
    await host.pass(.seconds(6), step: .seconds(1))
    #expect(world.stored == ["a": "vector of c"])
    try await host.stop()
  }

  @Test func `what is no message goes to the dead letters`() async throws {
    let host = host(World())
    try await host.boot()
    let outcome = await host.handle(event("SocialTyping", attachments: 0))
    #expect(outcome == .reject("topic: expected SocialMessageCreated or Updated, found SocialTyping"))
    try await host.stop()
  }
}
