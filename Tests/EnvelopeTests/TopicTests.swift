import Envelope
import Testing

@Suite("Topics")
struct TopicTests {
  @Test func `a tenant's topic has its parts`() throws {
    let topic = try Topic("promethean.p.discord.t.backup-duck.jobs.backfill.messages.done")
    #expect(topic.provider == "discord")
    #expect(topic.tenant == "backup-duck")
    #expect(topic.area == "jobs")
    #expect(topic.name == "backfill.messages.done")
    #expect(!topic.isSystem)
    #expect(topic.isDurable)
    #expect(
      try Topic(provider: "discord", tenant: "backup-duck", area: "jobs", name: "backfill.messages.done") == topic
    )
  }

  @Test func `the host's topic has no tenant and is never durable`() throws {
    let topic = try Topic.system(area: "events", name: "instance.state")
    #expect(topic.description == "promethean.sys.events.instance.state")
    #expect(topic.provider == "" && topic.tenant == "")
    #expect(topic.isSystem)
    #expect(!topic.isDurable)
  }

  @Test(arguments: [
    ("events", true), ("social", true), ("rest", true), ("jobs", true), ("control", false), ("voice", false),
    ("embed", false), ("health", false),
  ])
  func `an area is durable or not`(area: String, isDurable: Bool) throws {
    #expect(try Topic(provider: "p", tenant: "t", area: area, name: "x").isDurable == isDurable)
  }

  @Test(arguments: [
    ("", "promethean.p."), ("promethean", "promethean.p."), ("promethean.p.a.t.b.events", "promethean.p."),
    ("promethean.sys.health", "promethean.p."), ("nats.p.a.t.b.events.x", "promethean.p."),
    ("promethean.q.a.t.b.events.x", "promethean.p."), ("promethean.p.a.u.b.events.x", "promethean.p."),
    ("promethean.p.Discord.t.b.events.x", "a provider"), ("promethean.p..t.b.events.x", "a provider"),
    ("promethean.p.-a.t.b.events.x", "a provider"), ("promethean.p.*.t.b.events.x", "a provider"),
    ("promethean.p.a.t.b c.events.x", "a tenant"), ("promethean.p.a.t.é.events.x", "a tenant"),
    ("promethean.p.a.t.b.Events.x", "an area"), ("promethean.p.a.t.b..x", "an area"),
    ("promethean.p.a.t.b.e2e.x", "an area"), ("promethean.p.a.t.b.events.", "a name token"),
    ("promethean.p.a.t.b.events.x..y", "a name token"), ("promethean.p.a.t.b.events.x y", "a name token"),
    ("promethean.p.a.t.b.events.>", "a name token"), ("promethean.p.a.t.b.events.x\n", "a name token"),
    ("promethean.sys.events.*", "a name token"),
  ])
  func `text that is no topic is refused with what was expected`(text: String, expected: String) {
    let error = #expect(throws: TopicError.self) { try Topic(text) }
    #expect(error?.reason.contains("expected \(expected)") == true)
    #expect(error?.text == text)
  }

  @Test func `the limits are exact`() throws {
    let name = String(repeating: "a", count: 63)
    #expect(try Topic("promethean.p.\(name).t.\(name).events.x").provider == name)
    #expect(throws: TopicError.self) { try Topic("promethean.p.\(name)a.t.b.events.x") }

    let prefix = "promethean.p.a.t.b.events."
    #expect(try Topic(prefix + Array(repeating: "x", count: 10).joined(separator: ".")).name.count == 19)
    #expect(throws: TopicError.self) { try Topic(prefix + Array(repeating: "x", count: 11).joined(separator: ".")) }
    #expect(try Topic(prefix + String(repeating: "x", count: 256 - 26)).description.utf8.count == 256)
    #expect(throws: TopicError.self) { try Topic(prefix + String(repeating: "x", count: 257 - 26)) }
  }
}
