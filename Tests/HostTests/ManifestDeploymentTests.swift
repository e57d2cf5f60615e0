import Envelope
import Glibc
import Testing

@testable import Host

@Suite struct ManifestDeploymentTests {
  @Test func `a good deployment is read whole`() throws {
    let fixture = try ManifestFixture()
    let (read, diagnostics) = try fixture.read()
    #expect(diagnostics.map(\.description) == [])
    let deployment = try #require(read)
    #expect(deployment.tenants.map { "\($0.id)" } == ["echo/demo", "echo/other", "pigeon/coop"])
    #expect(deployment.tenants[0].credentials == ["token": .environment("ECHO_TOKEN")])
    #expect(deployment.plugins.map(\.id) == ["echo", "storage", "indexer"])
    #expect(deployment.host.httpPort == 8650)
    #expect(deployment.host.journalSync == .full)
    #expect(deployment.host.journalWindow == .seconds(86400))
    #expect(deployment.directory == fixture.directory)
    #expect(deployment.dataDirectory(of: "storage") == fixture.directory + "/var/data/storage")
    #expect(
      deployment.server(of: .storageDocuments, for: TenantID(provider: "pigeon", tenant: "coop"))?.id == "storage"
    )
    #expect(deployment.server(of: .storageBlobs, for: TenantID(provider: "pigeon", tenant: "coop")) == nil)
  }

  @Test func `a plugin's entry is joined with its manifest`() throws {
    let fixture = try ManifestFixture()
    let indexer = try #require(try fixture.read().deployment?.plugin("indexer"))
    #expect(indexer.manifest.kind == .worker)
    #expect(indexer.manifest.version == "0.1.0-beta.1")
    #expect(indexer.manifest.abi == ABIVersion(major: 1, minor: 1))
    #expect(indexer.manifest.provides == [.embedText])
    #expect(indexer.manifest.healthInterval == .seconds(5))
    #expect(indexer.manifest.inputs.map(\.payload) == ["schemas/SocialMessageCreated", nil])
    #expect(indexer.subscriptions.map(\.description).first == "promethean.p.*.t.*.events.Created")
    #expect(indexer.boundTenants.map { "\($0)" } == ["echo/demo", "echo/other", "pigeon/coop"])
    #expect(indexer.replicas == 2)
    #expect(indexer.enabled)
    #expect(indexer.limits.memory == 64 << 20)
    #expect(indexer.limits.deadline == .seconds(5))
    #expect(indexer.limits.threads == Limits().threads)
    #expect(indexer.require == .landlock)
    #expect(indexer.libraryPath == fixture.directory + "/plugins.d/libIndexer.so")
    #expect(indexer.location.line == 27)
  }

  @Test func `an access plugin is bound to its own provider's tenants only`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "tenants: [echo/demo]", "tenants: [\"echo/*\"]")
    fixture.edit("plugins.yml", "      secrets.read: [token]\n", "")
    let echo = try #require(try fixture.read().deployment?.plugin("echo"))
    #expect(echo.boundTenants.map { "\($0)" } == ["echo/demo", "echo/other"])
    #expect(echo.paths(.fsWrite, dataDirectory: "/d") == ["/srv/echo"])
  }

  @Test func `defaults are filled in, and what was written stays`() throws {
    let indexer = try #require(try ManifestFixture().read().deployment?.plugin("indexer"))
    #expect(indexer.config.text == #"{"batch_max":128,"mode":"safe","ratio":0.5,"names":[],"retry":{"delay":"5s"}}"#)
    #expect(indexer.configRev.count == 16)
    let other = try ManifestFixture()
    other.edit("plugins.yml", "batch_max: 128", "batch_max: 129")
    #expect(try other.read().deployment?.plugin("indexer")?.configRev != indexer.configRev)
  }

  @Test func `an access plugin is told what it may do with each tenant, and the revision says so`() throws {
    let fixture = try ManifestFixture()
    fixture.edit(
      "plugins.yml",
      "ECHO_TOKEN } }",
      "ECHO_TOKEN } }, allow: { guilds: [\"1\"], channels: [] }, rate: { b: { c: 2 }, a: 1 }"
    )
    let demo = TenantID(provider: "echo", tenant: "demo")
    let plain = try #require(try ManifestFixture().read().deployment?.plugin("echo"))
    let echo = try #require(try fixture.read().deployment?.plugin("echo"))
    #expect(
      echo.bindings[demo]?.json.text
        == #"{"allow":{"channels":[],"guilds":["1"]},"rate":{"a":1,"b":{"c":2}},"grants":{"provider.rest.call":[]}}"#
    )
    #expect(plain.bindings[demo]?.json.text == #"{"allow":{},"rate":{},"grants":{"provider.rest.call":[]}}"#)
    #expect(echo.configRev == plain.configRev && echo.configRev(for: nil) == echo.configRev)
    let revisions = [nil, echo.bindings[demo], plain.bindings[demo]].map { echo.configRev(for: $0) }
    #expect(Set(revisions).count == 3 && revisions.allSatisfy { $0.count == 16 })
    #expect(try fixture.read().deployment?.plugin("indexer")?.bindings.isEmpty == true)
  }

  @Test func `of the provider's capabilities, the routes are told that are granted, and no other`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "provider.rest.call: {}", "provider.rest.call: [\"POST *\", \"GET /a\", \"POST *\"]")
    let demo = TenantID(provider: "echo", tenant: "demo")
    var echo = try #require(try fixture.read().deployment?.plugin("echo"))
    #expect(echo.bindings[demo]?.grants == [.providerRESTCall: ["GET /a", "POST *"]])
    fixture.edit("plugins.yml", "[\"POST *\", \"GET /a\", \"POST *\"]", "[]")
    echo = try #require(try fixture.read().deployment?.plugin("echo"))
    #expect(echo.bindings[demo]?.grants == [:])
  }

  @Test func `the digest is that of the file, and the descriptor stays open`() throws {
    let fixture = try ManifestFixture()
    fixture.manifests["Echo"] = ManifestFixture.echo
    let library = try #require(try fixture.read().deployment?.plugin("echo")?.library)
    let bytes = try readFile(library.path, sizeMax: 1 << 20)
    #expect(library.digest == sha256(bytes))
    #expect(sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(library.size == bytes.count)
    let removed = unsafe unlink(library.path)
    #expect(removed == 0)
    #expect(try library.bytes(at: 0, count: 4) == [0x7F, 0x45, 0x4C, 0x46])
  }

  @Test func `a broken plugin is left out and the others stay`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "library: Indexer", "library: Missing")
    let (deployment, diagnostics) = try fixture.read()
    #expect(deployment?.plugins.map(\.id) == ["echo", "storage"])
    #expect(diagnostics.map(\.plugin) == ["indexer"])
    #expect(throws: InvalidDeployment.self) {
      try Deployment.load(path: fixture.directory + "/plugins.yml", searchPath: [])
    }
  }

  @Test func `nothing is left of a deployment that is wrong outside its plugins`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "port: 8650", "port: none")
    #expect(try fixture.read().deployment == nil)
  }

  @Test func `all that is wrong is said at once`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "version: 1", "version: 2")
    fixture.edit("plugins.yml", "port: 8650", "port: 99999")
    fixture.edit("plugins.yml", "replicas: 2", "replicsa: 2")
    fixture.edit("Echo", "kind: access", "kind: acces")
    #expect(
      try fixture.messages() == [
        "plugins.yml:1:10: version: expected 1, the version of this file's shape, found 2",
        "plugins.yml:3:17: host.http.port: expected an integer from 0 to 65535, found 99999",
        "plugins.yml:30:5: plugins.indexer.replicsa: unknown key; did you mean \"replicas\"?",
        "libEcho.so(plugin.yml):3:9: agent.kind: expected access, worker or service, found \"acces\"",
      ]
    )
  }

  @Test func `a disabled plugin serves nobody and conflicts with nobody`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "    library: Echo\n", "    library: Echo\n    enabled: false\n")
    #expect(try fixture.messages() == [])
    let without = try ManifestFixture()
    without.edit("plugins.yml", "    library: plugins.d/libStorage.so\n", "    library: Storage\n    enabled: false\n")
    #expect(
      try without.messages() == [
        "plugins.yml:35:7: plugins.indexer.grants.storage.documents: no enabled plugin provides it"
      ]
    )
  }

  @Test func `libraries are found in plugins.d first, then along the search path`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let other = try fixture.makeDirectory("elsewhere")
    let moved = unsafe rename(fixture.directory + "/plugins.d/libEcho.so", other + "/Echo.so")
    try #require(moved == 0)
    try fixture.sign("elsewhere/Echo.so")
    try fixture.write(
      "elsewhere/libIndexer.so",
      readFile(fixture.directory + "/plugins.d/libIndexer.so", sizeMax: 1 << 20)
    )
    let deployment = try Deployment.load(path: fixture.directory + "/plugins.yml", searchPath: ["/nowhere", other])
    #expect(deployment.plugin("echo")?.libraryPath == other + "/Echo.so")
    #expect(deployment.plugin("indexer")?.libraryPath == fixture.directory + "/plugins.d/libIndexer.so")
  }

  @Test func `a file that is not there is said not to be`() throws {
    let fixture = try ManifestFixture()
    let (deployment, diagnostics) = Deployment.read(path: fixture.directory + "/none.yml", searchPath: [])
    #expect(deployment == nil)
    #expect(
      diagnostics.map(\.description) == [
        "\(fixture.directory)/none.yml:1:1: cannot be opened: No such file or directory"
      ]
    )
  }

  @Test func `a directory above the host's own files is refused`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "fs.write: [/srv/echo]", "fs.write: [\(fixture.directory)]")
    let state = fixture.directory + "/var"
    #expect(
      try fixture.read().diagnostics.map(\.message) == [
        "plugins.echo.grants.fs.write: \(fixture.directory) reaches the host's own files in \(state); "
          + "name a directory without / in front to use the plugin's own"
      ]
    )
  }

  @Test func `a link to where nobody may write is seen through`() throws {
    let fixture = try ManifestFixture()
    // Beside the deployment, since within it the host's own files would be what is said.
    let link = fixture.directory + "-link"
    let made = unsafe symlink("/proc/self", link)
    try #require(made == 0)
    defer { unsafe unlink(link) }
    fixture.edit("plugins.yml", "fs.write: [/srv/echo]", "fs.write: [\(link)]")
    #expect(
      try fixture.messages() == [
        "plugins.yml:19:18: plugins.echo.grants.fs.write: \(link) is within /proc, which no plugin may use"
      ]
    )
  }

  @Test func `no slip in a text makes reading trap`() throws {
    var random = Xorshift()
    let texts = [ManifestFixture.plugins, ManifestFixture.indexer, ManifestFixture.echo].map { Array($0.utf8) }
    let characters = Array("{}[]:,-*&!|>'\"%@`#?~ \n\t0x.é".utf8)
    for _ in 0..<1500 {
      var text = texts[Int(random.next() % 3)]
      for _ in 0...random.next() % 4 {
        let place = Int(random.next() % UInt64(text.count))
        let character = characters[Int(random.next() % UInt64(characters.count))]
        switch random.next() % 3 {
        case 0: text.remove(at: place)
        case 1: text.insert(character, at: place)
        default: text[place] = character
        }
      }
      let diagnostics = Diagnostics()
      let note = ManifestNote(abi: .host, manifest: text)
      let manifest = PluginManifest.read(note, file: "plugin.yml", diagnostics: diagnostics)
      #expect((manifest == nil) == (diagnostics.count > 0))
    }
  }

  /// The same numbers every time.
  private struct Xorshift {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
