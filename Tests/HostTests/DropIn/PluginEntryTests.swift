import TestSupport
import Testing

@testable import Host

/// The entry that is printed for a library grants what it requests, and nothing else.
@Suite struct PluginEntryTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let access = """
    agent:
      id: weather
      kind: access
      provider: sky
      version: 1.0.0
      abi: 1.1
      outputs: [{ topic: "promethean.p.sky.t.*.events.(Rain|Sun)" }]
      capabilities:
        - provider.rest.call
        - provider.gateway.connect: ["GET /a*"]
        - secrets.read: [token, "*"]
        - net.dial: ["*.sky.example:443", "udp://sky.example:53"]
        - http.fetch: { "GET https://sky.example/*": 1MiB, "POST http://sky.example:*/a": 5 }
        - fs.read: [data, /srv/sky]
        - state
    """

  private static let service = """
    agent:
      id: keeper
      kind: service
      version: 1.0.0
      abi: 1.1
      provides: [storage.documents, llm.complete, http.fetch]
    """

  private static let worker = """
    agent:
      id: reader
      kind: worker
      version: 1.0.0
      abi: 1.1
      inputs: [{ topic: "promethean.p.*.t.*.events.>" }]
      capabilities:
        - storage.documents: { messages: [read, write], "*": read }
        - llm.complete: ["small-*"]
        - social.post: ["urn:sky:space:*"]
      config: { type: object, required: [size], properties: { size: { type: integer } } }
    """

  private func entry(_ name: String, _ manifest: String) throws -> [String] {
    let bytes = ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8)))
    return try PluginEntry(path: directory.write(name, bytes), for: nil).lines
  }

  @Test func `each kind of resource comes back as it was requested`() throws {
    let entries = try [
      entry("libWeather.so", Self.access), entry("libKeeper.so", Self.service), entry("libReader.so", Self.worker),
    ]
    let head = """
      version: 1
      tenants: [{ provider: sky, tenant: a, credentials: { token: { env: A } } }]
      plugins:

      """
    let text = head + entries.joined().joined(separator: "\n")
    #expect(text.contains("    config: {}  # it requires size"))
    let written = text.replacing("config: {}", with: "config: { size: 1 }")
    let path = try directory.write("plugins.yml", Array(written.utf8))
    let deployment = try Deployment.load(path: path, searchPath: [])
    #expect(deployment.plugins.map(\.id) == ["weather", "keeper", "reader"])
    for plugin in deployment.plugins {
      let granted = Set(plugin.grants.all.map(\.line))
      #expect(granted == Set(plugin.manifest.requests.map(\.line)), "\(plugin.id)")
      #expect(plugin.origin == .unsigned)
    }
  }

  @Test func `one that a trusted key has signed needs no trust, and is named from beside plugins yml`() throws {
    let fixture = try ManifestFixture()
    let deployment = try #require(fixture.read().deployment)
    let lines = try PluginEntry(path: "\(fixture.directory)/plugins.d/libEcho.so", for: deployment).lines
    #expect(lines[..<3] == ["  echo:", "    library: \"plugins.d/libEcho.so\"", "    tenants: [\"echo/*\"]"])
  }

  @Test func `one that is signed by somebody who is not trusted yet is not to be run as unsigned`() throws {
    let fixture = try ManifestFixture()
    #expect(try fixture.read().deployment != nil)
    let lines = try PluginEntry(path: "\(fixture.directory)/plugins.d/libEcho.so", for: nil).lines
    #expect(lines[2].hasPrefix("    # ") && lines[2].contains("expected one of host.keys, of which there are none"))
    #expect(!lines.contains { $0.contains("unsigned") })
  }

  @Test func `what is no library is said to be none`() throws {
    let path = try directory.write("a.so", [1])
    #expect { try PluginEntry(path: path, for: nil) } throws: { "\($0)" == "\(path) is not an ELF file" }
    #expect { try entry("b.so", "agent: { id: b }") } throws: { "\($0)".contains("\"version\" is missing") }
  }
}
