internal import Envelope
internal import Glibc

/// How one generation takes the place of another on disk.
///
/// First everything that the new one needs is made durable, then `current` is renamed, and then what only follows from
/// that is done: plugins.lock, history, garbage. A process that dies before the rename leaves the old generation and
/// after it the new one; `settle` does what it left undone.
extension Deployer {
  /// Makes durable what a new generation needs; it does not run yet.
  ///
  /// - Parameters:
  ///   - cause: Why there is a new one.
  ///   - origin: The generation whose state it is once more.
  ///   - manifest: The bytes of plugins.yml.
  ///   - deployment: What they come to; each library is copied into the store.
  /// - Returns: The generation, for `commit`.
  /// - Throws: `HostError`.
  package func prepare(
    _ cause: Generation.Cause,
    origin: Generation? = nil,
    manifest: [UInt8],
    _ deployment: Deployment
  ) throws -> Generation {
    var libraries = LibraryStore(directory: store.libraries)
    for plugin in deployment.plugins {
      store.files.step("before \(plugin.id)")
      _ = try libraries.copy(of: plugin.library)
      try store.files.flushDirectory(of: "\(store.libraries)/\(plugin.library.digest).so")
      store.files.step("after \(plugin.id)")
    }
    let generation = Generation(
      number: (try store.current()?.generation ?? 0) + 1,
      time: .now,
      cause: cause,
      origin: origin?.place,
      manifest: manifest,
      libraries: Dictionary(deployment.plugins.map { ($0.id, $0.library.digest) }) { first, _ in first }
    )
    try store.write(generation)
    return generation
  }

  /// Lets a prepared generation be the one that runs.
  ///
  /// - Parameters:
  ///   - generation: What `prepare` has returned.
  ///   - decided: The SHA-256 of the plugins.yml that was looked at; nil: none was, as for a reload.
  ///   - reason: For the history.
  /// - Throws: `HostError`; what runs is then what `current` says.
  package func commit(_ generation: Generation, decided: String?, reason: String = "") throws {
    let decided = try decided ?? store.current()?.manifest ?? sha256(generation.manifest)
    try store.write(GenerationStore.Current(generation: generation.number, manifest: decided))
    try settle(reason: reason)
  }

  /// Notes that plugins.yml was looked at and nothing was changed, so that it is not looked at again.
  package func decide(_ digest: String) throws {
    guard var current = try store.current(), current.manifest != digest else { return }
    current.manifest = digest
    try store.write(current)
  }

  /// Notes what was refused, or taken back.
  ///
  /// What was taken back may have been recorded by then; the generation before it is recorded anew if so.
  ///
  /// - Parameters:
  ///   - cause: Why something else was to run.
  ///   - outcome: What became of that.
  ///   - plugin: Which decided it, if one did.
  ///   - reason: Why.
  ///   - base: The generation that runs.
  /// - Throws: `HostError`.
  package func note(
    _ cause: Generation.Cause,
    _ outcome: HistoryEntry.Outcome,
    plugin: String? = nil,
    reason: String,
    base: Int? = nil
  ) throws {
    let current = try store.current()?.generation ?? 0
    let attempted = (base ?? current) + 1
    try store.append(
      HistoryEntry(cause: cause, generation: attempted, plugin: plugin, outcome: outcome, reason: reason)
    )
    guard let base, base != current else { return }
    let runs = try read(store.generation(base))
    let generation = try prepare(
      .rollback,
      origin: runs.generation,
      manifest: runs.generation.manifest,
      runs.deployment
    )
    try commit(generation, decided: nil, reason: "back to generation \(base)")
  }

  /// Does what follows from the generation that runs, as far as it has not been done.
  ///
  /// To be called before anything else that writes, and when the host starts.
  package func settle(reason: String = "") throws {
    guard let current = try store.current() else { return }
    if try !isSettled(current.generation), let base = try base() {
      let generation = base.generation
      // Who never applied has no lock, and is not given one by a start.
      let isLocked = unsafe access(Lock.path(in: directory), F_OK) == 0
      let isKnown = base.diagnostics.isEmpty
      if isKnown, isLocked || generation.cause != .start { try write(Lock(plugins: base.deployment.approvals)) }
      try store.append(
        HistoryEntry(cause: generation.cause, generation: generation.number, outcome: .applied, reason: reason)
      )
    }
    try store.removeGarbage()
    for name in Directory.names(in: directory) where Self.isPartOfLock(name) { unsafe unlink("\(directory)/\(name)") }
  }

  /// Whether all that follows from a generation was done: history is written last.
  func isSettled(_ number: Int) throws -> Bool {
    try store.history().contains { $0.generation == number && $0.outcome == .applied }
  }

  /// Whether it was written beside plugins.lock by a process that died.
  private static func isPartOfLock(_ name: String) -> Bool {
    name.hasPrefix("plugins.lock.") && Int32(name.dropFirst(13)) != nil
  }
}

// MARK: - Without a host

extension Deployer {
  /// Takes the lock that a host holds while it runs.
  private func locked<Result>(_ body: () throws -> Result) throws -> Result {
    let paths = DeploymentPaths(directory: directory)
    try Directory.make("\(paths.root)/run")
    let lock = try HostLock(path: paths.lock)
    return try withExtendedLifetime(lock) {
      try settle()
      return try body()
    }
  }

  /// Applies plugins.yml, or a plan of it, while no host runs.
  ///
  /// It says the generation that would run now, and the plan; one without changes makes no generation.
  package func applyOffline(_ earlier: Plan?, isApproved: Bool) throws -> (generation: Int, plan: Plan) {
    try locked {
      let desired = desired()
      do {
        let plan = try check(desired, against: earlier, isApproved: isApproved)
        if let base = plan.base, plan.isEmpty {
          try decide(desired.digest)
          try approve(plan, desired)
          return (base, plan)
        }
        let generation = try prepare(.apply, manifest: desired.manifest, desired.whole())
        try commit(generation, decided: desired.digest)
        return (generation.number, plan)
      } catch let error as DeployError {
        try note(.apply, .refused, reason: "\(error)")
        throw error
      }
    }
  }

  /// Goes back to a generation while no host runs.
  package func rollbackOffline(_ number: Int?) throws -> (generation: Int, origin: Int) {
    try locked {
      do {
        let target = try rollbackTarget(number)
        let generation = try prepare(
          .rollback,
          origin: target.generation,
          manifest: target.generation.manifest,
          target.deployment
        )
        // What stands in plugins.yml now was decided against.
        try commit(generation, decided: desired().digest, reason: "back to generation \(target.generation.number)")
        return (generation.number, target.generation.number)
      } catch let error as DeployError {
        try note(.rollback, .refused, reason: "\(error)")
        throw error
      }
    }
  }

  /// Writes what was agreed to where nothing else changes, as when plugins.lock was edited.
  package func approve(_ plan: Plan, _ desired: Desired) throws {
    guard !plan.widened.isEmpty else { return }
    try write(Lock(plugins: desired.whole().approvals))
  }

  private func write(_ lock: Lock) throws {
    try store.files.write(lock.bytes, to: Lock.path(in: directory), mode: 0o644)
  }
}
