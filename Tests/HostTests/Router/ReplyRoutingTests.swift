import CChannel
import Envelope
import Glibc
import PluginABI
import Signing
import TestSupport
import Testing

@testable import Host

/// Who may say something where, with plugins that the tests play.
@Suite struct ReplyRoutingTests {
  private static let tenants = ["red", "green", "blue", "grey"]
  private static let providers = ["echo", "pigeon", "parrot"]
  /// Where the journal and the key of a deployment lie, which outlive its host.
  private let directory: TemporaryDirectory
  private var harness: RouterHarness

  init() throws {
    directory = try TemporaryDirectory()
    harness = try Self.host(in: directory)
  }

  /// Starts a host.
  private static func host(in directory: TemporaryDirectory) throws -> RouterHarness {
    let edit = { (fixture: ManifestFixture) in
      let tenants = Self.providers.flatMap { provider in Self.tenants.map { (provider, $0) } }
      fixture.files["plugins.yml"] = """
        version: 1
        host: { keys: [\(ManifestFixture.key.publicKey)] }
        tenants:
        \(tenants.map { "  - { provider: \($0.0), tenant: \($0.1) }" }.joined(separator: "\n"))
        plugins:
          writer:
            library: Writer
            tenants: ["*/*"]
            grants:
              subscribe: ["promethean.p.*.t.*.social.>"]
          brain:
            library: Brain
            tenants: ["*/*"]
            grants:
              subscribe: ["promethean.p.*.t.*.events.SocialMessageCreated"]
              publish: ["promethean.p.*.t.*.social.PostMessage"]
              social.post: ["urn:echo:space:red:open-*"]
          indexer:
            library: Indexer
            tenants: ["*/*"]
            grants:
              subscribe: ["promethean.p.*.t.*.events.SocialMessageCreated"]

        """
      fixture.manifests = [
        "Writer": Self.manifest("writer", "service", "promethean.p.*.t.*.social.>", ""),
        "Brain": Self.manifest(
          "brain",
          "worker",
          "promethean.p.*.t.*.events.SocialMessageCreated",
          "\n  outputs: [{ topic: \"promethean.p.*.t.*.social.PostMessage\" }]\n  capabilities: [{ social.post: [\"urn:echo:space:red:*\"] }]"
        ),
        "Indexer": Self.manifest("indexer", "worker", "promethean.p.*.t.*.events.SocialMessageCreated", ""),
      ]
    }
    return try RouterHarness(edit, in: directory)
  }

  private static func manifest(_ id: String, _ kind: String, _ input: String, _ more: String) -> String {
    """
    agent:
      id: \(id)
      kind: \(kind)
      version: 0.1.0
      abi: 1.1
      inputs: [{ topic: "\(input)" }]\(more)

    """
  }

  /// A message that the brain holds.
  private struct Held {
    /// Its delivery; nil once that is another host's.
    var delivery: UInt64?
    let envelope: Envelope
    var topic: String { "promethean.p.\(envelope.provider).t.\(envelope.tenant).social.PostMessage" }
  }

  /// Ends the host in order and starts the next one on what it has left.
  private mutating func restart() throws {
    harness.close()
    harness = try Self.host(in: directory)
  }

  private func publishMessage(_ id: String, provider: String, tenant: String, space: String) throws {
    try harness.publish("promethean.p.\(provider).t.\(tenant).events.SocialMessageCreated") { envelope in
      envelope.id = id
      envelope.key = "urn:\(provider):space:\(tenant):\(space)"
    }
  }

  private func held(_ plugin: FakePlugin) throws -> [Held] {
    try plugin.deliveries().map { Held(delivery: $0.token, envelope: try $0.envelope) }
  }

  /// Has a plugin post; returns how the host answered, and what was to be written.
  private func post(
    _ plugin: FakePlugin,
    _ writer: FakePlugin,
    on topic: String,
    reply: String = "",
    resource: String = ""
  ) throws -> (status: Int32, message: String, written: [Envelope]) {
    var envelope = Envelope(topic: topic, intent: "PostMessage", payload: Array("{}".utf8))
    envelope.reply = reply
    envelope.resource = resource
    plugin.send(WIRE_PUBLISH, token: 77, try envelope.binary())
    var result: FakePlugin.Received?
    var written: [Envelope] = []
    try harness.run {
      result = result ?? plugin.receive().first { $0.op == WIRE_RESULT && $0.token == 77 }
      for delivery in writer.deliveries() {
        written.append(try Envelope(binary: delivery.body))
        writer.send(WIRE_SETTLE, PROMETHEAN_SETTLE_ACK, token: delivery.token)
      }
      guard let result else { return false }
      return result.argument != PROMETHEAN_OK || !written.isEmpty
    }
    let answer = try #require(result)
    return (answer.argument, String(decoding: answer.body, as: UTF8.self), written)
  }

  @Test func `a worker answers where it was spoken to`() throws {
    let (brain, writer) = (try harness.start("brain"), try harness.start("writer"))
    try publishMessage("m1", provider: "echo", tenant: "red", space: "lobby")
    harness.read()
    let message = try #require(try held(brain).first)
    let posted = try post(brain, writer, on: message.topic, reply: message.envelope.reply)
    #expect(posted.status == PROMETHEAN_OK)
    #expect(posted.written.map(\.resource) == ["urn:echo:space:red:lobby"])
    #expect(posted.written.map(\.reply) == [""])
  }

  @Test func `only a worker that may post is given handles`() throws {
    let (brain, indexer) = (try harness.start("brain"), try harness.start("indexer"))
    try publishMessage("m1", provider: "echo", tenant: "red", space: "lobby")
    harness.read()
    #expect(try held(brain).map { $0.envelope.reply.isEmpty } == [false])
    #expect(try held(indexer).map(\.envelope.reply) == [""])
  }

  @Test(arguments: ["", "lobby", "urn:pigeon:space:red:lobby", "urn:echo:space:green:lobby"])
  func `what is no message in a space of the tenant's has no handle`(key: String) throws {
    let brain = try harness.start("brain")
    try harness.publish("promethean.p.echo.t.red.events.SocialMessageCreated") { $0.key = key }
    harness.read()
    #expect(try held(brain).map(\.envelope.reply) == [""])
  }

  @Test func `what came from the past has no handle`() throws {
    let brain = try harness.start("brain")
    try harness.publish("promethean.p.echo.t.red.events.SocialMessageCreated") { envelope in
      envelope.key = "urn:echo:space:red:lobby"
      envelope.origin = .backfill
    }
    harness.read()
    #expect(try held(brain).map(\.envelope.reply) == [""])
  }

  @Test func `without a handle a worker writes only where it was granted`() throws {
    let (brain, writer) = (try harness.start("brain"), try harness.start("writer"))
    let topic = "promethean.p.echo.t.red.social.PostMessage"
    let open = "urn:echo:space:red:open-house"
    #expect(try post(brain, writer, on: topic, resource: open).written.map(\.resource) == [open])
    let closed = try post(brain, writer, on: topic, resource: "urn:echo:space:red:lobby")
    #expect(closed.status == PROMETHEAN_DENIED && closed.written.isEmpty)
    #expect(closed.message.contains("grants.social.post does not include it"))
    let elsewhere = try post(brain, writer, on: "promethean.p.echo.t.green.social.PostMessage", resource: open)
    #expect(elsewhere.status == PROMETHEAN_DENIED)
    let nowhere = try post(brain, writer, on: topic)
    #expect(
      nowhere.status == PROMETHEAN_INVALID && nowhere.message.contains("expected a space's URN, or a reply handle")
    )
  }

  @Test func `a handle opens no other space, tenant, provider or plugin`() throws {
    let (brain, writer) = (try harness.start("brain"), try harness.start("writer"))
    try publishMessage("m1", provider: "echo", tenant: "red", space: "lobby")
    harness.read()
    let message = try #require(try held(brain).first)
    let handle = message.envelope.reply
    for (topic, resource, reason) in [
      (
        message.topic, "urn:echo:space:red:cellar",
        "it is for urn:echo:space:red:lobby, found urn:echo:space:red:cellar"
      ),
      ("promethean.p.echo.t.green.social.PostMessage", "", "it was not given to brain for a message of echo/green"),
      ("promethean.p.pigeon.t.red.social.PostMessage", "", "it was not given to brain for a message of pigeon/red"),
    ] {
      let refused = try post(brain, writer, on: topic, reply: handle, resource: resource)
      #expect(refused.status == PROMETHEAN_DENIED && refused.written.isEmpty)
      #expect(refused.message.contains(reason))
    }
    let forged = try post(brain, writer, on: message.topic, reply: String(handle.reversed()))
    #expect(forged.status == PROMETHEAN_DENIED && forged.written.isEmpty)
  }

  @Test mutating func `a handle outlives the host, but not its key`() throws {
    var brain = try harness.start("brain")
    try publishMessage("m1", provider: "echo", tenant: "red", space: "lobby")
    harness.read()
    let message = try #require(try held(brain).first)
    try restart()
    brain = try harness.start("brain")
    let kept = try post(brain, try harness.start("writer"), on: message.topic, reply: message.envelope.reply)
    #expect(kept.status == PROMETHEAN_OK)
    #expect(kept.written.map(\.resource) == ["urn:echo:space:red:lobby"])

    // That it was written counts, so it is not written again.
    harness.read()
    harness.close()
    try #require(unsafe unlink(directory.file("reply.key")) == 0)
    try restart()
    brain = try harness.start("brain")
    let writer = try harness.start("writer")
    // The message is given again, with a handle that is good.
    var given: Held?
    try harness.run {
      given = try given ?? held(brain).first
      return given != nil
    }
    let again = try #require(given)
    #expect(again.envelope.id == message.envelope.id && again.envelope.reply != message.envelope.reply)
    let lost = try post(brain, writer, on: message.topic, reply: message.envelope.reply)
    #expect(lost.status == PROMETHEAN_DENIED && lost.written.isEmpty)
    #expect(lost.message.contains("it was not given to brain for a message of echo/red"))
    #expect(try post(brain, writer, on: again.topic, reply: again.envelope.reply).status == PROMETHEAN_OK)
  }

  /// Interleavings of what comes in, answers, attempts, crashes and restarts of the host: what goes out is always where it
  /// came from.
  @Test mutating func `whatever happens between, an answer goes where the message came from`() throws {
    var random = SystemRandomNumberGenerator()
    var brain = try harness.start("brain")
    var writer = try harness.start("writer")
    var open: [Held] = []
    var old: [Held] = []
    var sent = 0
    for step in 1...Self.steps {
      if step.isMultiple(of: Self.stepsOfHost) {
        // What it held is given to the next again; the handles that are out are as good as they were.
        harness.read()
        open += try held(brain)
        try restart()
        brain = try harness.start("brain")
        writer = try harness.start("writer")
        for index in open.indices { open[index].delivery = nil }
      }
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<40:
        sent += 1
        try publishMessage(
          "m\(sent)",
          provider: Self.providers.randomElement(using: &random) ?? "",
          tenant: Self.tenants.randomElement(using: &random) ?? "",
          space: "s\(Int.random(in: 0..<50, using: &random))"
        )
      case 40..<80:
        harness.read()
        open += try held(brain)
        guard let message = open.randomElement(using: &random) else { continue }
        let posted = try post(brain, writer, on: message.topic, reply: message.envelope.reply)
        #expect(posted.status == PROMETHEAN_OK, "\(posted.message)")
        #expect(posted.written.map(\.resource) == [message.envelope.key])
        #expect(posted.written.map(\.provider) == [message.envelope.provider])
        #expect(posted.written.map(\.tenant) == [message.envelope.tenant])
        if let delivery = message.delivery { brain.send(WIRE_SETTLE, PROMETHEAN_SETTLE_ACK, token: delivery) }
        open.removeAll { $0.delivery == message.delivery && $0.envelope.reply == message.envelope.reply }
        old.append(message)
      case 80..<95:
        // With a handle of another message, on the topic of some tenant.
        guard let mine = (open + old).randomElement(using: &random), let other = old.randomElement(using: &random)
        else {
          continue
        }
        let posted = try post(brain, writer, on: mine.topic, reply: other.envelope.reply, resource: mine.envelope.key)
        let isTheSame = mine.envelope.key == other.envelope.key
        #expect((posted.status == PROMETHEAN_OK) == isTheSame)
        for written in posted.written { #expect(written.resource == mine.envelope.key) }
      case 95..<98:
        try harness.crash("brain")
        open = []
        brain = try harness.start("brain")
      default:
        try harness.crash("writer")
        writer = try harness.start("writer")
      }
    }
  }

  /// How many things happen in the last test.
  private static let steps = 10_000
  /// How many of them happen to one host.
  private static let stepsOfHost = 200
}
