import Envelope
import Testing

@testable import Host

@Suite struct PolicyTests {
  private static func location(_ line: Int) -> Host.SourceLocation {
    Host.SourceLocation(file: "plugins.yml", line: line, column: 7)
  }

  /// A policy with one grant on each line from 10 on, its keys on the lines from 100 on.
  private static func policy(_ resources: [(Capability, String)]) throws -> Policy {
    var grants = Grants(location: location(5))
    for (offset, (capability, text)) in resources.enumerated() {
      let resource: Resource
      switch capability.syntax {
      case .none: resource = .everything
      case .collections: resource = .collection(StarPattern("messages"), text == "write" ? .write : [.read, .write])
      default: resource = text.isEmpty ? .everything : try Resource(text, of: capability)
      }
      grants.all.append(Grant(capability, resource, at: location(10 + offset)))
      grants.keys[capability] = grants.keys[capability] ?? location(100 + offset)
    }
    let tenants = [TenantID(provider: "echo", tenant: "demo"), TenantID(provider: "echo", tenant: "other")]
    return Policy(plugin: "worker", grants: grants, tenants: tenants, tenantsLocation: location(3))
  }

  private static let granted: [(Capability, String)] = [
    (.publish, "promethean.p.*.t.*.events.(A|B)"),  // 10
    (.publish, "promethean.p.echo.t.demo.jobs.>"),  // 11
    (.subscribe, "promethean.p.*.t.*.events.>"),  // 12
    (.subscribe, "promethean.sys.health.*"),  // 13
    (.netDial, "*.example:443"),  // 14
    (.netDial, "udp://voice.example:*"),  // 15
    (.httpFetch, "https://api.example/v1/*"),  // 16
    (.storageDocuments, "write"),  // 17
    (.fsWrite, "data"),  // 18
    (.fsRead, "/srv/models"),  // 19
    (.secretsRead, "bot_*"),  // 20
    (.embedText, "e5-*"),  // 21
    (.socialPost, "urn:echo:space:demo:*"),  // 22
    (.providerRESTCall, "GET /channels/*"),  // 23
    (.providerGatewayConnect, ""),  // 24
    (.log, ""),  // 25
  ]

  /// What is asked, and the line that answers: a grant's (below 100) allows, another denies.
  private static let table: [(Capability, String, Int)] = [
    (.publish, "promethean.p.echo.t.demo.events.A", 10),
    (.publish, "promethean.p.echo.t.other.events.B", 10),
    (.publish, "promethean.p.echo.t.demo.events.C", 100),
    (.publish, "promethean.p.echo.t.demo.jobs.x.y", 11),
    (.publish, "promethean.p.echo.t.other.jobs.x", 100),
    (.publish, "promethean.p.echo.t.third.events.A", 3),
    (.publish, "promethean.p.discord.t.demo.events.A", 3),
    (.publish, "promethean.p.echo.t.demonstration.events.A", 3),
    (.publish, "promethean.sys.events.A", 3),
    (.publish, "promethean.p.echo.t.demo.jobs.*", 3),
    (.publish, "promethean.p.echo.t.demo.", 3),
    (.publish, "", 3),
    (.subscribe, "promethean.p.echo.t.demo.events.A", 12),
    (.subscribe, "promethean.p.*.t.*.events.>", 12),
    (.subscribe, "promethean.p.echo.t.*.events.(A|B)", 12),
    (.subscribe, "promethean.p.*.t.*.>", 102),
    (.subscribe, "promethean.p.echo.t.third.events.A", 3),
    (.subscribe, "promethean.p.discord.t.*.events.A", 3),
    (.subscribe, "promethean.sys.health.echo", 13),
    (.subscribe, "promethean.sys.audit.echo", 102),
    (.subscribe, "not a topic", 102),
    (.netDial, "a.example:443", 14),
    (.netDial, "A.EXAMPLE:443", 14),
    (.netDial, "a.b.example:443", 14),
    (.netDial, "example:443", 104),
    (.netDial, "a.example:80", 104),
    (.netDial, "aexample:443", 104),
    (.netDial, "a.example.evil:443", 104),
    (.netDial, "udp://a.example:443", 104),
    (.netDial, "udp://voice.example:50000", 15),
    (.netDial, "*.example:443", 104),
    (.netDial, "a.example", 104),
    (.httpFetch, "GET https://api.example/v1/x", 16),
    (.httpFetch, "https://api.example/v1/", 16),
    (.httpFetch, "POST https://api.example/v1/x", 106),
    (.httpFetch, "GET http://api.example/v1/x", 106),
    (.httpFetch, "GET https://api.example:8443/v1/x", 106),
    (.httpFetch, "GET https://api.example.evil/v1/x", 106),
    (.httpFetch, "GET https://user@api.example/v1/x", 106),
    (.httpFetch, "GET https://api.example/v1/x 1073741824", 106),
    (.httpFetch, "GET https://api.example/v1/x#y", 106),
    (.httpFetch, "GET https://api.example:*/v1/x", 106),
    (.httpFetch, "GET https://api.example/v1/../admin", 106),
    (.httpFetch, "GET https://api.example/v1/%2e%2E/admin", 106),
    (.storageDocuments, "messages:write", 17),
    (.storageDocuments, "messages:read", 107),
    (.storageDocuments, "threads:write", 107),
    (.storageDocuments, "messages", 107),
    (.storageDocuments, "messages:erase", 107),
    (.fsWrite, "data", 18),
    (.fsWrite, "data/index/1", 18),
    (.fsWrite, "database", 108),
    (.fsWrite, "data/../x", 108),
    (.fsWrite, "/data", 108),
    (.fsRead, "/srv/models/e5", 19),
    (.fsRead, "/srv", 109),
    (.secretsRead, "bot_token", 20),
    (.secretsRead, "password", 110),
    (.embedText, "e5-small", 21),
    (.embedText, "bert", 111),
    (.socialPost, "urn:echo:space:demo:1", 22),
    (.socialPost, "urn:echo:space:other:1", 112),
    (.socialPost, "urn:echo:space:third:1", 3),
    (.socialPost, "space", 112),
    (.providerRESTCall, "echo/demo GET /channels/1", 23),
    (.providerRESTCall, "echo/demo DELETE /channels/1", 113),
    (.providerRESTCall, "echo/third GET /channels/1", 3),
    (.providerRESTCall, "GET /channels/1", 113),
    (.providerGatewayConnect, "echo/demo", 24),
    (.providerGatewayConnect, "echo/third", 3),
    (.log, "", 25),
    (.clock, "", 5),
    (.ttsSpeak, "anything", 5),
  ]

  @Test(arguments: table.indices)
  func `each question is answered by the line that decides it`(row: Int) throws {
    let (capability, resource, line) = Self.table[row]
    let decision = try Self.policy(Self.granted).decide(capability, resource: resource)
    #expect(decision.location.line == line, "\(capability.name) \(resource): \(decision.reason)")
    #expect(decision.allowed == (10..<100).contains(line), "\(capability.name) \(resource): \(decision.reason)")
  }

  @Test func `access to a collection can be told from the side`() throws {
    let policy = try Self.policy(Self.granted)
    #expect(policy.decide(.storageDocuments, resource: "messages", access: .write).allowed)
    #expect(!policy.decide(.storageDocuments, resource: "messages", access: .read).allowed)
    #expect(!policy.decide(.storageDocuments, resource: "messages", access: [.read, .write]).allowed)
  }

  @Test func `nothing is allowed by default`() throws {
    let policy = try Self.policy([])
    for capability in Capability.allCases {
      #expect(!policy.decide(capability, resource: "promethean.p.echo.t.demo.events.A").allowed)
      #expect(!policy.grants(capability))
    }
  }

  @Test func `a decision is explained by line and reason`() throws {
    let policy = try Self.policy(Self.granted)
    func explained(_ capability: Capability, _ resource: String) -> String {
      let decision = policy.decide(capability, resource: resource)
      return "\(decision.word) \(decision.explanation)"
    }
    #expect(
      explained(.publish, "promethean.p.echo.t.demo.rest.request")
        == "deny plugins.yml:100:7: grants.publish does not include it"
    )
    #expect(
      explained(.publish, "promethean.p.echo.t.demo.events.A")
        == "allow plugins.yml:10:7: grants.publish includes promethean.p.*.t.*.events.(A|B)"
    )
    #expect(
      explained(.publish, "promethean.p.echo.t.third.events.A")
        == "deny plugins.yml:3:7: worker serves echo/demo and echo/other, and nothing beyond"
    )
    #expect(explained(.clock, "") == "deny plugins.yml:5:7: worker is not granted clock")
  }

  @Test(
    arguments: [
      ("storage", "documents.put", Capability.storageDocuments, Resource.Access.write),
      ("storage", "documents.delete", .storageDocuments, .write),
      ("storage", "documents.get", .storageDocuments, .read),
      ("storage", "documents.query", .storageDocuments, .read),
      ("storage", "documents.count", .storageDocuments, .read),
      ("storage", "vectors.search", .storageVectors, .read),
      ("storage", "vectors.missing", .storageVectors, .read),
      ("storage", "vectors.models", .storageVectors, .read),
      ("storage", "vectors.count", .storageVectors, .read),
      ("storage", "vectors.put", .storageVectors, .write),
      ("storage", "vectors.delete", .storageVectors, .write),
      ("storage", "blobs.put", .storageBlobs, .write),
      ("storage", "documents.erase", .storageDocuments, .write),
      ("storage", "blobs.begin", .storageBlobs, .write),
      ("storage", "blobs.append", .storageBlobs, .write),
      ("storage", "blobs.commit", .storageBlobs, .write),
      ("storage", "blobs.reference", .storageBlobs, .write),
      ("storage", "blobs.release", .storageBlobs, .write),
      ("storage", "blobs.get", .storageBlobs, .read),
      ("storage", "blobs.stat", .storageBlobs, .read),
      ("embed", "text", .embedText, nil),
      ("embed", "text.infer", .embedText, nil),
      ("http", "fetch", .httpFetch, nil),
      ("llm", "complete", .llmComplete, nil),
    ] as [(String, String, Capability, Resource.Access?)]
  )
  func `a request names its capability`(area: String, name: String, capability: Capability, access: Resource.Access?) {
    let request = ServiceRequest(area: area, name: name)
    #expect(request?.capability == capability)
    #expect(request?.access == access)
  }

  @Test(arguments: [
    ("storage", "documents"), ("storage", "documents.drop"), ("storage", "documents.put.all"), ("storage", "files.put"),
    ("embed", "text.put"), ("net", "dial"), ("events", "SocialMessageCreated"), ("", ""),
  ])
  func `what is no request for a served capability is none`(area: String, name: String) {
    #expect(ServiceRequest(area: area, name: name) == nil)
  }

  @Test(
    arguments: [
      ("GET https://a/x", "GET https://a/x 2048"), ("https://a/x", "GET https://a/x 2048"),
      ("GET  https://a/big/x", "GET https://a/big/x 4096"), ("GET https://b/x", nil),
    ] as [(String, String?)]
  )
  func `a fetch has the largest cap of the grants that allow it`(asked: String, capped: String?) throws {
    var grants = Grants(location: Self.location(5))
    for (line, (text, limit)) in [("https://a/x", 1024), ("https://a/*", 2048), ("https://a/big/*", 4096)].enumerated()
    {
      grants.all.append(Grant(.httpFetch, .fetch(try FetchPattern(text, limit: limit)), at: Self.location(10 + line)))
    }
    let policy = Policy(plugin: "worker", grants: grants, tenants: [], tenantsLocation: Self.location(3))
    let decision = policy.decide(.httpFetch, resource: asked)
    #expect(decision.allowed == (capped != nil))
    guard case .fetch(let granted) = decision.granted else {
      #expect(capped == nil)
      return
    }
    #expect(granted.capped(asked) == capped)
  }

  @Test(arguments: [
    ("http", "fetch", true), ("http", "fetch.read", true), ("http", "fetch.write", false), ("http", "blob", false),
    ("embed", "text", true), ("embed", "text.read", false), ("embed", "text.infer", true),
    ("embed", "image.infer", true),
  ])
  func `a request asks for a capability by its topic`(area: String, name: String, isOne: Bool) {
    #expect((ServiceRequest(area: area, name: name) != nil) == isOne)
  }
}
