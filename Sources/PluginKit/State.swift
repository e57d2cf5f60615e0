internal import PluginABI

/// Small documents that the host keeps for the plugin across restarts, each with a version that counts its writes.
///
/// They belong to a tenant: the instance's own where it is bound to one, else the one named.
@PluginActor
public struct State {
  /// A document as the host has it.
  public struct Document: Sendable, Hashable {
    /// What was written.
    public let bytes: [UInt8]
    /// How often it has been written.
    public let version: UInt64
  }

  /// Which version a write is to replace.
  public enum Expected: Sendable, Hashable {
    /// Whichever is there.
    case any
    /// None: the document is new.
    case none
    /// This one, as `get` told it.
    case version(UInt64)

    var number: UInt64 {
      switch self {
      case .any: .max
      case .none: 0
      case .version(let version): version
      }
    }
  }

  let calls: HostCalls
  let provider: String
  let tenant: String

  /// The documents of one of the instance's tenants.
  public func of(provider: String, tenant: String) -> State {
    State(calls: calls, provider: provider, tenant: tenant)
  }

  /// Reads a document; nil if there is none.
  public func get(_ name: String) async throws(HostError) -> Document? {
    do {
      let found = try await calls.perform { .getState(key(name), token: $0) }
      return found.map { Document(bytes: $0.payload, version: UInt64($0.configRev) ?? 0) }
    } catch  where error.kind == .notFound {
      return nil
    }
  }

  /// Writes a document durably, at most 32 KiB.
  ///
  /// - Throws: A `HostError` of kind `conflict` if another version is there than `expected`.
  public func put(_ name: String, _ bytes: [UInt8], replacing expected: Expected = .any) async throws(HostError) {
    _ = try await calls.perform { .putState(key(name), expected: expected.number, bytes, token: $0) }
  }

  /// Removes a document, if there is one.
  public func remove(_ name: String) async throws(HostError) {
    _ = try await calls.perform { .removeState(key(name), token: $0) }
  }

  private func key(_ name: String) -> StateKey {
    StateKey(provider: provider, tenant: tenant, name: name)
  }
}
