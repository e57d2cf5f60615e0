import CChannel
import Envelope
import PluginABI
import TestSupport
import Testing

@testable import Host

/// What a plugin subscribes to while it runs.
@Suite struct SubscriptionTests {
  private static let pattern = "promethean.p.*.t.*.jobs.>"
  private static let topic = "promethean.p.echo.t.demo.jobs.a"
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// One life of the host.
  private func host(grants: String = ", \"promethean.p.*.t.*.jobs.>\"") throws -> RouterHarness {
    let harness = try RouterHarness(
      { fixture in
        fixture.edit(
          "Indexer",
          "    - storage.documents",
          "    - subscribe: [\"promethean.p.*.t.*.jobs.>\"]\n    - storage.documents"
        )
        fixture.edit("plugins.yml", "events.(Created|Updated)\"", "events.(Created|Updated)\"\(grants)")
      },
      in: directory
    )
    return harness
  }

  /// Has a replica subscribe, and returns the status that it is told.
  private func subscribe(_ harness: RouterHarness, _ plugin: FakePlugin) throws -> Int32 {
    plugin.send(WIRE_SUBSCRIBE, token: 1, Array(Self.pattern.utf8))
    var status: Int32?
    try harness.run {
      status = plugin.receive().first { $0.op == WIRE_RESULT }?.argument
      return status != nil
    }
    return try #require(status)
  }

  private func seen(by plugin: FakePlugin) throws -> [String] {
    try plugin.deliveries().map { try $0.envelope.topic }
  }

  @Test func `what comes after a restart, before the plugin has subscribed again, is delivered`() throws {
    var harness = try host()
    #expect(try subscribe(harness, try harness.start("indexer.1")) == PROMETHEAN_OK)
    harness.close()
    harness = try host()
    try harness.publish(Self.topic)
    let consumer = harness.router.consumers[try harness.instance("indexer.1").consumer]
    try harness.run { consumer.queue.position == harness.router.head }
    let plugin = try harness.start("indexer.1")
    harness.read()
    #expect(try seen(by: plugin) == [Self.topic])
    #expect(try subscribe(harness, plugin) == PROMETHEAN_OK)
    try harness.publish(Self.topic)
    harness.read()
    #expect(try seen(by: plugin) == [Self.topic])
  }

  @Test func `what is granted no more is not subscribed again`() throws {
    var harness = try host()
    #expect(try subscribe(harness, try harness.start("indexer.1")) == PROMETHEAN_OK)
    harness.close()
    harness = try host(grants: "")
    try harness.publish(Self.topic)
    let plugin = try harness.start("indexer.1")
    harness.read()
    #expect(try seen(by: plugin).isEmpty)
    #expect(try subscribe(harness, plugin) == PROMETHEAN_DENIED)
  }

  @Test(arguments: [true, false])
  func `what only the generation before subscribes to is kept until the change has come to stay`(stays: Bool) throws {
    let harness = try host()
    let plugin = try harness.start("indexer.1")
    let instance = try harness.instance("indexer.1")
    let consumer = harness.router.consumers[instance.consumer]
    let event = "promethean.p.echo.t.demo.events.Created"
    let (before, narrow) = (consumer.patterns + [try TopicPattern(Self.topic)], consumer.patterns)
    harness.router.resubscribe(consumer, to: before, by: instance)

    harness.router.resubscribe(consumer, to: narrow, by: instance, keepsFormer: true)
    try harness.publish(Self.topic) { $0.key = "one" }
    try harness.publish(event) { $0.key = "two" }
    try harness.publish(event) { $0.key = "one" }
    harness.read()
    // In the order of its key, what is kept holds up what comes after it.
    #expect(try seen(by: plugin) == [event])
    harness.router.resubscribe(consumer, to: stays ? narrow : before, by: instance)
    harness.read()
    #expect(try seen(by: plugin).first == (stays ? event : Self.topic))
    try harness.publish(Self.topic)
    harness.read()
    #expect(try seen(by: plugin) == (stays ? [] : [Self.topic]))
  }
}
