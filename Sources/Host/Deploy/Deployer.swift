internal import Envelope
internal import Glibc

/// Everything that a change of a deployment is made of, but for the instances: what runs, what is wanted, what lies
/// between, and how one takes the place of the other on disk.
///
/// Reading may be done by anybody at any time; what writes is for the host, or for whoever holds its lock.
package struct Deployer: Sendable {
  /// The path of plugins.yml as it was given.
  package let path: String
  /// The absolute directory that it stands in.
  package let directory: String
  /// Where libraries are looked for by name.
  package let searchPath: [String]
  package let store: GenerationStore

  /// Describes it; `step` is called before and after each durable step with what it is.
  package init(path: String, searchPath: [String], step: @escaping @Sendable (String) -> Void = { _ in }) {
    self.path = path
    self.searchPath = searchPath
    directory = Deployment.absoluteDirectory(of: path)
    store = GenerationStore(stateDirectory: Deployment.stateDirectory(in: directory), step: step)
  }

  /// What plugins.yml and the files that it names say now.
  package struct Desired: Sendable {
    /// The bytes of plugins.yml that the rest was read from.
    package var manifest: [UInt8]
    /// Nil when it cannot be used at all.
    package var deployment: Deployment?
    package var diagnostics: [Diagnostic]

    /// The SHA-256 of plugins.yml.
    package var digest: String { sha256(manifest) }

    /// The deployment, of which nothing is wrong.
    package func whole() throws(DeployError) -> Deployment {
      guard let deployment, diagnostics.isEmpty else { throw .invalid(diagnostics) }
      return deployment
    }
  }

  /// A generation with what it comes to.
  package struct Base: Sendable {
    package var generation: Generation
    package var deployment: Deployment
    /// What is wrong with its stored libraries; a plugin of which something is wrong is left out.
    package var diagnostics: [Diagnostic]
  }
}

// MARK: - Reading

extension Deployer {
  /// Reads what is wanted.
  package func desired() -> Desired {
    let diagnostics = Diagnostics()
    guard let bytes = ManifestValue.bytes(of: path, diagnostics) else {
      return Desired(manifest: [], deployment: nil, diagnostics: diagnostics.all)
    }
    let libraries = LibrarySource.files(LibrarySearch(directory: directory, path: searchPath))
    let (deployment, found) = Deployment.read(bytes, named: path, directory: directory, libraries: libraries)
    return Desired(manifest: bytes, deployment: deployment, diagnostics: found)
  }

  /// Reads the generation that runs, or would; nil before the first time.
  package func base() throws -> Base? {
    guard let current = try store.current() else { return nil }
    return try read(store.generation(current.generation))
  }

  /// Reads a generation back, its libraries from the store.
  ///
  /// What was left out then is left out again and not reported.
  package func read(_ generation: Generation) throws -> Base {
    let (deployment, diagnostics) = read(generation, stored(generation))
    guard let deployment else { throw DeployError.invalid(diagnostics) }
    return Base(generation: generation, deployment: deployment, diagnostics: diagnostics)
  }

  /// Reads what runs, with another library for one of its plugins.
  ///
  /// - Parameters:
  ///   - plugin: Its id.
  ///   - library: The path of the library; nil: the one that plugins.yml named, as it is now.
  /// - Returns: What is wanted then, all else being as it is.
  /// - Throws: `HostError`, if nothing runs or there is no such plugin.
  package func desired(replacing plugin: String, library: String?) throws -> Desired {
    guard let current = try store.current() else { throw HostError("there is no generation yet") }
    let generation = try store.generation(current.generation)
    guard generation.libraries[plugin] != nil else {
      let nearest = plugin.nearest(in: generation.libraries.keys).map { " (did you mean \($0)?)" } ?? ""
      throw HostError("generation \(generation.number) has no plugin \"\(plugin)\"\(nearest)")
    }
    let search = LibrarySearch(directory: directory, path: searchPath)
    let libraries = LibrarySource.replacing(plugin, file: library, search, others: stored(generation))
    let (deployment, diagnostics) = read(generation, libraries)
    return Desired(manifest: generation.manifest, deployment: deployment, diagnostics: diagnostics)
  }

  private func stored(_ generation: Generation) -> LibrarySource {
    .store(directory: store.libraries, digests: generation.libraries)
  }

  private func read(_ generation: Generation, _ libraries: LibrarySource) -> (Deployment?, [Diagnostic]) {
    let name = isDecided(generation) ? path : "\(store.path(of: generation.number))(plugins.yml)"
    let (deployment, diagnostics) = Deployment.read(
      generation.manifest,
      named: name,
      directory: directory,
      libraries: libraries
    )
    return (deployment, diagnostics.filter { $0.plugin.map { generation.libraries[$0] != nil } ?? true })
  }

  /// Whether plugins.yml still says what a generation was made from, so that messages may name its lines.
  private func isDecided(_ generation: Generation) -> Bool {
    (try? readFile(path, sizeMax: generation.manifest.count)) == generation.manifest
  }

  /// What was approved, also where a failure came between a generation and its lock; nil: plugins.lock is not there.
  package func approved(_ base: Base?) throws -> Lock? {
    if let base, base.generation.cause != .start, try !isSettled(base.generation.number) {
      return Lock(plugins: base.deployment.approvals)
    }
    do { return try Lock.read(directory: directory) } catch { throw DeployError.invalid(error.diagnostics) }
  }

  /// Compares what runs with what is wanted.
  package func plan(_ desired: Desired) throws -> Plan {
    let deployment = try desired.whole()
    let base = try base()
    return Plan(from: base?.generation.number, base?.deployment, to: deployment, approved: try approved(base))
  }

  /// Makes sure that what is wanted may be applied.
  ///
  /// - Parameters:
  ///   - desired: What is wanted.
  ///   - earlier: The plan that is to be applied exactly; nil: whatever would be planned now.
  ///   - isApproved: Whether a person agrees to what widens.
  /// - Returns: The plan, made now.
  /// - Throws: `DeployError`, or `HostError` if a file cannot be read.
  package func check(_ desired: Desired, against earlier: Plan?, isApproved: Bool) throws -> Plan {
    let plan = try plan(desired)
    if let reason = earlier.flatMap({ plan.changed(since: $0) }) { throw DeployError.stale(reason) }
    guard isApproved || plan.widened.isEmpty else { throw DeployError.unapproved(plan.widened) }
    return plan
  }

  /// The generation that a rollback goes back to, whole; by default the one before what runs.
  package func rollbackTarget(_ number: Int?) throws -> Base {
    guard let current = try store.current() else { throw HostError("there is no generation to go back to") }
    var wanted = number
    if wanted == nil {
      let place = try store.generation(current.generation).place
      wanted = try store.numbers().last { $0 < place }
    }
    guard let wanted else { throw HostError("no generation before this one is kept") }
    guard wanted <= current.generation else { throw HostError("there is no generation \(wanted)") }
    let target = try read(store.generation(wanted))
    guard target.diagnostics.isEmpty else { throw DeployError.invalid(target.diagnostics) }
    return target
  }
}
