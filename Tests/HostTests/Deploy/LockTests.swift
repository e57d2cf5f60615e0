import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// plugins.lock: what was approved, as people commit and compare it.
@Suite struct LockTests {
  @Test func `the lock says what was approved, and is read back as it was`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let text = try fixture.text("plugins.lock")
    let lock = try #require(try Lock.read(directory: fixture.directory))
    #expect(String(decoding: lock.bytes, as: UTF8.self) == text)
    #expect(lock == Lock(plugins: try fixture.deployer.desired().whole().approvals))
    let indexer = try #require(lock.plugins["indexer"])
    #expect(indexer.version == "0.1.0-beta.1" && indexer.require == .landlock && indexer.provides == [.embedText])
    #expect(indexer.tenants.map { "\($0)" } == ["echo/demo", "echo/other", "pigeon/coop"])
    #expect(
      indexer.lines == [
        "storage.documents messages:write", "subscribe promethean.p.*.t.*.events.(Created|Updated)",
      ]
    )
    // A line for each grant.
    #expect(text.contains("\n        \"storage.documents messages:write\",\n"))
  }

  @Test func `a name with characters that YAML does not take is read back too`() throws {
    let place = SourceLocation(file: "x")
    let name = "a\u{7F}\u{85}\u{2028}\u{FEFF}\u{FFFE}\u{1}\n\t\"\\ \u{1F986}é"
    let fixture = try DeployFixture()
    var approval = try fixture.deployer.desired().whole().approvals["echo"]
    approval?.grants = [Grant(.secretsRead, .named(StarPattern(name)), at: place)]
    let lock = Lock(plugins: ["echo": try #require(approval)])
    let diagnostics = Diagnostics()
    #expect(Lock.parse(lock.bytes, named: "x", diagnostics) == lock)
    #expect(diagnostics.all == [])
    #expect(try JSON.parse(lock.bytes)["plugins"]?["echo"]?["grants"]?.arrayValue == [.string("secrets.read \(name)")])
  }

  @Test func `what a tenant's plugin is to keep to is approved with it, and a lock need not say it`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("ECHO_TOKEN } }", "ECHO_TOKEN } }, allow: { guilds: [\"2\", \"1\"] }")
    try fixture.apply()
    let lock = try #require(try Lock.read(directory: fixture.directory))
    let demo = TenantID(provider: "echo", tenant: "demo")
    #expect(lock.plugins["echo"]?.allow == [demo: ["guilds": ["2", "1"]]])
    // A worker is told nothing of it.
    #expect(lock.plugins["indexer"]?.allow == [:])
    #expect(lock == Lock(plugins: try fixture.deployer.desired().whole().approvals))
    var older = lock
    older.plugins["echo"]?.allow = [:]
    #expect(!String(decoding: older.bytes, as: UTF8.self).contains("allow"))
    #expect(older != lock)
  }

  @Test func `schema and lock know the same keys`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("ECHO_TOKEN } }", "ECHO_TOKEN } }, allow: { guilds: [\"1\"] }")
    try fixture.apply()
    let lock = try JSON.parse(fixture.text("plugins.lock"))
    let path = "\(ManifestFixture.repository)/schemas/plugins.lock.schema.json"
    let schema = try JSON.parse(FileBytes.read(path))
    func keys(_ json: JSON?) -> [String] { json?.objectValue?.keys ?? [] }
    #expect(keys(schema["properties"]) == keys(lock))
    let plugin = schema["$defs"]?["plugin"]
    #expect(keys(plugin?["properties"]) == keys(lock["plugins"]?["echo"]))
    let required = keys(lock["plugins"]?["echo"]).filter { $0 != "allow" }
    #expect(plugin?["required"]?.arrayValue?.compactMap(\.stringValue) == required)
  }

  /// What is edited into the lock, and what is said of it.
  static let broken: [(String, String, String)] = [
    ("\"version\": 1,", "\"version\": 2,", "2:14: version: expected 1, the version of this file's shape, found 2"),
    ("\"trust\": \"signed\"", "\"trust\": \"maybe\"", "trust: expected signed or unsigned, found \"maybe\""),
    ("\"require\": \"landlock\"", "\"require\": \"weak\"", "require: expected full, landlock or none, found \"weak\""),
    ("\"size\": ", "\"sizes\": ", "sizes: unknown key; did you mean \"size\"?"),
    ("\"sha256\": \"", "\"sha256\": \"x", "sha256: expected a SHA-256 of 64 hexadecimal digits, found \"x"),
    ("\"echo/demo\"", "\"echo\"", "tenants[0]: expected provider/tenant, found \"echo\""),
    ("\"secrets.read token\"", "\"secrets.red token\"", "grants[5]: unknown capability \"secrets.red\""),
    (
      "\"net.dial echo.example:443\"", "\"net.dial echo.example\"",
      "grants[2]: \"echo.example\" names no port; expected host:port"
    ),
  ]

  @Test(arguments: broken) func `what is wrong with a lock is said with its place`(row: (String, String, String)) throws
  {
    let fixture = try DeployFixture()
    try fixture.apply()
    let text = try fixture.text("plugins.lock")
    let range = try #require(text.firstRange(of: row.0))
    try fixture.write("plugins.lock", text.replacingCharacters(in: range, with: row.1))
    let error = #expect(throws: InvalidDeployment.self) { try Lock.read(directory: fixture.directory) }
    let line = text[..<range.lowerBound].count { $0 == "\n" } + 1
    let said = try #require(error?.diagnostics.first { $0.description.contains(row.2) }, "\(error?.description ?? "")")
    #expect(said.location.file == "\(fixture.directory)/plugins.lock")
    #expect(said.location.line == line && said.location.column > 1)
    #expect(throws: DeployError.self) { try fixture.plan() }
  }

  @Test func `what an edited lock no longer approves needs consent again, and shows as drift`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    #expect(try fixture.deployer.drift() == [])
    let text = try fixture.text("plugins.lock")
    try fixture.write("plugins.lock", text.replacing("\"net.dial echo.example:443\",\n", with: ""))
    #expect(
      try fixture.deployer.drift() == ["plugins.lock approves less for echo than runs: net.dial echo.example:443"]
    )
    let plan = try fixture.plan()
    #expect(plan.isEmpty && plan.verdict == .needsApproval)
    #expect(plan.widened == ["echo": ["net.dial echo.example:443"]])
    #expect(throws: DeployError.self) { try fixture.deployer.applyOffline(nil, isApproved: false) }
    #expect(try fixture.apply() == 1)
    #expect(try fixture.text("plugins.lock") == text)
    #expect(try fixture.plan().verdict == .nothing)
  }

  @Test func `a lock that approves more lets it be applied without another word`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let before = try fixture.text("plugins.lock")
    try fixture.edit("net.dial: [\"echo.example:443\"]", "net.dial: [\"echo.example:443\", \"*.example:443\"]")
    #expect(try fixture.plan().verdict == .needsApproval)
    let error = #expect(throws: DeployError.self) { try fixture.deployer.applyOffline(nil, isApproved: false) }
    #expect(error?.description == "echo would gain net.dial *.example:443 (--approve agrees to it)")
    #expect(try fixture.deployer.store.current()?.generation == 1)
    let one = "\"net.dial echo.example:443\","
    try fixture.write("plugins.lock", before.replacing(one, with: "\"net.dial *.example:443\",\n\(one)"))
    #expect(try fixture.deployer.drift() == ["plugins.lock approves more for echo than runs: net.dial *.example:443"])
    #expect(try fixture.plan().verdict == .changes)
    #expect(try fixture.deployer.applyOffline(nil, isApproved: false).generation == 2)
    #expect(try fixture.deployer.drift() == [])
  }

  @Test func `without a lock what runs counts as approved`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    unsafe unlink("\(fixture.directory)/plugins.lock")
    #expect(try fixture.plan().verdict == .nothing)
    #expect(try fixture.deployer.drift() == [])
    try fixture.edit("deadline: 5s", "deadline: 6s")
    #expect(try fixture.plan().verdict == .changes)
  }

  @Test func `plugins that are not in the lock, or only there, are drift`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    var lock = try #require(try Lock.read(directory: fixture.directory))
    lock.plugins["other"] = lock.plugins.removeValue(forKey: "storage")
    lock.plugins["indexer"]?.library = String(repeating: "0", count: 64)
    lock.plugins["echo"]?.version = "9.9.9"
    try fixture.write("plugins.lock", String(decoding: lock.bytes, as: UTF8.self))
    #expect(
      try fixture.deployer.drift() == [
        "plugins.lock says something else of echo than runs", "plugins.lock names another library for indexer",
        "plugins.lock approves other, which does not run", "plugins.lock does not approve storage, which runs",
      ]
    )
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
