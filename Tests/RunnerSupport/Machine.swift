internal import TestSupport
package import Host

/// Who the host is, and what the machine lets it do.
package enum Machine: CaseIterable, Sendable {
  case root
  case rootWithoutNamespaces
  case user
  case userWithoutNamespaces

  package var isRoot: Bool { self == .root || self == .rootWithoutNamespaces }
  package var hasNamespaces: Bool { self == .root || self == .user }

  /// The runner, or what becomes an ordinary user and then runs it.
  package func runner() throws -> String {
    isRoot ? Products.runner : try Fixture.becoming()
  }

  package func spawn(_ fixture: Fixture, configure: (inout RunnerSetup) -> Void = { _ in }) throws -> Driver {
    try Driver(fixture, runner: runner()) { setup in
      if !hasNamespaces { setup.omissions = .namespaces }
      configure(&setup)
    }
  }
}
