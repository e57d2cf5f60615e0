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

  /// Gives a directory and all in it to a user, without following links.
  static func give(_ path: String, to uid: UInt32) throws(HostError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw HostError(call: "stat", path: path) }
    if status.st_uid != uid, unsafe lchown(path, uid, uid) != 0 { throw HostError(call: "chown", path: path) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return }
    for name in entries(of: path) { try give("\(path)/\(name)", to: uid) }
  }

  /// The names in a directory, in order, itself and its parent left out.
  static func entries(of path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
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
