import Envelope
import Glibc
import Signing
import TestSupport
import Testing

@testable import Host

/// Generations as they are kept and read back.
@Suite struct GenerationTests {
  @Test(arguments: [
    Array("version: 1\n".utf8), Array("version: 1\r\n# Ärger\r\n\t\"\u{1F986}\" \\ \u{0}".utf8), [],
    [0xEF, 0xBB, 0xBF, 0x61], [0xFF, 0xFE, 0x00, 0x80],
  ])
  func `a generation is read back as it was`(manifest: [UInt8]) throws {
    let generation = Generation(
      number: 7,
      time: Timestamp(nanoseconds: 1_700_000_000_123_456_789),
      cause: .rollback,
      origin: 3,
      manifest: manifest,
      libraries: ["b": String(repeating: "0a", count: 32), "a": String(repeating: "f", count: 64)]
    )
    let bytes = generation.document.bytes()
    #expect(try Generation(bytes, "x") == generation)
    #expect(try Generation(bytes, "x").document.bytes() == bytes)
    for end in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: HostError.self) { try Generation(Array(bytes[..<end]), "x") }
    }
  }

  @Test func `a library is named by a digest and nothing else`() {
    let text =
      #"{"version":1,"generation":1,"time":"2026-01-01T00:00:00Z","cause":"apply","plugins":"","libraries":{"a":"../x"}}"#
    let error = #expect(throws: HostError.self) { try Generation(Array(text.utf8), "1.json") }
    #expect(error?.description == #"1.json: libraries.a: expected a SHA-256, found string "../x""#)
  }

  @Test func `a generation comes to the same, to the byte, whatever became of the files`() throws {
    let fixture = try DeployFixture()
    let effective = try fixture.deployer.desired().whole().effective.bytes()
    try fixture.apply()
    let first = try #require(try fixture.deployer.base()).generation
    #expect(String(decoding: first.manifest, as: UTF8.self) == (try fixture.text("plugins.yml")))
    try fixture.edit("deadline: 5s", "deadline: 6s")
    try fixture.edit("Echo", "version: 0.1.0", "version: 0.1.1")
    try fixture.apply()
    for name in ["Echo", "Storage", "Indexer"] { unsafe unlink("\(fixture.directory)/plugins.d/lib\(name).so") }
    try fixture.write("plugins.yml", "broken: [")
    let base = try fixture.deployer.read(fixture.deployer.store.generation(1))
    #expect(base.diagnostics.isEmpty)
    #expect(base.deployment.effective.bytes() == effective)
    // What is said of it names the generation, for plugins.yml says something else by now.
    #expect(base.deployment.plugin("echo")?.location.file == "\(fixture.directory)/var/generations/1.json(plugins.yml)")

    let (generation, origin) = try fixture.deployer.rollbackOffline(nil)
    #expect((generation, origin) == (3, 1))
    let back = try #require(try fixture.deployer.base())
    #expect(back.deployment.effective.bytes() == effective)
    #expect(back.generation.libraries == first.libraries && back.generation.manifest == first.manifest)
    #expect(back.generation.cause == .rollback && back.generation.origin == 1)
    // Decided against, so that a start does not take it up again.
    #expect(try fixture.deployer.store.current()?.manifest == fixture.deployer.desired().digest)
  }

  @Test func `each rollback goes one further back`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    for second in 6...8 {
      try fixture.edit("deadline: \(second - 1)s", "deadline: \(second)s")
      try fixture.apply()
    }
    #expect(try fixture.deployer.rollbackOffline(nil) == (5, 3))
    #expect(try fixture.deployer.rollbackOffline(nil) == (6, 2))
    #expect(try fixture.deployer.rollbackOffline(4) == (7, 4))
    #expect(try fixture.deployer.rollbackOffline(6) == (8, 6))
    #expect(try fixture.deployer.rollbackOffline(nil) == (9, 1))
    #expect(throws: HostError.self) { try fixture.deployer.rollbackOffline(nil) }
    #expect(throws: HostError.self) { try fixture.deployer.rollbackOffline(10) }
    #expect(try fixture.deployer.base()?.deployment.plugin("indexer")?.limits.deadline == .seconds(5))
  }

  @Test func `a library that is gone or altered is said, and no generation for a rollback`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let base = try #require(try fixture.deployer.base())
    let digest = try #require(base.generation.libraries["storage"])
    let path = "\(fixture.directory)/var/store/\(digest).so"
    let bytes = try FileBytes.read(path)
    try fixture.edit("deadline: 5s", "deadline: 6s")
    try fixture.apply()
    func said() throws -> String? {
      let error = #expect(throws: DeployError.self) { try fixture.deployer.rollbackOffline(1) }
      return error?.description
    }
    unsafe unlink(path)
    #expect(
      try said()?.hasSuffix("plugins.storage.library: \(path) cannot be opened: No such file or directory") == true
    )
    #expect(
      try fixture.deployer.drift() == [
        "plugins.storage.library: \(path) cannot be opened: No such file or directory"
      ]
    )
    try fixture.manifest.write("var/store/\(digest).so", bytes.dropLast() + [1])
    #expect(try said()?.contains("\(path) was altered: its SHA-256 is ") == true)
    // Its loss does not keep anybody from applying again.
    #expect(try fixture.plan().plugins.first { $0.id == "storage" }?.action == .start)
    try fixture.apply()
    #expect(try fixture.deployer.drift() == [])
  }

  @Test func `a plugin that was broken is left out again`() throws {
    let fixture = try DeployFixture()
    fixture.manifest.damage["Indexer"] = { $0[0] = 0 }
    try fixture.manifest.write()
    let desired = fixture.deployer.desired()
    let deployment = try #require(desired.deployment)
    #expect(desired.diagnostics.map(\.plugin) == ["indexer"])
    let generation = try fixture.deployer.prepare(.start, manifest: desired.manifest, deployment)
    try fixture.deployer.commit(generation, decided: desired.digest)
    let base = try #require(try fixture.deployer.base())
    #expect(base.diagnostics.isEmpty)
    #expect(base.deployment.effective.bytes() == deployment.effective.bytes())
    #expect(base.generation.libraries.keys.sorted() == ["echo", "storage"])
    // A start agrees to nothing.
    #expect(!fixture.exists("plugins.lock"))
    #expect(throws: DeployError.self) { try fixture.plan() }
  }

  @Test func `a reload gives one plugin another library and touches nothing else`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let before = try #require(try fixture.deployer.base())
    let current = try #require(try fixture.deployer.store.current())
    try fixture.edit("Echo", "version: 0.1.0", "version: 0.1.1")
    try fixture.edit("Storage", "version: 0.1.0", "version: 0.1.1")
    try fixture.edit("deadline: 5s", "deadline: 6s")
    for library in [nil, "\(fixture.directory)/plugins.d/libEcho.so"] {
      let desired = try fixture.deployer.desired(replacing: "echo", library: library)
      let deployment = try desired.whole()
      let plan = try fixture.deployer.plan(desired)
      #expect(plan.plugins.map(\.action) == [.reload, .none, .none])
      #expect(plan.plugins.first?.reasons == ["library: version 0.1.0 -> 0.1.1"])
      #expect(deployment.plugin("indexer")?.limits.deadline == .seconds(5))
    }
    let desired = try fixture.deployer.desired(replacing: "echo", library: nil)
    let generation = try fixture.deployer.prepare(.reload, manifest: desired.manifest, desired.whole())
    try fixture.deployer.commit(generation, decided: nil)
    let after = try #require(try fixture.deployer.base())
    #expect(after.generation.manifest == before.generation.manifest && after.generation.number == 2)
    #expect(
      after.generation.libraries.filter { before.generation.libraries[$0.key] != $0.value }.map(\.key) == ["echo"]
    )
    #expect(try fixture.deployer.store.current()?.manifest == current.manifest)
    #expect(try fixture.deployer.store.history().map(\.cause) == [.apply, .reload])
    #expect(try fixture.deployer.drift() == [])
    #expect(try fixture.deployer.rollbackOffline(nil) == (3, 1))

    let wrong = try fixture.deployer.desired(replacing: "echo", library: "\(fixture.directory)/plugins.d/libStorage.so")
    #expect(Set(wrong.diagnostics.map(\.plugin)) == ["echo"])
    #expect(throws: DeployError.self) { try wrong.whole() }
    let error = #expect(throws: HostError.self) { try fixture.deployer.desired(replacing: "ecco", library: nil) }
    #expect(error?.description == "generation 3 has no plugin \"ecco\" (did you mean echo?)")
  }

  @Test func `what is in the store runs without a signature, and nothing new does`() throws {
    let fixture = try DeployFixture()
    try fixture.edit("library: Echo", "library: Echo\n    trust: unsigned")
    try fixture.apply()
    let key = "keys: [\(ManifestFixture.key.publicKey)]"
    try fixture.edit(key, "keys: []")
    for name in ["Echo", "Storage", "Indexer"] { unsafe unlink("\(fixture.directory)/plugins.d/lib\(name).so.minisig") }
    let base = try #require(try fixture.deployer.base())
    #expect(base.diagnostics.isEmpty)
    #expect(base.deployment.plugins.map(\.origin) == [.unsigned, .stored, .stored])
    #expect(base.deployment.plugins.map(\.trust) == [.unsigned, .signed, .signed])
    #expect(Set(fixture.deployer.desired().diagnostics.compactMap(\.plugin)) == ["storage", "indexer"])
    #expect(throws: DeployError.self) { try fixture.plan() }
    let reload = try fixture.deployer.desired(replacing: "storage", library: nil)
    #expect(reload.diagnostics.map(\.plugin) == ["storage"])
  }

  @Test func `a torn file is said to be so`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let current = try fixture.text("var/generations/current")
    for end in [0, 1, current.count / 2] {
      try fixture.write("var/generations/current", String(current.prefix(end)))
      let error = #expect(throws: HostError.self) { try fixture.deployer.base() }
      #expect(error?.description.hasPrefix("\(fixture.directory)/var/generations/current: ") == true)
    }
    try fixture.write("var/generations/current", current)
    let generation = try fixture.text("var/generations/1.json")
    try fixture.write("var/generations/1.json", String(generation.dropLast(5)))
    let error = #expect(throws: HostError.self) { try fixture.deployer.base() }
    #expect(error?.description.hasPrefix("\(fixture.directory)/var/generations/1.json: ") == true)
    // Libraries stay while nobody knows whose they are.
    try fixture.deployer.settle()
    #expect(Directory.names(in: fixture.deployer.store.libraries).count == 3)
    unsafe unlink("\(fixture.directory)/var/generations/current")
    #expect(try fixture.deployer.base() == nil)
  }

  @Test func `a torn line of history is left out, and what comes after it is not`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let whole = try fixture.text("var/generations/history.ndjson")
    try fixture.write("var/generations/history.ndjson", whole + whole.prefix(20))
    #expect(try fixture.deployer.store.history().map(\.generation) == [1])
    let entry = HistoryEntry(
      cause: .reload,
      generation: 2,
      plugin: "echo",
      outcome: .returned,
      reason: "not \"well\"\n"
    )
    try fixture.deployer.store.append(entry)
    #expect(try fixture.deployer.store.history().map(\.generation) == [1, 2])
    #expect(try fixture.deployer.store.history().last == entry)
    #expect(try HistoryEntry(entry.json) == entry)
  }

  @Test func `the newest generations are kept, with their libraries`() throws {
    let fixture = try DeployFixture()
    try fixture.apply()
    let old = try #require(try fixture.deployer.base()?.generation.libraries["echo"])
    try fixture.edit("Echo", "version: 0.1.0", "version: 0.1.1")
    for second in 6...GenerationStore.kept + 5 {
      try fixture.edit("deadline: \(second - 1)s", "deadline: \(second)s")
      try fixture.apply()
      if second == 6 { #expect(fixture.exists("var/store/\(old).so")) }
    }
    let numbers = try fixture.deployer.store.numbers()
    #expect(numbers == Array(2...GenerationStore.kept + 1))
    #expect(!fixture.exists("var/store/\(old).so"))
    #expect(Directory.names(in: fixture.deployer.store.libraries).count == 3)
    #expect(try fixture.deployer.store.history().count == GenerationStore.kept + 1)
    let error = #expect(throws: HostError.self) { try fixture.deployer.rollbackOffline(1) }
    #expect(error?.description.hasPrefix("there is no generation 1; 2, 3, ") == true)
  }

  @Test func `nothing is applied while a host holds the deployment`() throws {
    let fixture = try DeployFixture()
    try Directory.make("\(fixture.directory)/var/run")
    let lock = try HostLock(path: "\(fixture.directory)/var/run/host.lock")
    let error = #expect(throws: HostError.self) { try fixture.apply() }
    #expect(error?.description.contains("a host runs this deployment already") == true)
    withExtendedLifetime(lock) {}
    #expect(try fixture.deployer.store.current() == nil)
  }
}
