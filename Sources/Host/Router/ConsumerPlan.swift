internal import Envelope

/// A consumer that a deployment has, and the instances that are its members.
package struct ConsumerPlan {
  /// What the journal knows it by.
  package let name: String
  let plugin: PluginConfiguration
  let patterns: [TopicPattern]
  let members: [Member]

  /// An instance that a consumer is to have.
  struct Member {
    let name: String
    let binding: TenantID?
    let replica: Int
  }

  /// The consumers of a deployment: one for each tenant of an access plugin, one for each other plugin.
  package static func all(of deployment: Deployment) -> [ConsumerPlan] {
    deployment.plugins.filter(\.enabled).flatMap(all)
  }

  /// The consumers of one plugin.
  static func all(of plugin: PluginConfiguration) -> [ConsumerPlan] {
    plugin.manifest.kind == .access ? plugin.boundTenants.map { bound(plugin, to: $0) } : [shared(plugin)]
  }

  private static func bound(_ plugin: PluginConfiguration, to tenant: TenantID) -> ConsumerPlan {
    let name = "\(plugin.id)@\(tenant.tenant)"
    return ConsumerPlan(
      name: name,
      plugin: plugin,
      patterns: narrowed(plugin.heard, to: [tenant]),
      members: [Member(name: name, binding: tenant, replica: 1)]
    )
  }

  private static func shared(_ plugin: PluginConfiguration) -> ConsumerPlan {
    let members = (1...max(1, plugin.replicas)).map { replica in
      Member(name: plugin.replicas > 1 ? "\(plugin.id).\(replica)" : plugin.id, binding: nil, replica: replica)
    }
    return ConsumerPlan(
      name: plugin.id,
      plugin: plugin,
      patterns: narrowed(plugin.heard, to: plugin.boundTenants),
      members: members
    )
  }

  /// Patterns that match the topics of some tenants and no others: an instance hears nothing of tenants that are not
  /// its own.
  static func narrowed(_ patterns: [TopicPattern], to tenants: [TenantID]) -> [TopicPattern] {
    patterns.flatMap { pattern in
      pattern.description.hasPrefix("promethean.sys.") ? [pattern] : tenants.flatMap { pattern.narrowed(to: $0) }
    }
  }
}

extension PluginConfiguration {
  /// What it is delivered: the inputs of its manifest, and the requests for what it provides.
  fileprivate var heard: [TopicPattern] {
    subscriptions
      + manifest.provides.flatMap { capability in
        ["promethean.p.*.t.*.\(capability.name)", "promethean.p.*.t.*.\(capability.name).>"].compactMap {
          try? TopicPattern($0)
        }
      }
  }
}

extension TopicPattern {
  /// The patterns that match what this one matches of one tenant's topics.
  fileprivate func narrowed(to tenant: TenantID) -> [TopicPattern] {
    let prefix = ["promethean", "p", tenant.provider, "t", tenant.tenant]
    return alternatives.compactMap { tokens in
      var rest = tokens[...]
      for text in prefix {
        switch rest.first {
        case .rest: return try? TopicPattern((prefix + [">"]).joined(separator: "."))
        case .any, .literal(text): rest.removeFirst()
        default: return nil
        }
      }
      guard !rest.isEmpty else { return nil }
      return try? TopicPattern((prefix + rest.map(\.text)).joined(separator: "."))
    }
  }
}

extension TopicPattern.Token {
  fileprivate var text: String {
    switch self {
    case .literal(let text): text
    case .any: "*"
    case .rest: ">"
    }
  }
}
