internal import CLinux
internal import Glibc

/// Directories of the deployment's `var`.
enum Directory {
  /// Makes a directory and those above it, as far as they are missing.
  static func make(_ path: String, mode: mode_t = 0o755) throws(HostError) {
    var made = ""
    let parts = path.split(separator: "/")
    for (index, part) in parts.enumerated() {
      made += (made.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
      let isLast = index == parts.count - 1
      if unsafe mkdir(made, isLast ? mode : 0o755) != 0, errno != EEXIST { throw HostError(call: "mkdir", path: made) }
    }
  }

  /// Gives a directory and all in it to a user, if it is not theirs already.
  ///
  /// Whoever it belonged to may rename and link in it meanwhile, so each step goes by the descriptor of the directory
  /// above, never by a path, and no link is followed. A directory comes after what is in it: one that has been given
  /// has been given whole.
  static func give(_ path: String, to uid: UInt32) throws(HostError) {
    try give(path, in: AT_FDCWD, to: uid, path: path)
  }

  private static func give(_ name: String, in parent: Int32, to uid: UInt32, path: String) throws(HostError) {
    let directory = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard directory >= 0 else { throw HostError(call: "open", path: path) }
    defer { close(directory) }
    var status = stat()
    guard unsafe fstat(directory, &status) == 0 else { throw HostError(call: "stat", path: path) }
    guard status.st_uid != uid else { return }
    for name in entries(of: directory) {
      let path = "\(path)/\(name)"
      guard unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw HostError(call: "stat", path: path)
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        try give(name, in: directory, to: uid, path: path)
      } else if unsafe fchownat(directory, name, uid, uid, AT_SYMLINK_NOFOLLOW) != 0 {
        throw HostError(call: "chown", path: path)
      }
    }
    guard fchown(directory, uid, uid) == 0 else { throw HostError(call: "chown", path: path) }
  }

  /// The names in a directory, in order; none if it cannot be read.
  static func names(in path: String) -> [String] { namesIfReadable(in: path) ?? [] }

  /// The names in a directory, in order; nil if it cannot be read.
  static func namesIfReadable(in path: String) -> [String]? {
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    return entries(of: directory)
  }

  /// The names in a directory, in order, itself and its parent left out.
  private static func entries(of descriptor: Int32) -> [String] {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let directory = unsafe fdopendir(copy) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
