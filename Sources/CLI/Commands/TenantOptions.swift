internal import Envelope

/// The options that name whose messages a command is about.
enum TenantOptions {
  static let provider = Option.value("provider", short: "p", .token("PROVIDER"), "The provider.", isRequired: true)
  static let tenant = Option.value(
    "tenant",
    short: "t",
    .token("TENANT"),
    "The tenant of the provider.",
    isRequired: true
  )
  static let all = [provider, tenant]

  /// The topic of a name in an area of the tenant.
  static func topic(_ invocation: Invocation, area: String, name: String) throws(TopicError) -> Topic {
    try Topic(
      provider: invocation.required(provider),
      tenant: invocation.required(tenant),
      area: area,
      name: name
    )
  }
}

extension ValueKind {
  /// The name of a provider or tenant, as it stands in a topic.
  static func token(_ placeholder: String) -> Self {
    Self(placeholder: placeholder, completion: .nothing) { text in
      do throws(TopicError) {
        _ = try Topic(provider: text, tenant: text, area: "control", name: "x")
        return nil
      } catch {
        return "a name of lower-case letters, digits, _ and -, of at most 63 characters"
      }
    }
  }
}
