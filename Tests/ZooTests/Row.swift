internal import Testing

/// One thing that a hostile plugin tries, who stops it, and where it would show.
struct Row: Sendable, CustomTestStringConvertible {
  /// What is seen of an attempt that worked.
  enum Trace: Sendable, Hashable {
    /// It said something that only who has read it can know.
    case secret
    /// Files outside of what it may write are not as they were, or something that is no plain file is among its own.
    case files
    /// Somebody came to one of the test's sockets.
    case visitor
    /// A process of its session is there besides it.
    case process
    /// The process that plays the host is not as it was: signals, priority, affinity, limits, tracer.
    case prey
    /// Its own process is not as it was: user, capabilities, limits, priority, namespaces.
    case itself
    /// It has more memory, threads, descriptors or disk than its limits.
    case excess
    /// The memory that the host shares with it has another size.
    case rings
    /// The machine is not as it was: its name, its mounts.
    case machine
    /// The kernel gave it something that leaves no trace outside, so that its own word has to do.
    case gain
  }

  /// The row of the table in which all attempts are numbered, from 1; what came later begins at 105.
  let number: Int
  let name: String
  /// How it shows.
  let trace: Trace
  /// The function in `Animals`.
  let attempt: String
  /// What it is told, with {facts} of the world in it.
  let argument: String
  /// The weakest sandbox that stops it.
  ///
  /// In a weaker one nothing is claimed, and it works there.
  let level: Level
  /// Whether it ends the plugin, by SIGSYS.
  let ends: Bool
  /// Whether it works where nothing stops it, for an ordinary user of this machine.
  let worksAtLarge: Bool

  init(
    _ number: Int,
    _ name: String,
    _ trace: Trace,
    _ attempt: String,
    _ argument: String = "",
    from level: Level = .none,
    ends: Bool = false,
    worksAtLarge: Bool = true
  ) {
    self.number = number
    self.name = name
    self.trace = trace
    self.attempt = attempt
    self.argument = argument
    self.level = level
    self.ends = ends
    self.worksAtLarge = worksAtLarge
  }

  var testDescription: String { "\(number) \(name)" }

  static let all = files + network + processes + rights + memory + kernel
}
