internal import Envelope

/// What a plugin may do in one state and not in another, a line each; when in doubt, it is a gain.
package struct GrantDifference: Sendable, Hashable {
  package var gained: [String] = []
  package var lost: [String] = []

  package var isEmpty: Bool { gained.isEmpty && lost.isEmpty }

  /// Compares what a plugin was let do with what it shall be; nil: it did not run, or shall not.
  package init(from old: Approval?, to new: Approval?) {
    gained = Self.beyond(old, new)
    lost = Self.beyond(new, old)
  }

  /// What the second may do and the first may not.
  private static func beyond(_ base: Approval?, _ other: Approval?) -> [String] {
    guard let other else { return [] }
    var lines = other.grants.filter { !$0.isCovered(by: base?.grants ?? []) }.map(\.line)
    let (tenants, provides) = (base?.tenants ?? [], base?.provides ?? [])
    lines += other.tenants.filter { !tenants.contains($0) }.map { "tenant \($0)" }
    lines += other.tenants.filter(tenants.contains).flatMap { tenant in
      Self.beyond(base?.allow[tenant] ?? [:], other.allow[tenant] ?? [:]).map { "allow \(tenant) \($0)" }
    }
    lines += other.provides.filter { !provides.contains($0) }.map { "provides \($0.name)" }
    if other.require.openness > (base?.require ?? .landlock).openness { lines.append("require \(other.require)") }
    if other.trust == .unsigned, base?.trust != .unsigned { lines.append("trust unsigned") }
    return lines
  }

  /// What the second of two sets of lists lets through and the first does not; a list that is not there, everything.
  private static func beyond(_ base: [String: [String]], _ other: [String: [String]]) -> [String] {
    base.sorted { $0.key < $1.key }.flatMap { name, known in
      guard let list = other[name] else { return ["\(name): everything"] }
      return Set(list).subtracting(known).sorted().map { "\(name): \($0)" }
    }
  }
}

extension PluginConfiguration.SandboxLevel {
  /// How much is open, from 0.
  fileprivate var openness: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension Grant {
  /// Whether others together let happen all that this one does.
  func isCovered(by others: [Grant]) -> Bool {
    let same = others.filter { $0.capability == capability }.map(\.resource)
    return resource.pieces.allSatisfy { piece in same.contains { $0.lets(piece) } }
  }
}

extension Resource {
  /// What can be covered by several grants, one each: alternatives of topics, and reading and writing.
  fileprivate var pieces: [Resource] {
    switch self {
    case .collection(let name, let access):
      [Access.read, .write].filter(access.contains).map { .collection(name, $0) }
    case .topics: parts
    default: [self]
    }
  }

  /// Whether this lets happen all that another does.
  ///
  /// It is more than to cover it: a host that is granted by its very name may be a private one.
  fileprivate func lets(_ other: Resource) -> Bool {
    guard covers(other) else { return false }
    if case (.endpoint(let mine), .endpoint(let theirs)) = (self, other), case .one = theirs.host {
      return mine.host == theirs.host
    }
    return true
  }
}
