package import Envelope

/// One value that changes, by the way to it, such as `retry.delay`.
package struct SettingChange: Sendable, Hashable {
  package var name: String
  /// Nil: it was not there, or is not to be shown.
  package var old: JSON?
  /// Nil: it will not be there, or is not to be shown.
  package var new: JSON?
  /// Whether the values are left out.
  package var isSecret = false
}

extension PluginConfiguration {
  /// What stands for a value that is not to be shown.
  private static let hidden: JSON = "(secret)"

  /// The configuration as it may be shown.
  var shownConfig: JSON { Self.shown(config, "", manifest.config) }

  private static func shown(_ value: JSON, _ name: String, _ schema: ConfigSchema?) -> JSON {
    if schema?.isSecret == true || isSecret(name) { return value.boolValue == nil ? hidden : value }
    switch value {
    case .object(let object):
      return .object(
        JSONObject(
          object.map { member in
            let schema = schema?.properties.first { $0.name == member.key }?.schema
            return (member.key, shown(member.value, member.key, schema))
          }
        )
      )
    case .array(let values): return .array(values.map { shown($0, "", schema?.items.first) })
    default: return value
    }
  }

  /// The keys of the configuration that differ between two states of a plugin.
  static func configChanges(from old: PluginConfiguration, to new: PluginConfiguration) -> [SettingChange] {
    var changes: [SettingChange] = []
    compare(old.config, new.config, (old.shownConfig, new.shownConfig), "", &changes)
    return changes
  }

  private static func compare(
    _ old: JSON?,
    _ new: JSON?,
    _ shown: (old: JSON?, new: JSON?),
    _ name: String,
    _ changes: inout [SettingChange]
  ) {
    guard old != new else { return }
    if case (.object(let before)?, .object(let after)?) = (old, new) {
      let keys = Set(before.keys).union(after.keys).sorted()
      for key in keys {
        let name = name.isEmpty ? key : "\(name).\(key)"
        // Where the whole is hidden, so is each part.
        compare(before[key], after[key], (part(shown.old, key), part(shown.new, key)), name, &changes)
      }
      return
    }
    let isSecret = [shown.old, shown.new].contains { $0?.holdsHidden == true }
    changes.append(
      SettingChange(name: name, old: isSecret ? nil : shown.old, new: isSecret ? nil : shown.new, isSecret: isSecret)
    )
  }

  private static func part(_ shown: JSON?, _ key: String) -> JSON? { shown == hidden ? hidden : shown?[key] }

  /// What a name has in it whose value is not to be shown, without `_` and `-`.
  private static let secretWords = [
    "token", "secret", "password", "passwd", "passphrase", "credential", "apikey", "privatekey", "accesskey", "cookie",
  ]

  /// Whether a name says that what it names is a secret.
  static func isSecret(_ name: String) -> Bool {
    let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
    return plain == "key" || plain == "auth" || plain == "authorization" || secretWords.contains { plain.contains($0) }
  }
}

extension JSON {
  /// Whether something in it is not shown.
  fileprivate var holdsHidden: Bool {
    switch self {
    case .string(let text): text == "(secret)"
    case .array(let values): values.contains(where: \.holdsHidden)
    case .object(let object): object.contains { $0.value.holdsHidden }
    default: false
    }
  }
}
