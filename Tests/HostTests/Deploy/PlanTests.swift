import Envelope
import Testing

@testable import Host

/// What a plan says of what was edited.
@Suite struct PlanTests {
  /// One edit, and what it does to which plugin.
  struct Row: Sendable, CustomTestStringConvertible {
    var file = "plugins.yml"
    var old: String
    var new: String
    var plugin: String
    var action: Plan.Action
    var reason: String?
    var verdict = Plan.Verdict.changes

    var testDescription: String { "\(old.debugDescription) -> \(new.debugDescription)" }
  }

  private static func limit(_ name: String, _ value: String, _ action: Plan.Action, _ reason: String) -> Row {
    Row(
      old: "deadline: 5s }",
      new: "deadline: 5s, \(name): \(value) }",
      plugin: "indexer",
      action: action,
      reason: "limits.\(name): \(reason)"
    )
  }

  static let rows: [Row] = [
    limit("rate", "10", .hot, "2000 -> 10"), limit("logs", "10", .hot, "200 -> 10"),
    limit("stderr", "10", .hot, "50 -> 10"), limit("start", "5s", .hot, "1m -> 5s"),
    limit("in_flight", "1", .hot, "64 -> 1"), limit("max_attempts", "1", .hot, "5 -> 1"),
    limit("disk", "2MiB", .hot, "4GiB -> 2MiB"), limit("threads", "8", .reload, "64 -> 8"),
    limit("cpu", "50%", .reload, "none -> 50%"), limit("descriptors", "32", .reload, "64 -> 32"),
    limit("file_size", "1MiB", .reload, "1GiB -> 1MiB"),
    Row(old: "deadline: 5s", new: "deadline: 6s", plugin: "indexer", action: .hot, reason: "limits.deadline: 5s -> 6s"),
    Row(
      old: "memory: 64MiB",
      new: "memory: 65MiB",
      plugin: "indexer",
      action: .reload,
      reason: "limits.memory: 64MiB -> 65MiB"
    ),
    Row(old: "replicas: 2", new: "replicas: 3", plugin: "indexer", action: .reload, reason: "replicas: 2 -> 3"),
    Row(
      old: "require: landlock",
      new: "require: full",
      plugin: "indexer",
      action: .reload,
      reason: "require: landlock -> full"
    ),
    Row(
      old: "require: landlock",
      new: "require: none",
      plugin: "indexer",
      action: .reload,
      reason: "require: landlock -> none",
      verdict: .needsApproval
    ),
    Row(
      old: "batch_max: 128",
      new: "batch_max: 64",
      plugin: "indexer",
      action: .reload,
      reason: "config: batch_max"
    ),
    Row(old: "      log: {}\n", new: "", plugin: "echo", action: .reload, reason: "grants"),
    Row(
      old: "net.dial: [\"echo.example:443\"]",
      new: "net.dial: [\"echo.example:443\", \"*.example:443\"]",
      plugin: "echo",
      action: .reload,
      reason: "grants",
      verdict: .needsApproval
    ),
    Row(
      old: "    replicas: 2",
      new: "    enabled: false\n    replicas: 2",
      plugin: "indexer",
      action: .stop,
      reason: "it is disabled"
    ),
    Row(
      old: "env: ECHO_TOKEN",
      new: "env: OTHER_TOKEN",
      plugin: "echo",
      action: .reload,
      reason: "tenant echo/demo"
    ),
    Row(
      old: "ECHO_TOKEN } }",
      new: "ECHO_TOKEN } }, rate: { max_concurrent: 4 }",
      plugin: "echo",
      action: .reload,
      reason: "tenant echo/demo"
    ),
    Row(
      old: "ECHO_TOKEN } }",
      new: "ECHO_TOKEN } }, allow: { guilds: [\"1\"] }",
      plugin: "echo",
      action: .reload,
      reason: "tenant echo/demo"
    ),
    Row(
      old: "provider.rest.call: {}",
      new: "provider.rest.call: [\"GET /channels/*\"]",
      plugin: "echo",
      action: .reload,
      reason: "grants"
    ),
    Row(
      old: "library: Echo",
      new: "library: Echo\n    trust: unsigned",
      plugin: "echo",
      action: .hot,
      reason: "trust: signed -> unsigned",
      verdict: .needsApproval
    ),
    Row(
      file: "Indexer",
      old: "version: 0.1.0-beta.1",
      new: "version: 0.2.0",
      plugin: "indexer",
      action: .reload,
      reason: "library: version 0.1.0-beta.1 -> 0.2.0"
    ),
    Row(
      file: "Indexer",
      old: "Finds things again.",
      new: "Finds things.",
      plugin: "indexer",
      action: .reload,
      reason: "library: version 0.1.0-beta.1 still"
    ),
    Row(
      file: "Indexer",
      old: "provides: [embed.text]",
      new: "provides: [embed.text, tts.speak]",
      plugin: "indexer",
      action: .reload,
      reason: "library: version 0.1.0-beta.1 still",
      verdict: .needsApproval
    ),
  ]

  @Test(arguments: rows) func `an edit does to a plugin what it says`(row: Row) throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    try fixture.edit(row.file, row.old, row.new)
    let plan = try fixture.plan()
    let changed = plan.plugins.filter { $0.action != .none }
    #expect(changed.map(\.id) == [row.plugin])
    #expect(changed.first?.action == row.action)
    #expect(changed.first?.reasons == row.reason.map { [$0] })
    #expect(plan.verdict == row.verdict)
    // What a plan calls nothing must be nothing, and the other way round.
    #expect(try fixture.deployer.base()?.deployment.fingerprint != plan.desired)
    #expect(try Plan(plan.json, named: "x") == plan)
    #expect(try Plan(plan.json.bytes(pretty: true), named: "x") == plan)
  }

  @Test func `an access plugin's tenants come and go while it runs`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("tenant: other }", "tenant: other, credentials: { token: { env: OTHER } } }")
    try fixture.apply()
    try fixture.edit("tenants: [echo/demo]", "tenants: [echo/demo, echo/other]")
    var plan = try fixture.plan()
    #expect(plan.plugins.map(\.action) == [.hot, .none, .none])
    #expect(plan.plugins.first?.gained == ["tenant echo/other"])
    #expect(plan.verdict == .needsApproval)
    try fixture.apply()
    try fixture.edit("tenants: [echo/demo, echo/other]", "tenants: [echo/demo]")
    plan = try fixture.plan()
    #expect(plan.plugins.map(\.action) == [.hot, .none, .none])
    #expect(plan.plugins.first?.lost == ["tenant echo/other"])
    #expect(plan.verdict == .changes)
    try fixture.edit(
      "indexer:\n    library: Indexer\n    tenants: [\"*/*\"]",
      "indexer:\n    library: Indexer\n    tenants: [\"echo/*\"]"
    )
    #expect(try fixture.plan().plugins.map(\.action) == [.hot, .reload, .none])
  }

  @Test func `what a tenant's list lets through more of needs consent`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("ECHO_TOKEN } }", "ECHO_TOKEN } }, allow: { guilds: [\"1\"] }")
    try fixture.apply()
    try fixture.edit("guilds: [\"1\"]", "guilds: [\"1\", \"2\"]")
    let plan = try fixture.plan()
    #expect(plan.plugins.first?.gained == ["allow echo/demo guilds: 2"])
    #expect(plan.plugins.first?.reasons == ["tenant echo/demo"])
    #expect(plan.widened == ["echo": ["allow echo/demo guilds: 2"]])
    #expect(plan.verdict == .needsApproval)
    try fixture.apply()
    try fixture.edit(", allow: { guilds: [\"1\", \"2\"] }", "")
    #expect(try fixture.plan().widened == ["echo": ["allow echo/demo guilds: everything"]])
  }

  @Test func `several reasons make the greatest action`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    try fixture.edit("deadline: 5s }", "deadline: 6s, threads: 8, rate: 5 }")
    let plugin = try #require(try fixture.plan().plugins.first { $0.id == "indexer" })
    #expect(plugin.action == .reload)
    #expect(plugin.reasons == ["limits.threads: 64 -> 8", "limits.rate: 2000 -> 5", "limits.deadline: 5s -> 6s"])
  }

  @Test func `without a generation everything starts, and needs consent`() throws {
    let plan = try DeployFixture().plan()
    #expect(plan.base == nil)
    #expect(plan.plugins.map(\.action) == [.start, .start, .start])
    #expect(plan.verdict == .needsApproval)
    #expect(plan.widened["storage"]?.contains("fs.write data") == true)
    #expect(try Plan(plan.json, named: "x") == plan)
  }

  @Test func `comments and order change nothing`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let text = try fixture.text("plugins.yml")
    let start = try #require(text.firstRange(of: "plugins:\n"))
    let (head, plugins) = (text[..<start.lowerBound], text[start.upperBound...])
    // The last plugin first, the tenants the other way round, grants in another order, comments all over.
    let indexer = try #require(plugins.firstRange(of: "  indexer:"))
    var moved = "# new\n" + head + "plugins: # all\n" + plugins[indexer.lowerBound...] + plugins[..<indexer.lowerBound]
    let echo = "    grants:\n      subscribe: [promethean.p.echo"
    moved = moved.replacing("      log: {}\n", with: "")
    moved = moved.replacing(echo, with: echo.replacing("grants:\n", with: "grants:\n      log: {}\n"))
    #expect(moved != text)
    try fixture.write("plugins.yml", moved)
    let plan = try fixture.plan()
    #expect(plan.plugins.allSatisfy { $0.action == .none && $0.reasons.isEmpty })
    #expect(plan.verdict == .nothing && plan.isEmpty)
    #expect(try fixture.deployer.base()?.deployment.fingerprint == plan.desired)
    #expect(try fixture.apply() == 1)
    // It has been looked at, and is not looked at again.
    #expect(try fixture.deployer.store.current()?.manifest == fixture.deployer.desired().digest)
  }

  @Test func `settings of the host and tenants that nobody serves are changes too`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    try fixture.edit("port: 8650 }", "port: 8651 }\n  log: { level: debug }")
    var plan = try fixture.plan()
    #expect(
      plan.host == [
        SettingChange(name: "http.port", old: 8650, new: 8651),
        SettingChange(name: "log.level", old: "info", new: "debug"),
      ]
    )
    #expect(!Plan.isHot("http.port") && Plan.isHot("log.level"))
    #expect(plan.verdict == .changes)
    #expect(try Plan(plan.json, named: "x") == plan)
    try fixture.apply()
    try fixture.edit(
      "tenants: [\"*/*\"]\n    grants:\n      fs.write: [data]",
      "tenants: [echo/demo, echo/other, pigeon/coop]\n    grants:\n      fs.write: [data]"
    )
    #expect(try fixture.plan().verdict == .nothing)
    try fixture.edit(
      "  - { provider: pigeon, tenant: coop }",
      "  - { provider: pigeon, tenant: coop, rate: { max: 1 } }"
    )
    plan = try fixture.plan()
    #expect(plan.tenants.map(\.name) == ["pigeon/coop"])
    #expect(plan.verdict == .changes)
  }

  @Test func `a secret in a configuration is named and not shown`() throws {
    let fixture = try DeployFixture()
    let schema = "retry: { type: object, properties: { delay: { type: string, default: 5s } } }\n"
    try fixture.edit(
      "Indexer",
      schema,
      schema + "      api_key: { type: string, default: canary-0 }\n"
        + "      salt: { type: string, writeOnly: true, default: canary-1 }\n"
        + "      passwords: { type: array, items: { type: string }, default: [canary-2] }\n"
    )
    try fixture.edit("config: { batch_max: 128 }", "config: { batch_max: 128, api_key: canary-3 }")
    try fixture.apply()
    try fixture.edit(
      "api_key: canary-3 }",
      "api_key: canary-4, salt: canary-5, passwords: [canary-6], mode: fast, retry: { delay: 6s } }"
    )
    let plan = try fixture.plan()
    let config = try #require(plan.plugins.first { $0.id == "indexer" }).config
    #expect(config.map(\.name) == ["api_key", "mode", "passwords", "retry.delay", "salt"])
    #expect(config.filter(\.isSecret).map(\.name) == ["api_key", "passwords", "salt"])
    #expect(config[1] == SettingChange(name: "mode", old: "safe", new: "fast"))
    #expect(config[3] == SettingChange(name: "retry.delay", old: "5s", new: "6s"))
    let shown = try [
      plan.json, fixture.deployer.base()?.deployment.effective ?? [:], fixture.deployer.desired().whole().effective,
    ]
    #expect(!shown.contains { $0.text.contains("canary") })
    #expect(shown[1] != shown[2])
    #expect(!(try fixture.text("plugins.lock")).contains("canary"))
    #expect(!(try fixture.text("var/generations/history.ndjson")).contains("canary"))
  }

  @Test func `a disabled plugin needs nobody's consent, and an enabled one does`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("    replicas: 2", "    enabled: false\n    replicas: 2")
    try fixture.apply()
    #expect(!(try fixture.text("plugins.lock")).contains("indexer"))
    try fixture.edit("batch_max: 128", "batch_max: 64")
    #expect(try fixture.plan().verdict == .nothing)
    try fixture.edit("    enabled: false\n", "")
    let plan = try fixture.plan()
    #expect(plan.plugins.first { $0.id == "indexer" }?.action == .start)
    #expect(plan.verdict == .needsApproval)
  }

  // MARK: - Stale plans

  /// What makes a plan stale, and what is said of it.
  struct Stale: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reason: String?
    var change: @Sendable (DeployFixture) throws -> Void
  }

  static let stale = [
    Stale(testDescription: "nothing", reason: nil) { _ in },
    Stale(testDescription: "a comment", reason: nil) { try $0.edit("version: 1\n", "version: 1 # one\n") },
    Stale(testDescription: "another generation", reason: "it starts from generation 1, and generation 2 runs now") {
      try $0.apply()
    },
    Stale(testDescription: "plugins.yml", reason: "plugins.yml says something else since") {
      try $0.edit("deadline: 6s", "deadline: 7s")
    },
    Stale(testDescription: "a library", reason: "the library of echo is another one since") {
      try $0.edit("Echo", "version: 0.1.0", "version: 0.1.1")
    },
    Stale(testDescription: "a plugin less", reason: "plugins.yml says something else since") {
      try $0.edit("    replicas: 2", "    enabled: false\n    replicas: 2")
    },
  ]

  @Test(arguments: stale) func `a plan is applied exactly or refused`(stale: Stale) throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    try fixture.edit("deadline: 5s", "deadline: 6s")
    let plan = try fixture.plan()
    try stale.change(fixture)
    let before = try fixture.deployer.store.current()?.generation
    guard let reason = stale.reason else {
      #expect(try fixture.deployer.applyOffline(plan, isApproved: false).generation == 2)
      return
    }
    let error = #expect(throws: DeployError.self) { try fixture.deployer.applyOffline(plan, isApproved: true) }
    #expect(error?.description == "the plan is stale: \(reason); make it anew")
    #expect(try fixture.deployer.store.current()?.generation == before)
    let entry = try #require(try fixture.deployer.store.history().last)
    #expect(entry.outcome == .refused && entry.reason.contains(reason))
  }

  @Test func `a plan that was changed is none`() throws {
    let fixture = try DeployFixture()
    let text = try fixture.plan().json.text
    let digest = try fixture.deployer.desired().whole().fingerprint
    for (old, new) in [
      (digest, String(digest.reversed())), ("needsApproval", "changes"), ("\"base\":null", "\"base\":4"),
    ] {
      let error = #expect(throws: HostError.self) {
        try Plan(Array(text.replacing(old, with: new).utf8), named: "my.plan")
      }
      #expect(error?.description == "my.plan: it was changed after it was made")
    }
    for broken in ["", "{}", "[]", String(text.dropLast()), text.replacing("\"host\"", with: "\"hosts\"")] {
      #expect(throws: HostError.self) { try Plan(Array(broken.utf8), named: "my.plan") }
    }
  }
}
