internal import CLinux
internal import Glibc

/// The libraries that instances are started from, each under its digest: `var/store/<sha256>.so`.
///
/// What lies there never changes, so an instance that is started again runs the code that was checked, whatever became
/// of the file that it came from: built anew, overwritten in place, or gone.
struct LibraryStore {
  private let directory: String
  /// Those that something runs from, by their digests.
  private var libraries: [String: Open] = [:]

  private struct Open {
    weak var file: LibraryFile?
  }

  init(directory: String) {
    self.directory = directory
  }

  /// Takes note of copies that are open already, for as long as somebody holds them.
  mutating func keep(_ copies: [LibraryFile]) {
    for copy in copies { libraries[copy.digest] = Open(file: copy) }
  }

  /// The stored copy of a library, made if it is not there.
  mutating func copy(of library: LibraryFile) throws(HostError) -> LibraryFile {
    libraries = libraries.filter { $0.value.file != nil }
    if let known = libraries[library.digest]?.file { return known }
    try Directory.make(directory)
    let path = "\(directory)/\(library.digest).so"
    if let stored = try? LibraryFile(path: path), stored.digest == library.digest {
      libraries[library.digest] = Open(file: stored)
      return stored
    }
    try write(library, to: path)
    do throws(LibraryError) {
      let stored = try LibraryFile(path: path)
      guard stored.digest == library.digest else {
        throw LibraryError("changed while it was copied into the store; its digest was \(library.digest)")
      }
      libraries[library.digest] = Open(file: stored)
      return stored
    } catch {
      throw HostError("\(library.path) \(error)")
    }
  }

  /// Copies beside and renames, so that a name in the store is never a part of a file.
  private func write(_ library: LibraryFile, to path: String) throws(HostError) {
    let beside = "\(path).\(getpid())"
    let copy = unsafe open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o444)
    guard copy >= 0 else { throw HostError(call: "open", path: beside) }
    defer { close(copy) }
    // Readable by the users that plugins are, whatever the host's mask.
    fchmod(copy, 0o444)
    var offset: off_t = 0
    while offset < off_t(library.size) {
      let count = unsafe linux_copy(library.descriptor, &offset, copy, library.size - Int(offset))
      guard count > 0 else {
        unsafe unlink(beside)
        throw HostError(call: "copy of \(library.path)", path: beside)
      }
    }
    guard fsync(copy) == 0, unsafe rename(beside, path) == 0 else {
      unsafe unlink(beside)
      throw HostError(call: "rename", path: path)
    }
  }
}
