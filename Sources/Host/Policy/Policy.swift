internal import Envelope

/// An answer to "may it?", with the line of the manifest that gives it.
package struct Decision: Sendable, Hashable {
  package var allowed: Bool
  package var location: SourceLocation
  /// Why, to stand after the location, such as `grants.publish does not include it`.
  package var reason: String
  /// What is granted, if it is.
  package var granted: Resource?

  /// The answer in a word.
  package var word: String { allowed ? "allow" : "deny" }
  /// Which line gives it, and why.
  package var explanation: String { "\(location): \(reason)" }
}

/// All grants of one plugin, as its operator wrote them.
package struct Grants: Sendable {
  package var all: [Grant] = []
  /// Where each capability's key stands; also those of which nothing is granted.
  package var keys: [Capability: SourceLocation] = [:]
  /// Where `grants` stands, or the plugin if it has none.
  package var location: SourceLocation

  package init(location: SourceLocation) {
    self.location = location
  }
}

/// What one plugin may do: its grants within its tenants.
///
/// A value without shared state: decisions may be asked for on any thread. What allows a publish is made ahead, so that
/// an allowed envelope costs no text.
package struct Policy: Sendable {
  private struct Rule: Sendable {
    var resource: Resource
    var decision: Decision
  }

  package let plugin: String
  package let tenants: Set<TenantID>
  private let rules: [Capability: [Rule]]
  private let grants: Grants
  private let tenantsLocation: SourceLocation
  /// How the topics of each tenant begin.
  private let topicPrefixes: [[UInt8]]
  /// All topics of each tenant.
  private let topicPatterns: [TopicPattern]

  init(plugin: String, grants: Grants, tenants: [TenantID], tenantsLocation: SourceLocation) {
    self.plugin = plugin
    self.tenants = Set(tenants)
    self.grants = grants
    self.tenantsLocation = tenantsLocation
    topicPrefixes = tenants.map { Array("promethean.p.\($0.provider).t.\($0.tenant).".utf8) }
    topicPatterns = tenants.compactMap { try? TopicPattern("promethean.p.\($0.provider).t.\($0.tenant).>") }
    rules = Dictionary(grouping: grants.all, by: \.capability).mapValues { grants in
      // The first that allows decides: of two that allow a fetch, the one with the larger cap.
      grants.sorted { $0.resource.limit > $1.resource.limit }.map { grant in
        let reason = "grants.\(grant.capability.name) includes \(grant.resource)"
        return Rule(
          resource: grant.resource,
          decision: Decision(allowed: true, location: grant.location, reason: reason, granted: grant.resource)
        )
      }
    }
  }

  /// Whether anything of a capability is granted: whether the plugin sees its extension.
  package func grants(_ capability: Capability) -> Bool { rules[capability] != nil }

  /// The resources granted of a capability.
  package func resources(of capability: Capability) -> [Resource] { (rules[capability] ?? []).map(\.resource) }

  /// Decides whether the plugin may use a capability on a resource.
  ///
  /// - Parameters:
  ///   - capability: What it wants to do.
  ///   - resource: On what: a topic to publish to; a topic or pattern to subscribe to; `host:port`; `METHOD URL`; a
  ///     path, absolute
  ///     or within its data; a key, model or space URN; `provider/tenant ROUTE`; a collection, with `:read` or `:write` after it unless
  ///     `access` says so; nothing for a capability without resources.
  ///   - access: What it wants to do to a collection.
  /// - Returns: The answer, with the grant that allows or the line that lacks it.
  package func decide(_ capability: Capability, resource: String, access: Resource.Access? = nil) -> Decision {
    // Ahead of the rest, for this is asked of every envelope.
    if capability == .publish { return decidePublish(resource) }
    do {
      let asked = try Asked(capability, resource, access)
      guard let rules = rules[capability] else { return notGranted(capability) }
      guard isWithinTenants(asked) else { return foreign(resource) }
      return rules.first { asked.isWithin($0.resource) }?.decision ?? notGranted(capability)
    } catch {
      return Decision(allowed: false, location: grants.keys[capability] ?? grants.location, reason: "\(error)")
    }
  }

  private func decidePublish(_ topic: String) -> Decision {
    guard let rules = rules[.publish] else { return notGranted(.publish) }
    guard isOwnTopic(topic) else { return foreign(topic) }
    for rule in rules {
      if case .topics(let pattern) = rule.resource, pattern.matches(topic) { return rule.decision }
    }
    return notGranted(.publish)
  }
}

// MARK: - Tenants

extension Policy {
  /// Whether a topic to publish to belongs to one of the tenants, and is one topic rather than a pattern.
  private func isOwnTopic(_ topic: String) -> Bool {
    let bytes = topic.utf8Span.span
    let isPattern = bytes.indices.contains { index in
      let byte = bytes[index]
      return byte == UInt8(ascii: "*") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "(")
    }
    guard !isPattern else { return false }
    return topicPrefixes.contains { prefix in
      bytes.count > prefix.count && prefix.indices.allSatisfy { bytes[$0] == prefix[$0] }
    }
  }

  private func isWithinTenants(_ asked: Asked) -> Bool {
    switch asked {
    case .covered(.topics(let pattern)):
      // A wildcard is narrowed to the tenants when envelopes are delivered; a name among them must be a tenant's.
      pattern.description.hasPrefix("promethean.sys.") || topicPatterns.contains { $0.overlaps(pattern) }
    case .space(_, let tenant), .route(_, let tenant): tenants.contains(tenant)
    default: true
    }
  }
}

// MARK: - Denials

extension Policy {
  private func notGranted(_ capability: Capability) -> Decision {
    if let key = grants.keys[capability] {
      return Decision(allowed: false, location: key, reason: "grants.\(capability.name) does not include it")
    }
    return Decision(allowed: false, location: grants.location, reason: "\(plugin) is not granted \(capability.name)")
  }

  private func foreign(_ resource: String) -> Decision {
    let names = tenants.map { "\($0)" }.sorted().spelledOut("and")
    return Decision(
      allowed: false,
      location: tenantsLocation,
      reason: "\(plugin) serves \(names.isEmpty ? "no tenant" : names), and nothing beyond"
    )
  }
}
