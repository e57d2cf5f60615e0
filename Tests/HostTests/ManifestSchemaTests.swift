import Envelope
import Signing
import Testing

@testable import Host

/// The files of this repository that have to agree with what the host reads.
@Suite struct ManifestSchemaTests {
  /// A mapping of a manifest, how to put a key into it that nobody knows, and where the schema describes it.
  struct Mapping: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var file: String
    var old: String
    var new: String
    var schema: String
    var path: [String]
    /// Keys that the schema has and this mapping, being of one kind, has not.
    var absent: Set<String> = []

    init(
      _ name: String,
      in file: String,
      _ old: String,
      _ new: String,
      _ path: [String],
      absent: Set<String> = []
    ) {
      (testDescription, self.file, self.old, self.new) = (name, file, old, new)
      (schema, self.path, self.absent) = (file == "plugins.yml" ? "plugins" : "plugin", path, absent)
    }
  }

  static let mappings = [
    Mapping("the whole", in: "plugins.yml", "version: 1\n", "version: 1\nzzzzzzzzzz: 1\n", []),
    Mapping("host", in: "plugins.yml", "host:\n", "host:\n  zzzzzzzzzz: 1\n", ["$defs", "host"]),
    Mapping("http", in: "plugins.yml", "port: 8650", "zzzzzzzzzz: 1", ["$defs", "host", "properties", "http"]),
    Mapping("journal", in: "plugins.yml", "sync: full", "zzzzzzzzzz: 1", ["$defs", "host", "properties", "journal"]),
    Mapping(
      "log",
      in: "plugins.yml",
      "host:\n",
      "host:\n  log: { zzzzzzzzzz: 1 }\n",
      ["$defs", "host", "properties", "log"]
    ),
    Mapping("tenant", in: "plugins.yml", "tenant: coop", "tenant: coop, zzzzzzzzzz: 1", ["$defs", "tenant"]),
    Mapping("credential", in: "plugins.yml", "env: ECHO_TOKEN", "zzzzzzzzzz: 1", ["$defs", "credential"]),
    Mapping("plugin", in: "plugins.yml", "replicas: 2", "zzzzzzzzzz: 1", ["$defs", "plugin"]),
    Mapping("limits", in: "plugins.yml", "memory: 64MiB", "zzzzzzzzzz: 1", ["$defs", "limits"]),
    Mapping("grants", in: "plugins.yml", "log: {}", "zzzzzzzzzz: {}", ["$defs", "grants"]),
    Mapping("the whole manifest", in: "Echo", "agent:\n", "zzzzzzzzzz: 1\nagent:\n", []),
    Mapping("agent", in: "Echo", "  id: echo\n", "  id: echo\n  zzzzzzzzzz: 1\n", ["$defs", "agent"]),
    Mapping("port", in: "Echo", "control.send\"", "control.send\", zzzzzzzzzz: 1", ["$defs", "port"]),
    Mapping(
      "payload",
      in: "Indexer",
      "$ref: schemas/SocialMessageCreated",
      "zzzzzzzzzz: 1",
      ["$defs", "port", "properties", "payload"]
    ),
    Mapping("health", in: "Indexer", "interval: 5s", "zzzzzzzzzz: 1", ["$defs", "agent", "properties", "health"]),
    Mapping("capability", in: "Echo", "- log\n", "- zzzzzzzzzz\n", ["$defs", "grants"]),
    Mapping(
      "config of an object",
      in: "Indexer",
      "required: [batch_max]",
      "zzzzzzzzzz: 1",
      ["$defs", "config"],
      absent: ["minimum", "maximum", "items"]
    ),
    Mapping(
      "config of a number",
      in: "Indexer",
      "minimum: 1",
      "zzzzzzzzzz: 1",
      ["$defs", "config"],
      absent: ["properties", "required", "items"]
    ),
    Mapping(
      "config of an array",
      in: "Indexer",
      "default: []",
      "zzzzzzzzzz: 1",
      ["$defs", "config"],
      absent: ["properties", "required", "minimum", "maximum"]
    ),
  ]

  @Test(arguments: mappings)
  func `schema and host know the same keys`(mapping: Mapping) throws {
    let fixture = try ManifestFixture()
    fixture.edit(mapping.file, mapping.old, mapping.new)
    let message = try #require(try fixture.messages().first { $0.contains("zzzzzzzzzz") })
    let list = message[try #require(message.firstRange(of: "; expected ")).upperBound...]
    let known = Set(list.replacing(" or ", with: ", ").split(separator: ", ").map(String.init))
    let name = mapping.path == ["$defs", "grants"] ? "plugins" : mapping.schema
    let schema = try #require(try at(mapping.path, of: Self.schema(name)))
    let described = Set(try #require(schema["properties"]?.objectValue?.keys))
    #expect(known == described.subtracting(mapping.absent))
    #expect(schema["additionalProperties"] == false)
  }

  @Test func `a capability may stand bare in a manifest where it has nothing to choose`() throws {
    let schema = try Self.schema("plugin")
    let items = try at(["$defs", "agent", "properties", "capabilities", "items"], of: schema)
    let choices = try #require(items?["anyOf"]?.arrayValue)
    let bare = Capability.allCases.filter { capability in
      switch capability.syntax {
      case .none, .routes: true
      default: false
      }
    }
    #expect(choices[0]["enum"]?.arrayValue?.compactMap(\.stringValue) == bare.map(\.name))
    #expect(choices[1]["properties"]?.objectValue?.keys == Capability.allCases.map(\.name))
    let provided = try at(["$defs", "agent", "properties", "provides", "items", "enum"], of: schema)
    #expect(provided?.arrayValue?.compactMap(\.stringValue) == Capability.allCases.filter(\.isServed).map(\.name))
  }

  @Test func `the reference describes every key and every capability`() throws {
    let reference = try text(ManifestFixture.repository + "/docs/manifest.md")
    for name in ["plugins", "plugin"] {
      #expect(keys(of: try Self.schema(name)).filter { !reference.contains("`\($0)`") } == [])
    }
  }

  @Test func `the default deployment is well, with the manifests of the plugins it names`() throws {
    let fixture = try ManifestFixture()
    fixture.files["plugins.yml"] = try text(ManifestFixture.repository + "/plugins.yml")
    // These libraries are not the host's own, as those of the deployment are.
    fixture.edit("plugins.yml", "host:\n", "host:\n  keys: [\(ManifestFixture.key.publicKey)]\n")
    fixture.manifests = [:]
    for name in ["Echo", "Storage", "MessageIndexer", "Embedder", "MessageEmbedder", "Search"] {
      let path = "\(ManifestFixture.repository)/Plugins/\(name)/plugin.yml"
      fixture.manifests[name] = try text(path)
    }
    let (read, diagnostics) = try fixture.read()
    #expect(diagnostics.map(\.description) == [])
    let deployment = try #require(read)
    #expect(deployment.tenants.map { "\($0.id)" } == ["echo/demo", "echo/other"])
    #expect(deployment.plugins.map(\.manifest.kind) == [.access, .service, .worker, .service, .worker, .worker])
    let indexer = try #require(deployment.plugin("message-indexer")).policy
    let topic = "promethean.p.echo.t.demo.social.PostMessage"
    let decision = indexer.decide(.publish, resource: topic)
    #expect(decision.word == "deny")
    #expect(decision.explanation.hasPrefix("\(fixture.directory)/plugins.yml:"))
    #expect(decision.explanation.hasSuffix(": grants.publish does not include it"))
    #expect(indexer.decide(.storageDocuments, resource: "messages", access: .write).allowed)
    #expect(!indexer.decide(.storageDocuments, resource: "messages", access: .read).allowed)
  }

  // MARK: - Files

  private func text(_ path: String) throws -> String {
    String(decoding: try readFile(path, sizeMax: 1 << 20), as: UTF8.self)
  }

  private static func schema(_ name: String) throws -> JSON {
    try JSON.parse(try readFile("\(ManifestFixture.repository)/schemas/\(name).schema.json", sizeMax: 1 << 20))
  }

  private func at(_ path: [String], of schema: JSON) throws -> JSON? {
    path.reduce(schema) { $0?[$1] }
  }

  /// Every key that a schema lets a person write.
  private func keys(of schema: JSON) -> Set<String> {
    switch schema {
    case .object(let object):
      let properties = object["properties"]?.objectValue ?? [:]
      // The schemas under the keys, and those beside `properties`, which is itself a key of one.
      let inner = properties.map(\.value) + object.filter { $0.key != "properties" }.map(\.value)
      return inner.reduce(into: Set(properties.keys)) { $0.formUnion(keys(of: $1)) }
    case .array(let array): return array.reduce(into: []) { $0.formUnion(keys(of: $1)) }
    default: return []
    }
  }
}
