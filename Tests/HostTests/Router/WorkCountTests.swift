import CChannel
import Envelope
import PluginABI
import Testing

@testable import Host

/// What counts as work done when an instance ends: one that worked is started again without being held in vain.
@Suite struct WorkCountTests {
  private let harness: RouterHarness
  private let plugin: FakePlugin
  private let instance: Instance

  init() throws {
    harness = try RouterHarness()
    plugin = try harness.start("echo@demo")
    instance = try harness.instance("echo@demo")
  }

  /// Publishes something durable, and waits for the word on it.
  private func publish(id: String, token: UInt64) throws -> Int32 {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Created", payload: Array("{}".utf8))
    envelope.id = id
    #expect(plugin.send(WIRE_PUBLISH, token: token, try envelope.binary()))
    var status: Int32?
    try harness.run {
      status = plugin.receive().first { $0.op == WIRE_RESULT && $0.token == token }?.argument ?? status
      return status != nil
    }
    return try #require(status)
  }

  @Test func `what is recorded counts, and a copy of what was recorded before does not`() throws {
    #expect(!instance.hasWorked)
    #expect(try publish(id: "one", token: 1) == PROMETHEAN_OK)
    #expect(instance.hasWorked)
    instance.hasWorked = false
    #expect(try publish(id: "one", token: 2) == PROMETHEAN_OK)
    #expect(!instance.hasWorked)
    #expect(try publish(id: "two", token: 3) == PROMETHEAN_OK)
    #expect(instance.hasWorked)
  }
}
