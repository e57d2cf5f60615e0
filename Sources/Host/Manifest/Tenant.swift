package import Envelope
internal import YAML

/// The name of one credentialed identity on one provider, `discord/duck`.
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
  /// What the provider's plugin is to keep to, such as guilds and channels; an object of lists.
  package var allow: JSON
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
      let allow = fields.optional("allow")?.object { $0.textList() }
      let rate = fields.optional("rate")?.object { $0.json() }
      guard let provider = fields.required("provider")?.token(), let tenant = fields.required("tenant")?.token() else {
        return nil
      }
      return Tenant(
        id: TenantID(provider: provider, tenant: tenant),
        credentials: Dictionary(credentials ?? []) { first, _ in first },
        allow: allow ?? [:],
        rate: rate ?? [:],
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

  /// Reads a mapping of the writer's own keys as a JSON object.
  fileprivate func object(_ read: (ManifestValue) -> JSON?) -> JSON {
    .object(JSONObject(entries { key, value in read(value).map { (key.plainText ?? "", $0) } }))
  }

  fileprivate func textList() -> JSON? {
    listOrNil { $0.text().map { .string($0) } }.map { .array($0) }
  }
}

/// Which tenants a plugin serves: `discord/duck`, `discord/*` or `*/*`.
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
