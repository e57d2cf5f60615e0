internal import PluginKit

/// The tenant that an instance is bound to, and the names of what belongs to it.
///
/// Names of subreddits and users are as Reddit writes them, which ignores their case and always writes one the same way;
/// ids of things are Reddit's, in base 36.
final class Account: Sendable, Equatable, CustomStringConvertible {
  /// The kinds of things that have names.
  enum Kind: String {
    case sub, comment, submission, user, message, media
  }

  /// Who has written what nobody is known to have written any more, as Reddit says it.
  static let nobody = "[deleted]"

  /// The provider of the tenant, `reddit` unless the operator gave it another name.
  let provider: String
  /// The tenant's name.
  let tenant: String

  init(provider: String, tenant: String) {
    (self.provider, self.tenant) = (provider, tenant)
  }

  var description: String { "\(provider)/\(tenant)" }

  static func == (one: Account, other: Account) -> Bool {
    one.provider == other.provider && one.tenant == other.tenant
  }

  /// A topic of the tenant's.
  func topic(_ area: String, _ name: String) -> String { "promethean.p.\(provider).t.\(tenant).\(area).\(name)" }

  /// What identities of the tenant's envelopes of an intent begin with.
  func identity(_ intent: String, _ name: String) -> String { "\(provider):\(tenant):\(intent):\(name)" }

  /// The name of a thing; nil if Reddit calls it what no name can hold.
  func urn(_ kind: Kind, _ id: String) -> URN? {
    try? URN(provider: provider, kind: kind.rawValue, tenant: tenant, id: id)
  }

  /// The kind and id of a name of this tenant's; nil of any other.
  func own(_ urn: URN) -> (kind: Kind, id: String)? {
    guard urn.provider == provider, urn.tenant == tenant, let kind = Kind(rawValue: urn.kind) else { return nil }
    return (kind, urn.id)
  }
}
