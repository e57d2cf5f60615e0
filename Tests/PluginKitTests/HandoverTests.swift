import PluginABI
import PluginKit
import TestSupport
import Testing

/// A plugin that counts, and can be made unwell.
@PluginActor
final class Counter: Plugin, HandingOver, HealthReporting {
  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  nonisolated static let id = "counter"
  nonisolated static let stateVersion: UInt32 = 2
  private var count = 0
  private var isGiven = false
  var health = Health.well

  init(context: Context) throws {}

  func handle(_ envelope: Envelope) async throws -> Response? {
    switch envelope.intent {
    case "count": count += 1
    case "fall ill": health = .unwell("a cold")
    case "recover": health = .well
    default: break
    }
    return Response(json: .string("\(count)\(isGiven ? ", given" : "")"))
  }

  func giveState() throws -> [UInt8] {
    guard count < 9 else { throw Unreadable(description: "more than nine cannot be given") }
    isGiven = true
    return Array("count \(count)".utf8)
  }

  /// Version 1 was the number alone.
  func takeState(_ state: [UInt8], version: UInt32) throws {
    let text = String(decoding: state, as: UTF8.self)
    guard let number = Int(version == 1 ? text[...] : text.dropFirst(6)) else {
      throw Unreadable(description: "expected a count, found \"\(text)\"")
    }
    count = number
  }

  func resume() { isGiven = false }
}

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct HandoverTests {
  private func request(_ intent: String) -> Envelope {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.counter.\(intent)", intent: intent)
    envelope.flags = .request
    return envelope
  }

  @Test func `what one generation gives the next one takes, also from an older version`() async throws {
    let (old, new, newer) = (FakeHost(Counter.self), FakeHost(Counter.self), FakeHost(Counter.self))
    try await old.boot()
    for _ in 1...3 { _ = try await old.request(request("count")) }
    let given = try #require(try await old.give())
    #expect(given.version == 2 && given.state == Array("count 3".utf8))
    try await new.create()
    try await new.take(given.state, version: given.version)
    try await new.start()
    #expect(try await new.request(request("count")) == "4")
    try await newer.create()
    try await newer.take(Array("7".utf8), version: 1)
    try await newer.start()
    #expect(try await newer.request(request("report")) == "7")
    for host in [old, new, newer] { try await host.stop() }
  }

  @Test func `one that has given goes on when it is told to`() async throws {
    let host = FakeHost(Counter.self)
    try await host.boot()
    _ = try await host.give()
    #expect(try await host.request(request("count")) == "1, given")
    await host.resume()
    #expect(try await host.request(request("count")) == "2")
    try await host.stop()
  }

  @Test func `what cannot be given or taken is refused in the plugin's words`() async throws {
    let host = FakeHost(Counter.self)
    try await host.create()
    let refused = await #expect(throws: FakeHost.Failure.self) {
      try await host.take(Array("x".utf8), version: 1)
    }
    #expect(refused?.status == PROMETHEAN_FAILED && refused?.description == "expected a count, found \"x\"")
    try await host.take(Array("9".utf8), version: 1)
    try await host.start()
    let kept = await #expect(throws: FakeHost.Failure.self) { _ = try await host.give() }
    #expect(kept?.description == "more than nine cannot be given")
    try await host.stop()
  }

  @Test func `a plugin says how it is, and one that cannot says nothing`() async throws {
    let (counter, probe) = (FakeHost(Counter.self), FakeHost(Probe.self))
    try await counter.boot()
    #expect(await counter.health() ?? (1, "") == (PROMETHEAN_OK, ""))
    _ = try await counter.request(request("fall ill"))
    #expect(await counter.health() ?? (1, "") == (PROMETHEAN_FAILED, "a cold"))
    _ = try await counter.request(request("recover"))
    #expect(await counter.health() ?? (1, "") == (PROMETHEAN_OK, ""))
    try await probe.boot()
    #expect(await probe.health() == nil)
    #expect(try await probe.give() == nil)
    for host in [counter, probe] { try await host.stop() }
  }
}
