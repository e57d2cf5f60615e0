internal import Envelope
internal import Glibc

/// The generations of a deployment, which of them runs, and what was tried: `var/generations`.
///
/// Everything is decided by one small file, `current`: a generation whose number is above its number was never run, and
/// what is left to do after it was renamed is found out from what it says.
package struct GenerationStore: Sendable {
  /// What `current` says.
  package struct Current: Sendable, Hashable {
    package var generation: Int
    /// The SHA-256 of the plugins.yml that was last looked at and decided on.
    package var manifest: String
  }

  /// `var/generations`.
  package let directory: String
  /// `var/store`.
  package let libraries: String
  let files: DurableFile

  /// How many generations are kept: enough to find the last good one, small enough to be read by a person.
  package static let kept = 50
  /// Bytes of the largest document that is read back: a plugins.yml and what stands around it.
  private static let sizeMax = 4 << 20
  /// Bytes of history that are read: some hundred thousand attempts.
  private static let historyMax = 64 << 20

  package init(stateDirectory: String, step: @escaping @Sendable (String) -> Void = { _ in }) {
    directory = "\(stateDirectory)/generations"
    libraries = "\(stateDirectory)/store"
    files = DurableFile(step: step)
  }

  func path(of number: Int) -> String { "\(directory)/\(number).json" }
  private var currentPath: String { "\(directory)/current" }
  private var historyPath: String { "\(directory)/history.ndjson" }
}

// MARK: - Reading

extension GenerationStore {
  /// What runs, or would run; nil before the first time.
  package func current() throws(HostError) -> Current? {
    guard let bytes = try read(currentPath) else {
      // The first is written before `current` is, and may have been left behind.
      guard let lost = numbersOnDisk.first(where: { $0 > 1 }) else { return nil }
      throw HostError("\(currentPath) is missing, though there is generation \(lost)")
    }
    var fields = try DocumentFields.version1(bytes, currentPath)
    let current = Current(generation: try fields.number("generation"), manifest: try fields.text("plugins_digest"))
    try fields.finish()
    return current
  }

  /// The numbers of the generations that ran and are kept, oldest first.
  package func numbers() throws(HostError) -> [Int] {
    guard let current = try current() else { return [] }
    return numbersOnDisk.filter { $0 <= current.generation }
  }

  /// A generation that is kept.
  package func generation(_ number: Int) throws(HostError) -> Generation {
    let path = path(of: number)
    guard let bytes = try read(path) else {
      let kept = try numbers()
      let hint = kept.isEmpty ? "there is none yet" : "\(kept.map(String.init).spelledOut("and")) are kept"
      throw HostError("there is no generation \(number); \(hint)")
    }
    let generation = try Generation(bytes, path)
    guard generation.number == number else {
      throw HostError("\(path): expected generation \(number), found \(generation.number)")
    }
    return generation
  }

  /// What was tried, oldest first; a line that a failure has torn is left out.
  package func history() throws(HostError) -> [HistoryEntry] {
    let bytes = try read(historyPath, sizeMax: Self.historyMax) ?? []
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? JSON.parse(line)).flatMap { try? HistoryEntry($0) }
    }
  }

  private var numbersOnDisk: [Int] {
    Directory.names(in: directory).compactMap { name in
      guard name.hasSuffix(".json"), let number = Int(name.dropLast(5)), number > 0, name == "\(number).json" else {
        return nil
      }
      return number
    }.sorted()
  }

  /// The bytes of a file, or nil if there is none.
  private func read(_ path: String, sizeMax: Int = sizeMax) throws(HostError) -> [UInt8]? {
    if unsafe access(path, F_OK) != 0, errno == ENOENT { return nil }
    do throws(LibraryError) { return try readFile(path, sizeMax: sizeMax) } catch {
      throw HostError("\(path) \(error)")
    }
  }
}

// MARK: - Writing

extension GenerationStore {
  /// Keeps a generation that does not run yet.
  func write(_ generation: Generation) throws(HostError) {
    // Whatever stands in plugins.yml is the operator's alone.
    try Directory.make(directory, mode: 0o700)
    let bytes = generation.document.bytes() + [UInt8(ascii: "\n")]
    try files.write(bytes, to: path(of: generation.number), mode: 0o600)
  }

  /// Says what runs: before it returns the one generation does, after it the other.
  func write(_ current: Current) throws(HostError) {
    try Directory.make(directory, mode: 0o700)
    let document: JSON = [
      "version": 1, "generation": .int(Int64(current.generation)), "plugins_digest": .string(current.manifest),
    ]
    try files.write(document.bytes() + [UInt8(ascii: "\n")], to: currentPath, mode: 0o600)
  }

  /// Notes what was tried.
  package func append(_ entry: HistoryEntry) throws(HostError) {
    try Directory.make(directory, mode: 0o700)
    try files.append(line: entry.json.bytes(), to: historyPath)
  }

  /// Removes what never ran, generations beyond the newest, libraries that no generation names, and parts of files.
  ///
  /// A generation that cannot be read keeps all libraries: one of them may be its own.
  func removeGarbage() throws(HostError) {
    guard let current = try current() else { return }
    let kept = Set(numbersOnDisk.filter { $0 <= current.generation }.suffix(Self.kept))
    for number in numbersOnDisk where !kept.contains(number) && number != current.generation {
      unsafe unlink(path(of: number))
    }
    let all = kept.union([current.generation]).map { try? generation($0) }
    if !all.contains(where: { $0 == nil }) {
      let named = Set(all.compactMap(\.self).flatMap(\.libraries.values).map { "\($0).so" })
      for name in Directory.names(in: libraries) where !named.contains(name) { unsafe unlink("\(libraries)/\(name)") }
    }
    let whole = Set(["current", "history.ndjson"])
    for name in Directory.names(in: directory) where !name.hasSuffix(".json") && !whole.contains(name) {
      unsafe unlink("\(directory)/\(name)")
    }
  }
}
