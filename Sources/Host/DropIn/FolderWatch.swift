internal import CLinux
internal import Glibc

/// Hears of what becomes of a folder and the files in it, also where the folder is made, replaced or taken away later.
final class FolderWatch {
  /// What has happened since somebody looked.
  struct Changes {
    /// Whether anything may have become of anything.
    var isAll = false
    /// Files that are finished: closed by whoever wrote them, put here, taken away or made another's.
    var names: Set<String> = []
    /// Files that were written to, and when the last of them was, on the monotonic clock.
    ///
    /// They are finished when they are closed; only who cuts one short by its path never has it open.
    var written: (names: Set<String>, at: Int64) = ([], 0)

    /// How many names are kept: beyond that all is looked at.
    private static let namesMax = 4096
    /// For how long nothing is written until that counts as finished, ns: longer than between two pieces of a copy.
    static let quiet = nanosecondsPerSecond

    /// Takes out what to look at now; nil: nothing.
    mutating func take(now: Int64) -> Changes? {
      if !written.names.isEmpty, now - written.at >= Self.quiet {
        names.formUnion(written.names)
        written.names = []
      }
      guard isAll || !names.isEmpty else { return nil }
      defer { (isAll, names) = (false, []) }
      return self
    }

    fileprivate mutating func add(_ name: String, _ mask: UInt32, now: Int64) {
      if mask & UInt32(IN_MODIFY) != 0 {
        written.names.insert(name)
        written.at = now
      } else {
        names.insert(name)
      }
      if names.count + written.names.count > Self.namesMax { (isAll, names, written.names) = (true, [], []) }
    }
  }

  /// Readable when something has happened.
  let descriptor: Int32
  private let folder: String
  private let parent: String
  private let name: String
  /// The kernel's number for the folder; nil: there is none.
  private var inside: Int32?
  private var around: Int32?
  /// Why nothing would be heard, if that is so.
  private(set) var problem: String?

  /// What is read of events at once, in bytes; the loop comes back for more.
  private static let readSize = 16 << 10
  private static let insideMask =
    UInt32(IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM)
    | UInt32(IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
  private static let aroundMask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

  /// Begins to listen.
  ///
  /// - Parameters:
  ///   - parent: A directory, which is there.
  ///   - name: The name of the folder in it.
  /// - Throws: `HostError` when the kernel has no room for it.
  init(parent: String, name: String) throws(HostError) {
    (folder, self.parent, self.name) = ("\(parent)/\(name)", parent, name)
    descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { throw HostError(call: "inotify_init1", path: folder) }
    around = add(parent, Self.aroundMask)
    guard around != nil else { throw HostError(problem ?? "\(parent) is not there") }
    watchFolder()
  }

  deinit {
    close(descriptor)
  }

  /// Adds what has happened.
  func read(into changes: inout Changes, now: Int64) {
    var buffer = [UInt8](repeating: 0, count: Self.readSize)
    let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return }
    var rest = buffer[..<count]
    while rest.count >= MemoryLayout<inotify_event>.size {
      let size = MemoryLayout<inotify_event>.size + Int(rest.uint32(at: 12))
      guard size <= rest.count else { return }
      let bytes = rest.prefix(size).dropFirst(MemoryLayout<inotify_event>.size).prefix { $0 != 0 }
      let watch = Int32(truncatingIfNeeded: rest.uint32(at: 0))
      hear(watch, rest.uint32(at: 4), String(decoding: bytes, as: UTF8.self), &changes, now)
      rest = rest.dropFirst(size)
    }
  }

  private func hear(_ watch: Int32, _ mask: UInt32, _ name: String, _ changes: inout Changes, _ now: Int64) {
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      watchFolder()
      changes.isAll = true
    } else if watch == around, name == self.name {
      watchFolder()
      changes.isAll = true
    } else if watch == inside, mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
      watchFolder()
      changes.isAll = true
    } else if watch == inside {
      for library in DropInFolder.libraries(meantBy: name) { changes.add(library, mask, now: now) }
    }
  }

  /// Listens to what is the folder now.
  private func watchFolder() {
    if let inside { inotify_rm_watch(descriptor, inside) }
    problem = nil
    inside = add(folder, Self.insideMask)
  }

  private func add(_ path: String, _ mask: UInt32) -> Int32? {
    let watch = unsafe inotify_add_watch(descriptor, path, mask)
    if watch >= 0 { return watch }
    if errno != ENOENT && errno != ENOTDIR { problem = "\(HostError(call: "inotify_add_watch", path: path))" }
    return nil
  }
}
