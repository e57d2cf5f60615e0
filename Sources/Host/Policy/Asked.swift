internal import Envelope

/// A resource that a plugin wants to use: one thing, where a grant may be a pattern.
enum Asked {
  case nothing
  /// What is its own pattern: a subscription, an endpoint, a path.
  case covered(Resource)
  case fetch(FetchPattern)
  case collection(String, Resource.Access)
  case name(String)
  case space(String, TenantID)
  case route(String, TenantID)

  init(_ capability: Capability, _ text: String, _ access: Resource.Access?) throws {
    switch capability.syntax {
    case .none: self = .nothing
    case .topics: self = .covered(.topics(try TopicPattern(text)))
    case .endpoints:
      let endpoint = try Endpoint(text)
      guard endpoint.isConcrete else { throw ResourceError("\"\(text)\" is not one host and one port") }
      self = .covered(.endpoint(endpoint))
    case .paths: self = .covered(.path(try PathPrefix(text)))
    case .fetches: self = .fetch(try FetchPattern(text))
    case .collections: self = try Self.collection(text, access)
    case .names, .models: self = .name(text)
    case .spaces:
      let urn = try URN(text)
      self = .space(text, TenantID(provider: urn.provider, tenant: urn.tenant))
    case .routes:
      let (target, route) = text.splitOnce(at: " ")
      let (provider, tenant) = target.splitOnce(at: "/")
      guard let tenant else { throw ResourceError("\"\(text)\" is not provider/tenant ROUTE") }
      self = .route(String(route ?? ""), TenantID(provider: String(provider), tenant: String(tenant)))
    }
  }

  /// Reads `messages` with an access from the side, or `messages:write`.
  private static func collection(_ text: String, _ access: Resource.Access?) throws -> Asked {
    let (name, suffix) = text.splitOnce(at: ":")
    guard let access = suffix == nil ? access : suffix.flatMap({ Resource.Access(name: $0) }) else {
      throw ResourceError(
        "\"\(text)\" does not say whether to read or to write; expected COLLECTION:read or COLLECTION:write"
      )
    }
    return .collection(String(name), access)
  }

  func isWithin(_ granted: Resource) -> Bool {
    switch (self, granted) {
    case (_, .everything): true
    case (.covered(let resource), _): granted.covers(resource)
    case (.fetch(let fetch), .fetch(let pattern)): pattern.matches(fetch)
    case (.collection(let name, let wanted), .collection(let pattern, let access)):
      pattern.matches(name) && access.isSuperset(of: wanted)
    case (.name(let name), .named(let pattern)), (.space(let name, _), .named(let pattern)),
      (.route(let name, _), .named(let pattern)):
      pattern.matches(name)
    default: false
    }
  }
}
