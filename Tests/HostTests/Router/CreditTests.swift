import CChannel
import Envelope
import PluginABI
import Testing

@testable import Host

/// What a plugin may cost the host that asks faster than the disk answers.
@Suite struct CreditTests {
  private let harness: RouterHarness
  private let plugin: FakePlugin
  private let instance: Instance

  init() throws {
    harness = try RouterHarness { fixture in
      fixture.edit("Echo", "    - log\n", "    - log\n    - state\n")
      // It is not its rate that holds it back.
      fixture.edit("plugins.yml", "      log: {}\n", "      log: {}\n      state: {}\n    limits: { rate: 10000000 }\n")
    }
    plugin = try harness.start("echo@demo")
    instance = try harness.instance("echo@demo")
  }

  /// Sends one frame again and again, with the journal's answers unheard, until the host reads no more.
  ///
  /// - Returns: How many the host read.
  private func flood(limit: Int, _ send: (Int) -> Bool) -> Int {
    var sent = 0
    while sent < limit {
      while sent < limit, send(sent + 1) { sent += 1 }
      harness.read()
      if instance.mustWait { break }
    }
    return sent
  }

  private func state(_ way: Int32, document: Int) -> [UInt8] {
    let head = wire_state(
      expected: .max,
      document: UInt32(document),
      provider: 0,
      tenant: 0,
      key: 1,
      reserved0: 0,
      reserved1: 0
    )
    return unsafe withUnsafeBytes(of: head) { unsafe [UInt8]($0) } + Array("k".utf8)
      + [UInt8](repeating: 7, count: document)
  }

  @Test(arguments: [(WIRE_STATE_PUT, 32_768), (WIRE_STATE_PUT, 1), (WIRE_STATE_GET, 0), (WIRE_STATE_REMOVE, 0)])
  func `one that floods its state is held back until the journal has answered`(way: Int32, size: Int) throws {
    let body = state(way, document: size)
    let limit = 20_000
    let sent = flood(limit: limit) { plugin.send(WIRE_STATE, way, token: UInt64($0), body) }
    #expect(instance.mustWait)
    #expect(sent < limit)
    try harness.run { !instance.mustWait }
    #expect(harness.violations.isEmpty)
  }

  @Test func `one that floods recorded requests is held back, though they have expired`() throws {
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.Created",
      payload: [UInt8](repeating: 7, count: 60_000)
    )
    envelope.deadline = 1
    let body = try envelope.binary()
    let limit = 2_000
    let sent = flood(limit: limit) { number in
      defer { harness.router.tick(now: 0, realtime: .max) }
      return plugin.send(WIRE_REQUEST, token: UInt64(number), body)
    }
    #expect(instance.mustWait)
    #expect(sent < limit)
    harness.router.tick(now: 0, realtime: .max)
    #expect(harness.router.pending.count == 0)
    try harness.run { !instance.mustWait }
  }

  @Test func `what an earlier life was charged is not given back to the next`() throws {
    let body = state(WIRE_STATE_PUT, document: 32_768)
    _ = flood(limit: 20_000) { plugin.send(WIRE_STATE, WIRE_STATE_PUT, token: UInt64($0), body) }
    try harness.crash("echo@demo")
    let again = try harness.start("echo@demo")
    #expect(!instance.mustWait)
    try harness.run { harness.journal.backlog == 0 }
    let sent = flood(limit: 20_000) { again.send(WIRE_STATE, WIRE_STATE_PUT, token: UInt64($0), body) }
    #expect(instance.mustWait)
    #expect(sent < 1_000)
  }
}
