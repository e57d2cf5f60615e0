internal import Glibc
internal import PluginKit

/// A blob while it comes, in a file that nobody else knows; the file goes with this object unless it was taken.
///
/// The file is opened for each piece alone, so that many may be under way with few descriptors.
final class BlobUpload {
  /// A blob that is all there, on the disk, and has not got its name yet.
  struct Finished {
    let digest: BlobDigest
    let size: Int64
    /// Where it lies meanwhile.
    let path: String

    /// Takes it away where it lies, if it still does.
    func remove() { unsafe unlink(path) }
  }

  /// Whose, and of which collection.
  let scope: DocumentScope
  /// What whoever sends it has said it will be.
  let announced: BlobAnnouncement
  /// How much of it has come.
  private(set) var received: Int64 = 0
  /// When something of it came last, in nanoseconds since 1970.
  var touched: Int64

  private let path: String
  private var digest = SHA256()
  private var isTaken = false

  /// Begins a file.
  init(_ announced: BlobAnnouncement, _ scope: DocumentScope, named name: String, in files: BlobFiles, now: Int64)
    throws(StorageError)
  {
    self.announced = announced
    self.scope = scope
    touched = now
    try files.prepare()
    path = "\(files.incoming)/\(name)"
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw BlobFiles.failure("the upload cannot begin") }
    close(file)
  }

  deinit {
    if !isTaken { unsafe unlink(path) }
  }

  /// Goes on with some bytes.
  func append(_ bytes: [UInt8]) throws(StorageError) {
    let file = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw BlobFiles.failure("the upload cannot go on") }
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { bytes in
        unsafe write(file, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw BlobFiles.failure("the upload cannot go on") }
      done += written
    }
    digest.update(bytes.span)
    received += Int64(bytes.count)
  }

  /// Has all of it on the disk; whoever gets it renames the file or removes it.
  ///
  /// - Throws: When it is not what was announced, or the disk does not take it.
  func finish() throws(StorageError) -> Finished {
    let found = Hex.encode(digest.finish())
    guard found == announced.digest.description else {
      throw StorageError("sha256: expected \(announced.digest), found \(found); the upload is gone")
    }
    let file = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw BlobFiles.failure("the upload cannot end") }
    let isSynced = fsync(file) == 0
    let failure = isSynced ? nil : BlobFiles.failure("the upload cannot end")
    close(file)
    if let failure { throw failure }
    isTaken = true
    return Finished(digest: announced.digest, size: received, path: path)
  }
}
