internal import CLinux
internal import Glibc

/// What directories hold, as it counts against `limits.disk`.
///
/// A file counts with its length or with what is allocated for it, whichever is more: one with holes can be filled
/// through a mapping, and one with room beyond its end by writing. Whoever owns the directories may change them
/// meanwhile, so each step goes by the descriptor of the directory above, and no link is followed.
struct DiskUse: Sendable, Equatable {
  /// Bytes that each entry takes at least: a name and an inode are no less of a disk that runs out of them.
  static let entryBytes = 4096
  /// Directories within one another: more than honest software makes, and fewer than the stack and the descriptors bear.
  static let depthMax = 64

  /// Bytes found; more than `enough` means only that it is more.
  private(set) var bytes = 0
  /// Why not all of it could be counted, which the owner of the directories alone can cause.
  private(set) var obstacle: String?
  /// Where counting ends.
  let enough: Int

  init(enough: Int) {
    self.enough = enough
  }

  private var isOver: Bool { bytes > enough || obstacle != nil }

  /// Adds what is in a directory, at any depth.
  ///
  /// One that is not there holds nothing.
  mutating func add(directory path: String) {
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 { addEntries(of: directory, path: path, depth: 1) }
  }

  /// Adds files that are deleted and held open by a process, on the disk of a directory.
  ///
  /// Only root may look at what a process that is not dumpable has open; without that they are not counted.
  mutating func add(heldBy pid: Int32, onDiskOf path: String) {
    var disk = stat()
    guard unsafe stat(path, &disk) == 0 else { return }
    for name in Directory.names(in: "/proc/\(pid)/fd") {
      var file = stat()
      guard unsafe stat("/proc/\(pid)/fd/\(name)", &file) == 0 else { continue }
      if file.st_nlink == 0, file.st_dev == disk.st_dev, file.st_mode & S_IFMT == S_IFREG { add(file) }
    }
  }

  private mutating func add(_ file: stat) {
    let size = max(Int(file.st_size), Int(file.st_blocks) * 512, Self.entryBytes)
    let (sum, isTooMuch) = bytes.addingReportingOverflow(size)
    bytes = isTooMuch ? .max : sum
  }

  /// Takes the descriptor.
  private mutating func addEntries(of descriptor: Int32, path: String, depth: Int) {
    guard let directory = unsafe fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    defer { unsafe closedir(directory) }
    while !isOver, let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      var file = stat()
      guard name != ".", name != ".." else { continue }
      guard unsafe fstatat(descriptor, name, &file, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      add(file)
      guard file.st_mode & S_IFMT == S_IFDIR else { continue }
      let inner = "\(path)/\(name)"
      guard depth < Self.depthMax else {
        obstacle = "\(path) is more than \(Self.depthMax) directories deep"
        return
      }
      let next = unsafe openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if next >= 0 {
        addEntries(of: next, path: inner, depth: depth + 1)
      } else if errno == EACCES, file.st_uid == geteuid() {
        // Somebody else's, the plugin cannot write in either.
        obstacle = "\(inner) cannot be read"
      }
    }
  }
}
