internal import TestSupport
internal import CChannel
internal import Glibc
internal import Host
internal import RunnerSupport

/// Who the host is and what its machine lets it do, from the strongest sandbox to the weakest.
enum Mode: CaseIterable, Sendable {
  case root
  case user
  case userWithoutNamespaces
  case userWithNeither

  /// Those that this process can make: only root can start a runner as somebody else.
  static let available: [Self] = geteuid() == 0 ? allCases : allCases.filter { $0 != .root }

  /// The level that the sandbox reaches, which is what is claimed of it.
  var level: Level {
    switch self {
    case .root, .user: .full
    case .userWithoutNamespaces: .landlock
    case .userWithNeither: .none
    }
  }

  /// Whose the plugin is, and the secrets that it is after: who its user is never is what stops it.
  var user: UInt32 { self == .root ? Self.owner : Self.somebody }

  private static let owner: UInt32 = 60_998
  /// An ordinary user: Debian's nobody, or whoever runs the tests.
  private static let somebody: UInt32 = geteuid() == 0 ? 65_534 : geteuid()

  /// Who is at large: a user of this run's own, if it can have one, since some of what is tried there meets all
  /// processes of its user.
  static let loner: UInt32 = geteuid() == 0 ? 66_000 + UInt32(getpid()) % 100_000 : geteuid()

  func spawn(_ fixture: Fixture, configure: (inout RunnerSetup) -> Void) throws -> Driver {
    let runner = self == .root || geteuid() != 0 ? Products.runner : try Fixture.becoming()
    return try Driver(fixture, runner: runner) { setup in
      (setup.uid, setup.gid) = self == .root ? (user, user) : (0, 0)
      if level < .full { setup.omissions.insert(.namespaces) }
      if level < .landlock { setup.omissions.insert(.landlock) }
      configure(&setup)
    }
  }
}

/// What of the machine is out of reach, in the words of the manifest.
enum Level: UInt64, Comparable {
  case none = 1
  case landlock
  case full

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
