/// What a request asks of the plugin that serves it: a capability, and what it does to a collection.
package struct ServiceRequest: Sendable, Hashable {
  package var capability: Capability
  /// Of the collection that the envelope's `resource` names; nil where the capability has no collections.
  package var access: Resource.Access?

  /// The operations that change a collection.
  private static let writes: Set<String> = [
    "put", "delete", "erase", "begin", "append", "commit", "reference", "release",
  ]
  /// The operations that leave it as it is.
  private static let reads: Set<String> = [
    "get", "query", "count", "list", "search", "missing", "models", "stat",
  ]

  /// The operations of what has no collections, beside the effect itself, which has no operation's name.
  private static let others: [Capability: Set<String>] = [
    .httpFetch: ["read", "forget"], .embedText: ["infer"], .embedImage: ["infer"],
  ]

  /// Reads area and name of a request's topic, such as `storage` and `documents.put`; nil if it asks for no served
  /// capability.
  package init?(area: String, name: String) {
    let (subject, operation) = name.splitOnce(at: ".")
    guard let capability = Capability(rawValue: "\(area).\(subject)"), capability.isServed else { return nil }
    self.capability = capability
    guard case .collections = capability.syntax else {
      if let operation, Self.others[capability]?.contains(String(operation)) != true { return nil }
      return
    }
    switch operation.map(String.init) {
    case let operation? where Self.writes.contains(operation): access = .write
    case let operation? where Self.reads.contains(operation): access = .read
    default: return nil
    }
  }
}
