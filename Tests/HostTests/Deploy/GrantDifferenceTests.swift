import Testing

@testable import Host

/// What counts as more than before.
@Suite struct GrantDifferenceTests {
  /// Lines of grants before and after, and the lines of those that are gained.
  struct Row: Sendable, CustomTestStringConvertible {
    var old: [String]
    var new: [String]
    var gained: [String]

    init(_ old: [String], _ new: [String], gains gained: [String]) {
      (self.old, self.new, self.gained) = (old, new, gained)
    }

    var testDescription: String { "\(old) -> \(new)" }
  }

  private static let topic = "promethean.p.echo.t.demo.events.Created"

  static let rows = [
    Row([], [], gains: []),
    Row([], ["log"], gains: ["log"]),
    Row(["log"], ["log"], gains: []),
    Row(["log"], [], gains: []),
    Row(["log"], ["clock"], gains: ["clock"]),
    // Topics.
    Row(["publish promethean.p.echo.t.demo.events.>"], ["publish \(topic)"], gains: []),
    Row(
      ["publish \(topic)"],
      ["publish promethean.p.echo.t.demo.events.>"],
      gains: ["publish promethean.p.echo.t.demo.events.>"]
    ),
    Row(["publish \(topic)"], ["subscribe \(topic)"], gains: ["subscribe \(topic)"]),
    Row(
      ["publish promethean.p.echo.t.demo.events.*"],
      ["publish promethean.p.echo.t.demo.events.>"],
      gains: ["publish promethean.p.echo.t.demo.events.>"]
    ),
    Row(
      ["publish promethean.p.echo.t.demo.events.>"],
      ["publish promethean.p.*.t.demo.events.>"],
      gains: ["publish promethean.p.*.t.demo.events.>"]
    ),
    Row(
      ["subscribe promethean.p.*.t.*.events.Created", "subscribe promethean.p.*.t.*.events.Updated"],
      ["subscribe promethean.p.*.t.*.events.(Created|Updated)"],
      gains: []
    ),
    Row(
      ["subscribe promethean.p.*.t.*.events.Created"],
      ["subscribe promethean.p.*.t.*.events.(Created|Updated)"],
      gains: ["subscribe promethean.p.*.t.*.events.(Created|Updated)"]
    ),
    // Hosts to dial: one that is granted by its very name may be private.
    Row(["net.dial *.example:443"], ["net.dial db.example:443"], gains: ["net.dial db.example:443"]),
    Row(["net.dial db.example:*"], ["net.dial db.example:443"], gains: []),
    Row(["net.dial db.example:443"], ["net.dial db.example:*"], gains: ["net.dial db.example:*"]),
    Row(["net.dial *.example:443"], ["net.dial *.eu.example:443"], gains: []),
    Row(["net.dial *.eu.example:443"], ["net.dial *.example:443"], gains: ["net.dial *.example:443"]),
    Row(["net.dial *.example:443"], ["net.dial udp://*.example:443"], gains: ["net.dial udp://*.example:443"]),
    // Fetches: method, scheme, host, port, path and size.
    Row(["http.fetch GET https://a.example/* 1MiB"], ["http.fetch GET https://a.example/v1/* 1MiB"], gains: []),
    Row(["http.fetch GET https://a.example/* 1MiB"], ["http.fetch GET https://a.example/* 512KiB"], gains: []),
    Row(
      ["http.fetch GET https://a.example/* 1MiB"],
      ["http.fetch GET https://a.example/* 2MiB"],
      gains: ["http.fetch GET https://a.example/* 2MiB"]
    ),
    Row(
      ["http.fetch GET https://a.example/* 1MiB"],
      ["http.fetch POST https://a.example/* 1MiB"],
      gains: ["http.fetch POST https://a.example/* 1MiB"]
    ),
    Row(["http.fetch * https://a.example/* 1MiB"], ["http.fetch POST https://a.example/* 1MiB"], gains: []),
    Row(
      ["http.fetch GET https://a.example/* 1MiB"],
      ["http.fetch GET http://a.example/* 1MiB"],
      gains: ["http.fetch GET http://a.example/* 1MiB"]
    ),
    Row(
      ["http.fetch GET https://a.example/* 1MiB"],
      ["http.fetch GET https://a.example:*/* 1MiB"],
      gains: ["http.fetch GET https://a.example:*/* 1MiB"]
    ),
    // Collections: reading and writing, together or each by itself.
    Row(["storage.documents messages:read+write"], ["storage.documents messages:write"], gains: []),
    Row(
      ["storage.documents messages:read"],
      ["storage.documents messages:read+write"],
      gains: ["storage.documents messages:read+write"]
    ),
    Row(
      ["storage.documents messages:read", "storage.documents messages:write"],
      ["storage.documents messages:read+write"],
      gains: []
    ),
    Row(["storage.documents *:read"], ["storage.documents messages:read"], gains: []),
    Row(["storage.documents messages:read"], ["storage.documents *:read"], gains: ["storage.documents *:read"]),
    // Paths.
    Row(["fs.read /srv"], ["fs.read /srv/echo"], gains: []),
    Row(["fs.read /srv"], ["fs.write /srv"], gains: ["fs.write /srv"]),
    Row(["fs.write /srv/echo"], ["fs.write /srv/echoes"], gains: ["fs.write /srv/echoes"]),
    Row(["fs.write data"], ["fs.write /data"], gains: ["fs.write /data"]),
    // Names.
    Row(["secrets.read *"], ["secrets.read token"], gains: []),
    Row(["secrets.read token"], ["secrets.read tok*"], gains: ["secrets.read tok*"]),
    Row(["social.post urn:echo:space:*"], ["social.post urn:echo:space:a"], gains: []),
    Row(["social.post urn:echo:space:a"], ["social.post *"], gains: ["social.post *"]),
    Row(["provider.rest.call"], ["provider.rest.call GET */users"], gains: []),
    Row(["provider.rest.call GET */users"], ["provider.rest.call"], gains: ["provider.rest.call"]),
    Row(["llm.complete small*"], ["llm.complete small-1", "llm.complete large"], gains: ["llm.complete large"]),
  ]

  private func approval(_ lines: [String]) throws -> Approval {
    let place = SourceLocation(file: "plugins.yml")
    return Approval(
      version: "1.0.0",
      library: String(repeating: "a", count: 64),
      size: 1,
      require: .landlock,
      trust: .signed,
      tenants: [],
      provides: [],
      grants: try lines.map { try Grant(line: $0, at: place) }
    )
  }

  @Test(arguments: rows) func `what is not covered is gained, and the other way round lost`(row: Row) throws {
    let (old, new) = (try approval(row.old), try approval(row.new))
    #expect(GrantDifference(from: old, to: new).gained == row.gained)
    #expect(GrantDifference(from: new, to: old).lost == row.gained)
  }

  /// Lists of a tenant before and after, and what is gained.
  static let lists: [(old: [String: [String]], new: [String: [String]], gained: [String])] = [
    ([:], ["guilds": ["1"]], []),
    (["guilds": ["1"]], [:], ["allow echo/demo guilds: everything"]),
    (["guilds": ["1", "2"]], ["guilds": ["2"]], []),
    (["guilds": ["2"]], ["guilds": ["3", "2", "1"]], ["allow echo/demo guilds: 1", "allow echo/demo guilds: 3"]),
    (["guilds": ["1"]], ["guilds": []], []),
    (["guilds": []], ["guilds": ["1"]], ["allow echo/demo guilds: 1"]),
    (["guilds": ["1"]], ["guilds": ["1"], "channels": ["7"]], []),
    (
      ["guilds": ["1"], "channels": ["7"]], ["channels": ["7", "8"]],
      ["allow echo/demo channels: 8", "allow echo/demo guilds: everything"]
    ),
  ]

  @Test(arguments: lists) func `what a tenant's lists let through more of is gained`(
    row: (old: [String: [String]], new: [String: [String]], gained: [String])
  ) throws {
    let tenant = TenantID(provider: "echo", tenant: "demo")
    var (old, new) = (try approval([]), try approval([]))
    (old.tenants, old.allow) = ([tenant], row.old.isEmpty ? [:] : [tenant: row.old])
    (new.tenants, new.allow) = ([tenant], row.new.isEmpty ? [:] : [tenant: row.new])
    #expect(GrantDifference(from: old, to: new).gained == row.gained)
    #expect(GrantDifference(from: new, to: old).lost == row.gained)
    // Of a tenant that is new as a whole, the whole is said.
    #expect(GrantDifference(from: nil, to: new).gained == ["tenant echo/demo"])
  }

  @Test(arguments: rows) func `a grant's line is read back as it was`(row: Row) throws {
    #expect(try approval(row.old + row.new).lines == row.old + row.new)
  }

  @Test(arguments: [
    "", "lgo", "publish", "publish ..", "log x", "http.fetch GET https://a.example/",
    "http.fetch GET https://a.example/ 0",
    "http.fetch GET https://a.example/ 2GiB", "storage.documents messages", "storage.documents messages:red",
    "storage.documents messages:", "storage.documents a b:read", "net.dial example", "fs.read ../x",
  ])
  func `what is no grant is no line`(line: String) {
    #expect(throws: (any Error).self) { try Grant(line: line, at: SourceLocation(file: "x")) }
  }

  @Test func `what is not a grant widens too`() throws {
    let old = try approval(["log"])
    func gained(_ edit: (inout Approval) -> Void) -> [String] {
      var new = old
      edit(&new)
      return GrantDifference(from: old, to: new).gained
    }
    #expect(gained { $0.tenants = [TenantID(provider: "echo", tenant: "demo")] } == ["tenant echo/demo"])
    #expect(gained { $0.provides = [.embedText] } == ["provides embed.text"])
    #expect(gained { $0.require = .none } == ["require none"])
    #expect(gained { $0.require = .full } == [])
    #expect(gained { $0.trust = .unsigned } == ["trust unsigned"])
    #expect(gained { $0.library = String(repeating: "b", count: 64) } == [])
    var full = old
    full.require = .full
    #expect(GrantDifference(from: full, to: old).gained == ["require landlock"])
  }

  @Test func `a new plugin gains all that it has, and one that goes loses it`() throws {
    var new = try approval(["clock", "log"])
    new.tenants = [TenantID(provider: "echo", tenant: "demo")]
    new.trust = .unsigned
    let all = ["clock", "log", "tenant echo/demo", "trust unsigned"]
    #expect(GrantDifference(from: nil, to: new).gained == all)
    #expect(GrantDifference(from: new, to: nil).lost == all)
    #expect(GrantDifference(from: nil, to: nil).isEmpty)
  }
}
