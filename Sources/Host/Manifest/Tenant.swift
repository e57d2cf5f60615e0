package import Envelope
internal import YAML

/// The name of one credentialed identity on one provider, `pigeon/duck`.
package struct TenantID: Sendable, Hashable, CustomStringConvertible {
  package var provider: String
  package var tenant: String

  package init(provider: String, tenant: String) {
    self.provider = provider
    self.tenant = tenant
  }

  package var description: String { "\(provider)/\(tenant)" }
}

/// A tenant that the deployment serves.
package struct Tenant: Sendable {
  /// Where a secret comes from; the secret itself is never kept here.
  package enum CredentialSource: Sendable, Hashable {
    case environment(String)
    case file(String)
    /// A name among systemd's credentials.
    case credential(String)
  }

  package var id: TenantID
  package var credentials: [String: CredentialSource]
  /// What the provider's plugin is to keep to, such as guilds and channels: lists by name.
  package var allow: [String: [String]]
  /// How fast it may go, such as `max_concurrent`; an object.
  package var rate: JSON
  package var location: SourceLocation

  package var provider: String { id.provider }
  package var tenant: String { id.tenant }
}

extension Tenant {
  init?(_ value: ManifestValue) {
    let tenant = value.fields { fields -> Tenant? in
      let credentials = fields.optional("credentials")?.entries { name, source in
        source.credentialSource().map { (name.plainText ?? "", $0) }
      }
      let allow = fields.optional("allow")?.lists()
      let rate = fields.optional("rate")?.entries { key, value in value.json().map { (key.plainText ?? "", $0) } }
      guard let provider = fields.required("provider")?.token(), let tenant = fields.required("tenant")?.token() else {
        return nil
      }
      return Tenant(
        id: TenantID(provider: provider, tenant: tenant),
        credentials: Dictionary(credentials ?? []) { first, _ in first },
        allow: allow ?? [:],
        rate: .object(JSONObject(rate ?? [])),
        location: value.location
      )
    }
    guard let tenant = tenant ?? nil else { return nil }
    self = tenant
  }
}

extension ManifestValue {
  /// Reads `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }`.
  fileprivate func credentialSource() -> Tenant.CredentialSource? {
    let before = diagnostics.count
    let sources = fields { fields in
      [
        fields.optional("env")?.text().map { .environment($0) },
        fields.optional("file")?.text().map { .file($0) },
        fields.optional("credential")?.text().map { .credential($0) },
      ].compactMap(\.self) as [Tenant.CredentialSource]
    }
    if let only = sources?.first, sources?.count == 1 { return only }
    // Something more exact may have been said.
    if diagnostics.count == before { report("expected one of env, file or credential, found \(sources?.count ?? 0)") }
    return nil
  }

  /// Reads a mapping of the writer's own keys to lists of texts.
  func lists() -> [String: [String]] {
    let lists = entries { key, value in value.listOrNil { $0.text() }.map { (key.plainText ?? "", $0) } }
    return Dictionary(lists) { first, _ in first }
  }
}

/// Which tenants a plugin serves: `pigeon/duck`, `pigeon/*` or `*/*`.
package struct TenantSelector: Sendable, Hashable, CustomStringConvertible {
  /// Nil: any.
  package var provider: String?
  /// Nil: any.
  package var tenant: String?
  package var location: SourceLocation

  init?(_ value: ManifestValue) {
    guard let text = value.plainText, case let parts = text.split(separator: "/", omittingEmptySubsequences: false),
      parts.count == 2, parts.allSatisfy({ $0 == "*" || ManifestValue.isToken($0) })
    else {
      value.mismatch("provider/tenant, provider/* or */*")
      return nil
    }
    provider = parts[0] == "*" ? nil : String(parts[0])
    tenant = parts[1] == "*" ? nil : String(parts[1])
    location = value.location
  }

  package func matches(_ id: TenantID) -> Bool {
    (provider ?? id.provider) == id.provider && (tenant ?? id.tenant) == id.tenant
  }

  package var description: String { "\(provider ?? "*")/\(tenant ?? "*")" }
}
