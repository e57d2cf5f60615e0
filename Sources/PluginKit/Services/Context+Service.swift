public import Envelope

/// A tenant of a provider, as plugins name whom something is for.
public struct TenantName: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The provider, such as `echo`.
  public let provider: String
  /// Which of its tenants.
  public let tenant: String

  /// Names a tenant of a provider.
  public init(provider: String, tenant: String) {
    (self.provider, self.tenant) = (provider, tenant)
  }

  /// Reads `provider/tenant`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    self.init(provider: String(parts[0]), tenant: String(parts[1]))
  }

  /// `provider/tenant`.
  public var description: String { "\(provider)/\(tenant)" }

  /// By provider, then by tenant.
  public static func < (first: TenantName, second: TenantName) -> Bool {
    (first.provider, first.tenant) < (second.provider, second.tenant)
  }
}

extension Context {
  /// Has a service do something for a tenant, and returns what it answered.
  ///
  /// - Parameters:
  ///   - operation: What, such as `storage.documents.put`: a capability that is granted, and what it does.
  ///   - tenant: For whom.
  ///   - resource: What it acts on, such as a collection or the name of a model.
  ///   - payload: What the operation takes.
  ///   - timeout: See `request(_:timeout:)`.
  /// - Returns: The answer's payload.
  /// - Throws: A `HostError` if it was denied or answered with an error, or not in time, or not with JSON.
  public func ask(
    _ operation: String,
    for tenant: TenantName,
    resource: String = "",
    _ payload: JSON,
    timeout: Duration? = nil
  ) async throws(HostError) -> JSON {
    let (area, name) = operation.split(at: ".")
    let topic: Topic
    do throws(TopicError) {
      topic = try Topic(provider: tenant.provider, tenant: tenant.tenant, area: area, name: name)
    } catch {
      throw HostError(.invalid, "\(operation): \(error)")
    }
    var envelope = Envelope(topic: topic.description, intent: operation, payload: payload.bytes())
    envelope.resource = resource
    let answer = try await request(envelope, timeout: timeout)
    do throws(JSONError) {
      return try JSON.parse(answer.payload)
    } catch {
      throw HostError(.failed, "\(operation): expected an answer in JSON: \(error)")
    }
  }
}

extension String {
  /// What stands before the first of a character, and what behind it; all and nothing if there is none.
  fileprivate func split(at separator: Character) -> (String, String) {
    guard let place = firstIndex(of: separator) else { return (self, "") }
    return (String(self[..<place]), String(self[index(after: place)...]))
  }
}
