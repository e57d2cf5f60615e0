import PluginKit
import TestSupport
import Testing

@testable import Embedder

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RequestTests {
  private func hashing(_ config: JSON = [:]) async throws -> FakeHost {
    let host = FakeHost(EmbedderPlugin.self, config: config, missing: ["promethean.clock/1"])
    try await host.boot()
    return host
  }

  private func refusal(_ host: FakeHost, _ envelope: Envelope) async -> String {
    do {
      return "no error: \(try await host.request(envelope))"
    } catch {
      return (error as? FakeHost.Failure)?.description ?? "\(error)"
    }
  }

  @Test func `an answer has the model, the dimension and a vector of unit length for each text`() async throws {
    let host = try await hashing()
    let envelope = EmbedderFixture.envelope(["texts": ["one", "two", ""]], model: "feature-hashing")
    guard case .response(let response) = await host.handle(envelope) else {
      Issue.record("expected a response")
      return
    }
    let models: JSON = [["name": "feature-hashing", "version": "1", "checksum": "rules:1"]]
    #expect(try JSON.parse(response.models) == models)
    let answer = try JSON.parse(response.payload)
    #expect(answer["models"] == models && answer["dimension"] == 384)
    let vectors = EmbedderFixture.vectors(in: answer)
    #expect(vectors.map(\.count) == [384, 384, 384])
    for vector in vectors { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5) }
    try await host.stop()
  }

  @Test func `as many texts as are allowed fit an answer, and no more are`() async throws {
    let host = try await hashing()
    let texts = (0..<31).map { JSON.string("text \($0)") }
    let envelope = EmbedderFixture.envelope(["texts": .array(texts)], model: "feature-hashing")
    guard case .response(let response) = await host.handle(envelope) else {
      Issue.record("expected a response")
      return
    }
    #expect(response.payload.count <= 64 << 10 && response.payload.count > 60 << 10)
    let more = EmbedderFixture.envelope(["texts": .array(texts + texts)], model: "feature-hashing")
    let words = "texts: expected at most 31, which an answer of 64 KiB has room for, found 62"
    #expect(await refusal(host, more) == words)
    try await host.stop()
  }

  static let wrong: [(JSON, String)] = [
    ([], "payload: expected object, found empty array"),
    ([:], "texts: expected a list of texts, found null"),
    (["texts": []], "texts: expected a list of texts, found empty array"),
    (["texts": "one"], "texts: expected a list of texts, found string"),
    (["texts": ["one", 2]], "texts[1]: expected string, found"),
    (["texts": ["one"], "priority": "soon"], "priority: expected live or backfill, found string"),
    (["texts": ["one"], "model": "x"], "model: unknown; known are priority, texts"),
    (["texts": [.string(String(repeating: "x", count: 49_153))]], "texts: expected at most 49152 bytes together"),
  ]

  @Test(arguments: wrong)
  func `a request that cannot be is refused in words that say why`(payload: JSON, words: String) async throws {
    let host = try await hashing()
    let found = await refusal(host, EmbedderFixture.envelope(payload, model: "feature-hashing"))
    #expect(found.hasPrefix(words), "\(found)")
    try await host.stop()
  }

  @Test func `a payload that is no UTF-8, another topic and an unknown model are refused`() async throws {
    let host = try await hashing()
    var envelope = EmbedderFixture.envelope([:], model: "feature-hashing")
    envelope.payload = Array(#"{"texts":["\#u{0}"]}"#.utf8) + [0xFF]
    #expect(await refusal(host, envelope).hasPrefix("payload: "))
    envelope.payload = Array("{\"texts\":[\"".utf8) + [0xC3, 0x28] + Array("\"]}".utf8)
    #expect(await refusal(host, envelope).hasPrefix("payload: "))
    envelope.topic = "promethean.p.echo.t.demo.embed.text.list"
    let topics = "topic: expected embed.text.infer or embed.image.infer"
    #expect(await refusal(host, envelope) == "\(topics), found embed.text.list")
    let unknown = EmbedderFixture.envelope(["texts": ["x"]], model: "other")
    #expect(await refusal(host, unknown) == #"resource: expected a model, one of feature-hashing, found "other""#)
    try await host.stop()
  }

  static let configurations: [(JSON, String)] = [
    (["models": []], "config.models: expected at least one, found none"),
    (["models": [["name": "a"], ["name": "a"]]], #"config.models: expected each name once, found "a" twice"#),
    (["models": [["engine": "transformer"]]], "config.models[0].name: expected string, found nothing"),
    (
      ["models": [["name": "a", "engine": "b"]]],
      "config.models: a: engine: expected one of feature-hashing, "
    ),
    (["models": ["a"]], "config.models: expected list of objects"),
    (["batch_max": 0], "config.batch_max: expected integer from 1 to 256, found 0"),
  ]

  @Test(arguments: configurations)
  func `a wrong configuration names the key`(config: JSON, words: String) async throws {
    let host = FakeHost(EmbedderPlugin.self, config: config)
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description.hasPrefix(words) == true, "\(error.debugDescription)")
  }

  @Test func `a model that is not there is named, with what installs it`() async throws {
    let model: JSON = ["name": "absent", "engine": "transformer"]
    let host = FakeHost(EmbedderPlugin.self, config: ["directory": "/nowhere", "models": [model]])
    try await host.create()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.start() }
    let words = "model absent: /nowhere/absent/config.json: No such file or directory; scripts/models DIRECTORY"
    #expect(error?.description.hasPrefix(words) == true, "\(error.debugDescription)")
    await host.destroy()
  }

  @Test func `a model without a directory that is granted is refused`() async throws {
    let host = FakeHost(EmbedderPlugin.self, config: ["models": [["name": "a", "engine": "transformer"]]])
    try await host.create()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.start() }
    let words = "config.models: a: expected a grant of fs.read or an absolute path, found a"
    #expect(error?.description == words)
    await host.destroy()
  }
}
