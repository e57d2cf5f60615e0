internal import Envelope
internal import Glibc
internal import Locking
internal import Signing

/// What lies in the drop-in folder, kept current; it starts nothing.
///
/// It belongs to the loop's thread. Files are looked at on a thread of its own, which gives way to all others: a folder
/// of large files takes a while.
final class DropIns {
  /// What was found, by the names of the files.
  private(set) var files: [String: DropIn] = [:]
  private let folder: String
  private var keys: [PublicKey]
  private let watch: FolderWatch?
  /// Why files are looked at only once, if that is so.
  var problem: String? { failure ?? watch?.problem }
  private let failure: String?
  private var changes = FolderWatch.Changes(isAll: true)
  private(set) var isLooking = false
  private let thread: WorkThread
  private let end = End()

  /// Whether what is looked at no longer matters to anybody.
  private final class End: Sendable {
    let isThere = Locked(false)
  }

  /// How nice the thread is: as nice as can be.
  private static let nice: Int32 = 19

  /// Begins to listen; nothing is looked at before the first tick.
  init(of deployment: Deployment) throws(HostError) {
    folder = "\(deployment.directory)/\(Deployment.dropInFolder)"
    keys = deployment.host.keys
    thread = try WorkThread("drop-in", nice: Self.nice)
    do throws(HostError) {
      watch = try FolderWatch(parent: deployment.directory, name: Deployment.dropInFolder)
      failure = nil
    } catch {
      (watch, failure) = (nil, "\(error)")
    }
  }

  /// Readable when something has happened in the folder; nil where that is not heard of.
  var descriptor: Int32? { watch?.descriptor }

  /// Takes note of what has happened.
  func hear(now: Int64) { watch?.read(into: &changes, now: now) }

  /// Takes note of whose signatures are trusted now.
  func use(_ keys: [PublicKey]) {
    guard keys != self.keys else { return }
    self.keys = keys
    changes.isAll = true
  }

  /// Has looked at what has happened, if anything has.
  ///
  /// - Parameters:
  ///   - now: The monotonic clock.
  ///   - found: Called on the other thread with what was found, for `adopt`.
  func tick(now: Int64, _ found: @escaping @Sendable (Found) -> Void) {
    guard !isLooking, let changes = changes.take(now: now) else { return }
    isLooking = true
    let folder = DropInFolder(path: folder, keys: keys)
    let end = end
    thread.perform {
      var files: [String: DropIn?] = [:]
      for name in changes.isAll ? folder.names() : changes.names.sorted() where !end.isThere.withLock({ $0 }) {
        files.updateValue(folder.look(at: name), forKey: name)
      }
      found(Found(files: files, isAll: changes.isAll))
    }
  }

  /// What a look has come to.
  struct Found: Sendable {
    /// Nil for each that is not there.
    let files: [String: DropIn?]
    /// Whether there are no others.
    let isAll: Bool
  }

  /// Takes over what was found, and returns what is new or another, by its name.
  func adopt(_ found: Found) -> [DropIn] {
    isLooking = false
    let before = files
    if found.isAll { files = [:] }
    for (name, dropIn) in found.files { files[name] = dropIn }
    return files.values.filter { before[$0.file] != $0 }.sorted { $0.file < $1.file }
  }

  /// Ends the thread once it has read the file that it reads.
  func close() {
    end.isThere.withLock { $0 = true }
    thread.close()
  }
}

// MARK: - Showing

extension DropIns {
  /// How many files `status` shows: more are no help to whoever reads it.
  private static let shownMax = 100

  /// The files that something is to be said of, by their names, with what that is.
  func notable(in deployment: Deployment) -> [(dropIn: DropIn, state: DropIn.State, plugin: String?)] {
    let plugins = deployment.plugins(naming: files.keys)
    return files.values.sorted { $0.file < $1.file }.compactMap { dropIn in
      let plugin = plugins[dropIn.file]
      return deployment.state(of: dropIn, of: plugin).map { (dropIn, $0, plugin) }
    }
  }

  /// What `status` shows.
  func status(in deployment: Deployment) -> JSON {
    let notable = notable(in: deployment)
    return [
      "count": .int(Int64(notable.count)),
      "files": .array(notable.prefix(Self.shownMax).map { $0.dropIn.json($0.state, plugin: $0.plugin) }),
    ]
  }
}
