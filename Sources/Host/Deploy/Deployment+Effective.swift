package import Envelope

/// What a deployment comes to, with all defaults filled in and in an order of its own.
extension Deployment {
  /// The effective configuration: equal for equal states, whatever the comments and order of plugins.yml.
  ///
  /// What is secret in the configuration of a plugin is left out of it; credentials are names of where they come from.
  package var effective: JSON { effective { $0.shownConfig } }

  /// The digest of the effective configuration, secrets included.
  package var fingerprint: String { sha256(effective { $0.config }.sortedByKey.bytes()) }

  private func effective(_ config: (PluginConfiguration) -> JSON) -> JSON {
    let running = plugins.filter(\.enabled).sorted { $0.id < $1.id }
    return [
      "host": host.json,
      "tenants": .object(JSONObject(tenants.map { ("\($0.id)", $0.json) }.sorted { $0.0 < $1.0 })),
      "plugins": .object(JSONObject(running.map { ($0.id, $0.effective(config($0))) })),
    ]
  }
}

extension HostSettings {
  /// Each setting by the name of its key.
  var settings: [(name: String, value: JSON, isHot: Bool)] {
    [
      ("http.enabled", .bool(httpEnabled), false), ("http.port", .int(Int64(httpPort)), false),
      ("journal.sync", .string(journalSync.rawValue), false),
      // Whose libraries are taken from files; what is in the store is there already.
      ("keys", .array(keys.map { .string("\($0)") }), true),
      ("journal.window", .string(journalWindow.manifestText), false),
      ("log.level", .string(logLevel.description), true),
    ]
  }

  fileprivate var json: JSON { .object(JSONObject(settings.map { ($0.name, $0.value) })) }
}

extension Tenant {
  /// Where its credentials come from, and what its plugin is told.
  var json: JSON {
    let sources = credentials.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }
    return ["credentials": .object(JSONObject(sources)), "allow": Self.json(allow), "rate": rate.sortedByKey]
  }

  /// Lists by name, in the order of their names.
  static func json(_ lists: [String: [String]]) -> JSON {
    .object(JSONObject(lists.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) }))
  }
}

extension Tenant.CredentialSource {
  fileprivate var json: JSON {
    switch self {
    case .environment(let name): ["env": .string(name)]
    case .file(let path): ["file": .string(path)]
    case .credential(let name): ["credential": .string(name)]
    }
  }
}

extension PluginConfiguration {
  fileprivate func effective(_ config: JSON) -> JSON {
    var object = approval.json.objectValue ?? [:]
    object["kind"] = .string(manifest.kind.rawValue)
    object["replicas"] = .int(Int64(replicas))
    object["placement"] = .string(placement.rawValue)
    object["limits"] = .object(JSONObject(limits.settings.map { ($0.name, $0.value) }))
    object["config"] = config.sortedByKey
    object["config_rev"] = .string(configRev)
    return .object(object)
  }
}

extension Limits {
  /// Each limit by the name of its key, and whether the host alone keeps it, so that it can change while a plugin runs.
  var settings: [(name: String, value: JSON, isHot: Bool)] {
    [
      ("memory", .string(ByteCount.text(memory)), false), ("threads", .int(Int64(threads)), false),
      ("cpu", cpu.map { .string("\($0)%") } ?? .null, false), ("descriptors", .int(Int64(descriptors)), false),
      ("file_size", .string(ByteCount.text(fileSize)), false), ("disk", .string(ByteCount.text(disk)), true),
      ("rate", .int(Int64(rate)), true), ("logs", .int(Int64(logs)), true), ("stderr", .int(Int64(stderr)), true),
      ("start", .string(start.manifestText), true), ("deadline", .string(deadline.manifestText), true),
      ("drain", .string(drain.manifestText), true),
      ("in_flight", .int(Int64(inFlight)), true), ("max_attempts", .int(Int64(maxAttempts)), true),
    ]
  }
}

extension JSON {
  /// The same, the members of its objects by key.
  package var sortedByKey: JSON {
    switch self {
    case .object(let object):
      .object(JSONObject(object.map { ($0.key, $0.value.sortedByKey) }.sorted { $0.0 < $1.0 }))
    case .array(let values): .array(values.map(\.sortedByKey))
    default: self
    }
  }
}
