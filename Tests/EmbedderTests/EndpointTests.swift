import Locking
import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import Embedder

/// Models that somebody else runs, who is played by the test's host.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct EndpointTests {
  private static let model: JSONObject = [
    "name": "far", "engine": "endpoint", "provider": "echo", "tenant": "models", "model": "m", "dimension": 4,
  ]

  /// An embedder with the model `far`, and with hashing beside it.
  private func embedder(
    _ more: JSONObject = [:],
    config: JSONObject = [:],
    answer: @escaping @Sendable (Envelope) -> FakeHost.Answer
  ) async throws -> FakeHost {
    var model = Self.model
    for (key, value) in more { model[key] = value }
    var config = config
    config["delay"] = "0ms"
    config["models"] = [.object(model), ["name": "feature-hashing"]]
    let host = FakeHost(EmbedderPlugin.self, config: .object(config), answer: answer)
    try await host.boot()
    return host
  }

  private static func request(_ texts: [String], model: String = "far", tenant: String = "demo") -> Envelope {
    let payload: JSON = ["texts": .array(texts.map { .string($0) })]
    return EmbedderFixture.envelope(payload, model: model, tenant: tenant)
  }

  private static func packed(_ numbers: [Float]) -> JSON {
    let bytes = numbers.flatMap { number in
      stride(from: UInt32(0), to: 32, by: 8).map { UInt8(truncatingIfNeeded: number.bitPattern >> $0) }
    }
    return .string(Base64.encode(bytes))
  }

  /// What an access plugin answers: these items, with their numbers.
  private static func answer(_ items: [(index: JSON, embedding: JSON)]) -> JSON {
    let data = items.map { JSON.object(["object": "embedding", "index": $0.index, "embedding": $0.embedding]) }
    return ["status": 200, "ok": true, "data": ["object": "list", "data": .array(data)]]
  }

  /// The vector of a text: as `FakeEngine` has it, and twice as long.
  private static func longer(_ text: String) -> JSON { packed(FakeEngine.vector(text).map { $0 * 2 }) }

  /// The texts that are asked for.
  private static func input(_ envelope: Envelope) -> [String] {
    let body = (try? JSON.parse(envelope.payload))?["body"]
    return (body?["input"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Answers as a good server does, last text first.
  private static func good(_ envelope: Envelope) -> FakeHost.Answer {
    .response(answer(input(envelope).enumerated().reversed().map { (.int(Int64($0)), longer($1)) }))
  }

  private static func failure(_ status: Int64, _ message: String, hint: String? = nil) -> FakeHost.Answer {
    var json: JSONObject = [
      "status": .int(status), "ok": false, "error": ["code": "", "message": .string(message)], "data": .null,
    ]
    if let hint { json["hint"] = .string(hint) }
    return .response(.object(json))
  }

  private func vectors(_ host: FakeHost, _ texts: [String], model: String = "far") async throws -> [[Float]] {
    EmbedderFixture.vectors(in: try await host.request(Self.request(texts, model: model)))
  }

  private func refusal(_ host: FakeHost, _ texts: [String], tenant: String = "demo") async -> String {
    do {
      return "no error: \(try await host.request(Self.request(texts, tenant: tenant)))"
    } catch {
      return (error as? FakeHost.Failure)?.description ?? "\(error)"
    }
  }

  private func isNear(_ found: [[Float]], _ texts: [String]) -> Bool {
    let expected = texts.map(FakeEngine.vector)
    return found.count == expected.count
      && zip(found.joined(), expected.joined()).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  @Test func `texts go to the tenant's access plugin, and come back as vectors of unit length in their order`()
    async throws
  {
    let host = try await embedder(answer: Self.good)
    #expect(isNear(try await vectors(host, ["a", "b", "c"]), ["a", "b", "c"]))
    let sent = try #require(host.record.requested.first?.envelope)
    #expect(sent.topic == "promethean.p.echo.t.models.control.request" && host.record.requested.count == 1)
    let order: JSON = [
      "method": "POST", "path": "/embeddings",
      "body": ["model": "m", "input": ["a", "b", "c"], "encoding_format": "base64"],
    ]
    #expect(try JSON.parse(sent.payload) == order)
    #expect(sent.deadline == FakeHost.epoch + 20_000_000_000)
    // What was computed is kept, and what is the same is asked for once.
    #expect(isNear(try await vectors(host, ["c", "d", "d", ""]), ["c", "d", "d", " "]))
    #expect(host.record.requested.map { Self.input($0.envelope) } == [["a", "b", "c"], ["d", " "]])
    try await host.stop()
  }

  @Test func `an answer tells the model by what is known of it`() async throws {
    var told: [JSON] = []
    let changes: [JSONObject] = [
      [:], [:], ["version": "2"], ["model": "n"], ["tenant": "others"], ["provider": "other"], ["name": "other"],
    ]
    for change in changes {
      let host = try await embedder(change, answer: Self.good)
      let model = change["name"]?.stringValue ?? "far"
      let answer = try await host.request(Self.request(["a"], model: model))
      told.append(answer["models"]?.arrayValue?.first ?? .null)
      #expect(answer["dimension"] == 4)
      try await host.stop()
    }
    #expect(told[0]["version"] == "1" && told[2]["version"] == "2")
    let checksums = told.compactMap { $0["checksum"]?.stringValue }
    #expect(checksums[0].hasPrefix("endpoint:") && checksums[0].utf8.count == 73)
    // The same as before, and the same under another name here; all others differ.
    #expect(checksums[1] == checksums[0] && checksums[6] == checksums[0])
    #expect(Set(checksums).count == 5)
  }

  static let bad: [(answer: JSON, words: String)] = [
    (answer([(0, longer("a"))]), "data: expected a list of 2 vectors, found 1"),
    (answer([(0, longer("a")), (1, longer("b")), (2, longer("c"))]), "data: expected a list of 2 vectors, found 3"),
    (["ok": true, "data": [:]], "data: expected a list of 2 vectors, found null"),
    (["ok": true, "data": ["data": "x"]], "data: expected a list of 2 vectors, found text of 1 bytes"),
    (answer([(0, longer("a")), (0, longer("b"))]), "data[1].index: expected each once, found 0 twice"),
    (answer([(0, longer("a")), (2, longer("b"))]), "data[1].index: expected integer from 0 to 1, found integer 2"),
    (answer([(.null, longer("a")), (1, longer("b"))]), "data[0].index: expected integer from 0 to 1, found null"),
    (
      answer([(0, longer("a")), (1, packed([1, 2, 3]))]),
      "data[1].embedding: expected 4 numbers, as the model's dimension says, found 3"
    ),
    (
      answer([(0, packed([1, .nan, 0, 0])), (1, longer("b"))]),
      "data[0].embedding: expected finite numbers, found nan at 1"
    ),
    (
      answer([(0, packed([1, 0, 0, -.infinity])), (1, longer("b"))]),
      "data[0].embedding: expected finite numbers, found -inf at 3"
    ),
    (answer([(0, packed([0, 0, 0, 0])), (1, longer("b"))]), "data[0].embedding: expected a direction, found 4 zeros"),
    (
      answer([(0, [1, 2, 3, 4]), (1, longer("b"))]),
      "data[0].embedding: expected base64 of floats of 4 bytes, found array"
    ),
    (
      answer([(0, "AAA="), (1, longer("b"))]),
      "data[0].embedding: expected base64 of floats of 4 bytes, found text of 4 bytes"
    ),
    (
      answer([(0, "!"), (1, longer("b"))]),
      "data[0].embedding: expected base64 of floats of 4 bytes, found text of 1 bytes"
    ),
  ]

  @Test(arguments: bad.indices)
  func `an answer that is none is refused in words that say why, and another model goes on`(index: Int) async throws {
    let bad = Self.bad[index]
    let host = try await embedder { _ in .response(bad.answer) }
    #expect(await refusal(host, ["a", "b"]) == "model m of echo/models: \(bad.words)")
    #expect(try await vectors(host, ["a"], model: "feature-hashing").count == 1)
    try await host.stop()
  }

  static let failures: [(answer: FakeHost.Answer, words: String)] = [
    (failure(401, "Incorrect API key", hint: "write another"), "401 (write another): Incorrect API key"),
    (failure(429, "slowly"), "429: slowly"), (failure(500, ""), "500"),
    (.error("POST /embeddings: the server's limit was hit"), "POST /embeddings: the server's limit was hit"),
    (.failure(PROMETHEAN_TIMEOUT, "no answer in time"), "no answer in time"),
    (.failure(PROMETHEAN_UNAVAILABLE, "nobody serves it"), "nobody serves it"),
    (.bytes(Array("<html>".utf8)), "control.request: expected an answer in JSON"), (.response([]), "0"),
  ]

  @Test(arguments: failures.indices)
  func `what the endpoint says is wrong is the answer, and the next request asks again`(index: Int) async throws {
    let one = Self.failures[index]
    let isWell = Locked(false)
    let host = try await embedder { envelope in isWell.withLock { $0 } ? Self.good(envelope) : one.answer }
    let words = await refusal(host, ["a"])
    #expect(words.hasPrefix("model m of echo/models: \(one.words)"), "\(words)")
    isWell.withLock { $0 = true }
    #expect(isNear(try await vectors(host, ["a", "b"]), ["a", "b"]))
    #expect(host.record.requested.count == 2)
    try await host.stop()
  }

  @Test func `what is said of texts of several tenants is read by none of them, since it may quote another's`()
    async throws
  {
    let host = try await embedder { Self.failure(403, "you sent: \(Self.input($0).joined())", hint: "ask for less") }
    #expect(await refusal(host, ["a", "b"]) == "model m of echo/models: 403 (ask for less)")
    try await host.stop()
  }

  @Test func `when a batch is refused for a text, and then nobody answers, that is waited for once`() async throws {
    let host = try await embedder { envelope in
      let texts = Self.input(envelope)
      if texts.count > 1 { return Self.failure(400, "one of these") }
      return texts == ["a"] ? Self.good(envelope) : .failure(PROMETHEAN_TIMEOUT, "no answer in time")
    }
    #expect(await refusal(host, ["a", "b", "c", "d"]).hasSuffix("no answer in time"))
    #expect(host.record.requested.map { Self.input($0.envelope) } == [["a", "b", "c", "d"], ["a"], ["b"]])
    try await host.stop()
  }

  @Test func `a text that is refused fails by itself, and only who has sent it hears the words`() async throws {
    let host = try await embedder(["at_once": 1]) { envelope in
      let poison = Self.input(envelope).first { $0.contains("poison") }
      return poison.map { Self.failure(400, "there is poison in: \($0)") } ?? Self.good(envelope)
    }
    let requests = [
      Self.request(["a", "b"]), Self.request(["poison"], tenant: "other"), Self.request(["c"]),
    ]
    let deliveries = await host.deliver(requests)
    var answers: [JSON] = []
    for delivery in deliveries {
      guard case .response(let response) = await host.outcome(of: delivery) else { continue }
      answers.append(try JSON.parse(response.payload))
    }
    #expect(isNear(EmbedderFixture.vectors(in: answers[0]), ["a", "b"]))
    #expect(answers[1]["message"] == "model m of echo/models: 400: there is poison in: poison")
    #expect(isNear(EmbedderFixture.vectors(in: answers[2]), ["c"]))
    // The first goes at once, and while it is under way the others come together.
    let sent = host.record.requested.map { Self.input($0.envelope) }
    #expect(sent == [["a", "b"], ["poison", "c"], ["poison"], ["c"]])
    // What is logged does not quote it.
    #expect(await refusal(host, ["poison"]).hasSuffix("400: there is poison in: poison"))
    let logged = host.record.logged.filter { $0.message == "not computed" }.map(\.fields)
    #expect(logged.count == 1 && !logged[0].contains("poison"), "\(logged)")
    try await host.stop()
  }

  @Test func `a request and its answer always fit an envelope`() async throws {
    let sizes = Locked<[(texts: Int, bytes: Int)]>([])
    let (longest, dimension) = (Endpoint.textMax, 1_536)
    let change: JSONObject = ["dimension": .int(Int64(dimension)), "bytes_max": .int(Int64(longest)), "at_once": 1]
    let host = try await embedder(change, config: ["batch_max": 256]) { envelope in
      let texts = Self.input(envelope)
      sizes.withLock { $0.append((texts.count, envelope.payload.count)) }
      let numbers = [Float](repeating: 0.5, count: dimension)
      let answer = Self.answer(texts.indices.map { (.int(Int64($0)), Self.packed(numbers)) })
      #expect(answer.bytes().count <= Envelope.payloadMax)
      return .response(answer)
    }
    // Each byte of these becomes two, of those six, and of the last ones it is one in four that begins a character.
    for character in ["\"", "\u{1}", "🦆"] {
      let long = (0..<5).map { "\($0)" + String(repeating: character, count: 20_000 / character.utf8.count) }
      let short = (0..<40).map { "\($0)" + String(repeating: character, count: 100) }
      for texts in [long.prefix(1), long.dropFirst().prefix(1), short.prefix(7), short.dropFirst(7).prefix(7)] {
        #expect(try await vectors(host, Array(texts)).count == texts.count)
      }
      let deliveries = await host.deliver((long + short).map { Self.request([$0 + "x"]) })
      for delivery in deliveries {
        guard case .response(let response) = await host.outcome(of: delivery) else { continue }
        #expect(!response.flags.contains(.error), "\(String(decoding: response.payload.prefix(300), as: UTF8.self))")
      }
    }
    let found = sizes.withLock { $0 }
    #expect(found.allSatisfy { $0.bytes <= Envelope.payloadMax && $0.texts <= 7 }, "\(found)")
    // So that this is about the limits.
    #expect(found.contains { $0.bytes > 3 * longest } && found.contains { $0.texts == 7 }, "\(found)")
    try await host.stop()
  }

  @Test func `a long text is cut between two characters`() async throws {
    let host = try await embedder(["bytes_max": 256], answer: Self.good)
    _ = try await vectors(host, ["\"" + String(repeating: "ä", count: 1_000)])
    #expect(host.record.requested.map { Self.input($0.envelope) } == [["\"" + String(repeating: "ä", count: 127)]])
    try await host.stop()
  }

  @Test func `so many requests are under way as are allowed, and an endpoint that hangs holds up nobody else`()
    async throws
  {
    let host = try await embedder(["at_once": 2], config: ["batch_max": 1, "waiting": 2]) { _ in .later }
    let deliveries = await host.deliver([Self.request(["a", "b"]), Self.request(["c", "d"])])
    let under = await host.until { $0.requested.count == 2 ? $0.requested : nil }
    await host.settle()
    #expect(host.record.requested.count == 2)
    let busy = await refusal(host, ["e"])
    #expect(busy == "busy: expected at most 2 texts of priority live to wait, found 2 and 1 more; ask again later")
    #expect(try await vectors(host, ["a"], model: "feature-hashing").count == 1)
    let waiting = host.record.measured.filter { $0.name == "waiting" }
    #expect(waiting.contains { $0.labels.contains("queue=far") && $0.value == 2 }, "\(waiting)")
    for request in under { await host.complete(request, Self.good(request.envelope)) }
    let rest = await host.until { $0.requested.count == 4 ? $0.requested.suffix(2) : nil }
    for request in rest { await host.complete(request, Self.failure(503, "loading")) }
    guard case .response(let first) = await host.outcome(of: deliveries[0]),
      case .response(let second) = await host.outcome(of: deliveries[1])
    else {
      Issue.record("expected responses")
      return
    }
    #expect(!first.flags.contains(.error) && second.flags.contains(.error))
    try await host.stop()
  }

  @Test func `stopping ends what is under way`() async throws {
    let host = try await embedder { _ in .later }
    let delivery = await host.deliver(Self.request(["a"]))
    _ = await host.until { $0.requested.isEmpty ? nil : true }
    async let stopped: Void = host.stop()
    while host.record.settled.isEmpty { await host.pass(.seconds(1)) }
    try await stopped
    guard case .response(let response) = await host.outcome(of: delivery) else {
      Issue.record("expected a response")
      return
    }
    #expect(String(decoding: response.payload, as: UTF8.self).contains("stopped before it was computed"))
  }

  static let configurations: [(change: JSONObject, words: String)] = [
    (["provider": .null], "config.models[0].provider: expected string, found"),
    (["tenant": 7], "config.models[0].tenant: expected string, found"),
    (["tenant": "two words"], "config.models: far: provider, tenant: "),
    (["dimension": .null], "config.models[0].dimension: expected integer, found"),
    (["dimension": 0], "config.models[0].dimension: expected integer from 1 to 4096, found 0"),
    (["dimension": 4_097], "config.models[0].dimension: expected integer from 1 to 4096, found 4097"),
    (["model": ""], "config.models: far: model: expected 1 to 255 bytes, found 0"),
    (["at_once": 0], "config.models[0].at_once: expected integer from 1 to 64, found 0"),
    (["timeout": "soon"], "config.models[0].timeout: expected duration"),
    (["bytes_max": 65_536], "config.models[0].bytes_max: expected integer from 256 to \(Endpoint.textMax), found"),
  ]

  @Test(arguments: configurations.indices)
  func `a wrong configuration of an endpoint names the key`(index: Int) async throws {
    let (change, words) = Self.configurations[index]
    let error = await #expect(throws: FakeHost.Failure.self) { _ = try await embedder(change, answer: Self.good) }
    #expect(error?.description.hasPrefix(words) == true, "\(error.debugDescription)")
  }
}
