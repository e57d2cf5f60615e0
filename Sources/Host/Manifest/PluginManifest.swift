package import Envelope
internal import YAML

/// What a plugin's author says of it: `plugin.yml`, as carried inside the library.
///
/// What it requests is the most that it can be granted.
package struct PluginManifest: Sendable {
  package enum Durability: String, CaseIterable, Sendable {
    /// All it keeps can be made again from what it reads.
    case stateless
    /// It keeps what would be lost with it: a session, a sequence, a database.
    case stateful
  }

  /// A topic that the plugin reads or writes.
  package struct Port: Sendable {
    package var topic: TopicPattern
    /// The schema of its payloads, such as `schemas/SocialMessageCreated`.
    package var payload: String?
    package var location: SourceLocation
  }

  package var id: String
  package var kind: PluginKind
  /// Of the plugin's contract: its message schemas.
  package var version: String
  package var abi: ABIVersion
  /// The provider that an access plugin speaks; nil for the others.
  package var provider: String?
  package var about: String?
  package var durability: Durability
  /// How the keys of its outputs are made, such as `{provider}:{tenant}:{message_id}`.
  package var idempotencyKey: String?
  package var inputs: [Port]
  package var outputs: [Port]
  /// What it performs for others.
  package var provides: [Capability]
  /// All it asks for: its inputs and outputs as `subscribe` and `publish`, then its `capabilities`.
  package var requests: [Grant]
  /// How often it says that it is well.
  package var healthInterval: Duration
  package var config: ConfigSchema
  /// `libEcho.so(plugin.yml)`, with the line of `agent`.
  package var location: SourceLocation

  /// Whether a resource is within what the plugin asks for.
  package func requests(_ capability: Capability, _ resource: Resource) -> Bool {
    let mine = requests.filter { $0.capability == capability }
    return resource.parts.allSatisfy { part in mine.contains { $0.resource.covers(part) } }
  }
}

extension PluginManifest {
  /// Reads a manifest; nil when anything was reported.
  static func read(_ note: ManifestNote, file: String, diagnostics: Diagnostics) -> PluginManifest? {
    let before = diagnostics.count
    do {
      let node = try YAMLNode.parse(note.manifest)
      let root = ManifestValue(node: node, name: "", file: file, diagnostics: diagnostics)
      let manifest = root.fields { $0.required("agent").flatMap { PluginManifest($0, note.abi) } } ?? nil
      return diagnostics.count == before ? manifest : nil
    } catch {
      diagnostics.report(SourceLocation(file: file, mark: error.mark), error.message)
      return nil
    }
  }

  /// Reads what stands under `agent`.
  private init?(_ value: ManifestValue, _ builtAgainst: ABIVersion) {
    let manifest = value.fields { agent in
      let kind = agent.required("kind")?.choice(PluginKind.self)
      var manifest = PluginManifest(
        id: agent.required("id")?.token() ?? "",
        kind: kind ?? .worker,
        version: agent.required("version")?.version() ?? "",
        abi: agent.required("abi")?.abi(builtAgainst) ?? builtAgainst,
        provider: agent.optional("provider")?.token(),
        about: agent.optional("description")?.text(),
        durability: agent.optional("durability")?.choice() ?? .stateless,
        idempotencyKey: agent.optional("idempotency_key")?.text(),
        inputs: agent.optional("inputs")?.list { Port($0, of: .subscribe) } ?? [],
        outputs: agent.optional("outputs")?.list { Port($0, of: .publish) } ?? [],
        provides: agent.optional("provides")?.list { $0.served() } ?? [],
        requests: agent.optional("capabilities")?.list { $0.requests(of: kind) }.flatMap(\.self) ?? [],
        healthInterval: agent.optional("health")?.healthInterval() ?? .seconds(10),
        config: agent.optional("config").flatMap { ConfigSchema(object: $0) } ?? .none,
        location: value.location
      )
      manifest.checkProvider(kind, in: agent)
      let ports =
        manifest.inputs.map { Grant(.subscribe, .topics($0.topic), at: $0.location) }
        + manifest.outputs.map { Grant(.publish, .topics($0.topic), at: $0.location) }
      manifest.requests = ports + manifest.requests
      return manifest
    }
    guard let manifest else { return nil }
    self = manifest
  }

  private func checkProvider(_ kind: PluginKind?, in agent: ManifestFields) {
    if kind == .access && provider == nil && !agent.has("provider") {
      agent.value.report("\"provider\" is missing; an access plugin names the provider that it speaks")
    }
    if let kind, kind != .access, agent.has("provider") {
      agent.value.report("a \(kind) has no provider; only an access plugin has one", at: agent.location(of: "provider"))
    }
  }
}

extension ClosedRange<Duration> {
  /// More often is a load, more seldom tells nothing.
  fileprivate static var healthInterval: ClosedRange<Duration> { .seconds(1)...Duration.seconds(3600) }
}

// MARK: - Parts

extension PluginManifest.Port {
  fileprivate init?(_ value: ManifestValue, of capability: Capability) {
    let port = value.fields { fields -> Self? in
      let payload = fields.optional("payload")?.fields { $0.required("$ref")?.text() } ?? nil
      guard let topic = fields.required("topic"),
        case .topics(let pattern) = topic.parsed({ try Resource($0, of: capability) })
      else { return nil }
      return Self(topic: pattern, payload: payload, location: topic.location)
    }
    guard let port = port ?? nil else { return nil }
    self = port
  }
}

extension ConfigSchema {
  /// Reads the schema of a whole configuration, which is an object.
  fileprivate init?(object value: ManifestValue) {
    guard let schema = ConfigSchema(value) else { return nil }
    guard schema.kind == .object else {
      value.report("expected type: object, found \(schema.kind)")
      return nil
    }
    self = schema
  }
}

extension ManifestValue {
  /// Reads `1.2.3`, with a suffix such as `-beta.1` or without.
  fileprivate func version() -> String? {
    if let text = plainText {
      let (core, suffix) = text.splitOnce(at: "-")
      let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
      if suffix != "", numbers.count == 3, numbers.allSatisfy({ UInt32($0) != nil && $0.first != "+" }) { return text }
    }
    mismatch("a version, as 1.2.3")
    return nil
  }

  fileprivate func healthInterval() -> Duration? {
    fields { $0.optional("interval")?.duration(in: .healthInterval) } ?? nil
  }

  fileprivate func abi(_ builtAgainst: ABIVersion) -> ABIVersion? {
    guard let text = plainText, let version = ABIVersion(text) else {
      mismatch("a version of the ABI, as \(ABIVersion.host)")
      return nil
    }
    guard version == builtAgainst else {
      report("says \(version), but the library was built against \(builtAgainst)")
      return nil
    }
    return version
  }

  fileprivate func served() -> Capability? {
    guard let capability = capability() else { return nil }
    if capability.isServed { return capability }
    report("\(capability.name) is not performed by a plugin for others")
    return nil
  }

  /// Reads one element of `capabilities`: a name, or a name with its resources.
  fileprivate func requests(of kind: PluginKind?) -> [Grant] {
    guard case .mapping(let entries) = node.content else {
      guard let capability = capability(), isHeld(capability, by: kind) else { return [] }
      switch capability.syntax {
      case .none, .routes: return [Grant(capability, .everything, at: location)]
      default:
        report("\(capability.name) needs its resources, as - \(capability.name): …")
        return []
      }
    }
    guard entries.count == 1 else {
      report("expected one capability, found \(entries.count); each begins with - of its own")
      return []
    }
    return self.entries { key, value -> [Grant]? in
      guard let capability = key.capability(), key.isHeld(capability, by: kind) else { return nil }
      return value.resources(of: capability, key: key.location)
    }.flatMap(\.self)
  }

  /// Reports a capability that this kind of plugin may never hold.
  func isHeld(_ capability: Capability, by kind: PluginKind?) -> Bool {
    guard let kind, !capability.holders.contains(kind) else { return true }
    report("\(kind.withArticle) cannot hold \(capability.name); \(capability.holdersNeeded)")
    return false
  }
}

extension StringProtocol where SubSequence == Substring {
  /// The text before the first separator and after it; nil when there is none.
  func splitOnce(at separator: Character) -> (Substring, Substring?) {
    guard let place = firstIndex(of: separator) else { return (self[...], nil) }
    return (self[..<place], self[index(after: place)...])
  }
}
