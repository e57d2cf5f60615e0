internal import CLinux
internal import Foundation
internal import Glibc

/// A file as it is, to be compared with how it was: the time of its last change covers all that is not named here.
struct FileState: Equatable {
  let mode: UInt32
  let links: UInt64
  let size: Int64
  let changed: Int64

  init?(_ path: String) {
    var found = stat()
    guard unsafe lstat(path, &found) == 0 else { return nil }
    mode = found.st_mode
    links = UInt64(found.st_nlink)
    size = Int64(found.st_size)
    changed = unsafe linux_changed(&found)
  }

  /// Whether it is a plain file or directory without powers: anything else leads somewhere.
  var isPlain: Bool {
    let kind = mode & S_IFMT
    return (kind == S_IFDIR || kind == S_IFREG && links == 1) && mode & (S_ISUID | S_ISGID) == 0
  }

  static func paths(below directory: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }
  }

  /// Everything in some directories, by path.
  static func all(in directories: [String]) throws -> [String: FileState] {
    var states: [String: FileState] = [:]
    for directory in directories {
      for path in try paths(below: directory) + [directory] { states[path] = FileState(path) }
    }
    return states
  }
}
