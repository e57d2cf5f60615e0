internal import CChannel
internal import Envelope
internal import Foundation
internal import Host
internal import RunnerSupport
internal import Testing

/// The example in plain C, as its own Makefile builds it.
@Suite struct ExampleTests {
  private static let directory = Fixture.package + "/examples/c-uppercase"

  /// Made once: tests that run at the same time must not find a library half written.
  private static let library = Result {
    try Fixture.run("/usr/bin/make", ["-s", "-C", directory])
    return Fixture(path: directory + "/libCUppercase.so")
  }

  private static func message(_ payload: String) -> Envelope {
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.SocialMessageCreated",
      intent: "SocialMessageCreated",
      payload: Array(payload.utf8)
    )
    (envelope.id, envelope.key, envelope.provider, envelope.tenant) = ("m1", "urn:echo:space:demo:1", "echo", "demo")
    envelope.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return envelope
  }

  private static func spawn() throws -> Driver {
    let driver = try Driver(library.get()) {
      $0.pluginID = "c-uppercase"
      $0.extensions = [.log, .publish, .subscribe]
    }
    try driver.start()
    return driver
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let payload: String
    let text: String

    var testDescription: String { payload }
  }

  static let cases = [
    Case(payload: #"{"message_id":"1","text":"hello"}"#, text: #"{"message_id":"1","text":"HELLO"}"#),
    Case(
      payload: #"{ "text" : "a\nb\u00e9é \"q\" \\n", "x": {"text":"inner"}, "message_id" : "7" }"#,
      text: #"{"message_id":"7","text":"A\nB\u00e9é \"Q\" \\N"}"#
    ),
    Case(
      payload: #"{"x":["text",{"message_id":"no"}],"message_id":"2","text":"text"}"#,
      text: #"{"message_id":"2","text":"TEXT"}"#
    ),
  ]

  @Test(arguments: cases)
  func `a message is published in upper case and settled once that is recorded`(example: Case) async throws {
    try await onHostThread {
      let driver = try Self.spawn()
      try driver.send(WIRE_DELIVER, token: 5, body: Self.message(example.payload).binary())
      let published = try driver.frame(WIRE_PUBLISH)
      let envelope = try Envelope(binary: published.body)
      #expect(envelope.topic == "promethean.p.echo.t.demo.events.UppercaseText")
      #expect(envelope.id == "upper:m1" && envelope.key == "urn:echo:space:demo:1")
      #expect(envelope.trace == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
      #expect(String(decoding: envelope.payload, as: UTF8.self) == example.text)
      #expect(!driver.frames.contains { $0.op == WIRE_SETTLE })
      try driver.send(WIRE_RESULT, token: published.token, body: [])
      let settled = try driver.frame(WIRE_SETTLE)
      #expect(settled.token == 5 && settled.argument == 0)
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `a message whose publish fails is tried again`() async throws {
    try await onHostThread {
      let driver = try Self.spawn()
      try driver.send(WIRE_DELIVER, token: 5, body: Self.message(Self.cases[0].payload).binary())
      try driver.send(WIRE_RESULT, argument: -2, token: driver.frame(WIRE_PUBLISH).token, body: Array("denied".utf8))
      #expect(try driver.frame(WIRE_SETTLE).argument == 1)
    }
  }

  @Test(arguments: ["", "{}", #"{"text":null,"message_id":"1"}"#, #"{"text":"cut"#, #"{"message_id":"1","text":"\"#])
  func `a message without a text is handled`(payload: String) async throws {
    try await onHostThread {
      let driver = try Self.spawn()
      try driver.send(WIRE_DELIVER, token: 5, body: Self.message(payload).binary())
      #expect(try driver.frame(WIRE_SETTLE).argument == 0)
    }
  }

  @Test func `the host reads its manifest and grants what the README says`() throws {
    let readme = try String(contentsOfFile: Self.directory + "/README.md", encoding: .utf8)
    let snippet = try #require(readme.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
    let path = try Fixture.writableDirectory("example", owner: 0) + "/plugins.yml"
    let manifest = "version: 1\ntenants: [ { provider: echo, tenant: demo } ]\n" + snippet
    let library = try Self.library.get().path
    let text = manifest.replacingOccurrences(of: "examples/c-uppercase/libCUppercase.so", with: library)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let deployment = try Deployment.load(path: path, searchPath: [])
    #expect(deployment.plugins.map(\.id) == ["c-uppercase"])
    #expect(deployment.plugins.first?.manifest.id == "c-uppercase")
  }
}
