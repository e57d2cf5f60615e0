internal import Glibc
internal import PluginKit

/// The files of one tenant's blobs, beside its database: `<provider>.<tenant>.blobs/<ab>/<sha256>`.
///
/// A file gets its name when all of it is on the disk. Which of them count the database says: one that it does not know
/// is left of a process that ended, and is removed.
struct BlobFiles {
  /// What the name of such a directory ends with; a dot is in no provider and no tenant, so no two tenants share one.
  private static let suffix = ".blobs"
  /// How many directories the files of one tenant are spread over: two digits of their digests.
  static let prefixCount = 256

  private let directory: String
  /// Where files are while they come.
  let incoming: String

  init(in storage: String, _ scope: DocumentScope) {
    directory = "\(storage)/\(scope.provider).\(scope.tenant)\(Self.suffix)"
    incoming = "\(directory)/incoming"
  }

  /// The tenants that have blobs and a database in a storage's directory.
  static func scopes(in storage: String) -> [DocumentScope] {
    names(in: storage).compactMap { name in
      guard name.hasSuffix(suffix) else { return nil }
      let parts = name.dropLast(suffix.count).split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      // Without its database nothing says which files count; whoever took it away may put it back.
      guard parts.count == 2, unsafe access("\(storage)/\(parts[0]).\(parts[1]).sqlite", F_OK) == 0 else { return nil }
      return DocumentScope(provider: parts[0], tenant: parts[1], collection: "")
    }
  }

  /// Makes the directories for files that come.
  func prepare() throws(StorageError) {
    for path in [directory, incoming] where unsafe mkdir(path, 0o700) != 0 && errno != EEXIST {
      throw Self.failure("no blob can be kept")
    }
  }

  /// Removes what was coming when a process ended.
  func removeIncoming() {
    for name in Self.names(in: incoming) { unsafe unlink("\(incoming)/\(name)") }
  }

  /// How many bytes the file of a blob has; nil if there is none.
  func size(of digest: BlobDigest) -> Int64? {
    var status = stat()
    guard unsafe stat(path(of: digest), &status) == 0 else { return nil }
    return Int64(status.st_size)
  }

  /// A piece of a blob; empty behind its end, nil if there is no file.
  func read(_ digest: BlobDigest, at offset: Int64, count: Int) throws(StorageError) -> [UInt8]? {
    let file = unsafe open(path(of: digest), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = unsafe pread(file, &bytes, count, off_t(offset))
    guard read >= 0 else { throw Self.failure("blob \(digest)") }
    return Array(bytes.prefix(read))
  }

  /// Gives a file that is on the disk its name, and has that on the disk too.
  func adopt(_ path: String, as digest: BlobDigest) throws(StorageError) {
    let place = "\(directory)/\(digest.prefix)"
    let isNew = unsafe mkdir(place, 0o700) == 0
    guard isNew || errno == EEXIST, unsafe rename(path, self.path(of: digest)) == 0 else {
      throw Self.failure("blob \(digest) cannot be kept")
    }
    try Self.sync(place)
    if isNew { try Self.sync(directory) }
  }

  /// Takes the file of a blob away, if there is one.
  func remove(_ digest: BlobDigest) {
    unsafe unlink(path(of: digest))
  }

  /// The blobs in the directory of a number.
  func digests(in number: Int) -> [BlobDigest] {
    Self.names(in: "\(directory)/\(Hex.encode([UInt8(number)]))").compactMap(BlobDigest.init)
  }

  /// What the system said last, in words for whoever asked.
  static func failure(_ what: String) -> StorageError {
    let code = errno
    let reason =
      switch code {
      case ENOSPC, EDQUOT: "no room to write: the disk is full"
      case EFBIG: "no room to write: limits.file_size or limits.disk of the storage is reached"
      default: unsafe String(cString: strerror(code))
      }
    return StorageError("\(what): \(reason)")
  }

  private func path(of digest: BlobDigest) -> String { "\(directory)/\(digest.prefix)/\(digest)" }

  /// Has the names in a directory on the disk.
  private static func sync(_ directory: String) throws(StorageError) {
    let file = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw failure("no blob can be kept") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw failure("no blob can be kept") }
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let size = MemoryLayout.size(ofValue: unsafe entry.pointee.d_name)
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: size) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
