internal import Glibc

/// The files beside the journal's database that hold the records of large commits, `journal.sqlite-records/00000001`
/// and on.
///
/// SQLite writes each byte of a large commit twice, into its log and then into its file, page by page. Here they are
/// written once, in one piece. What is in a file counts only as far as the database says so: a file is written and on
/// the disk before the transaction that names the place, and what a transaction that failed has left is written over.
///
/// It belongs to the journal's thread.
final class RecordFiles {
  /// Where some bytes lie.
  struct Place: Equatable {
    var file: Int64
    var offset: Int64
  }

  /// Bytes after which the next file is begun: what is trimmed goes by whole files, so it is small beside a journal, and
  /// large beside a commit.
  static let bytesOfFile: Int64 = 64 << 20

  let directory: String
  /// Bytes of all files.
  private(set) var bytes: Int64 = 0
  /// Where the next bytes go, and where the last that count end.
  private var next: Place
  private var kept: Place
  private var writing: (file: Int64, descriptor: Int32)?
  private var reading: (file: Int64, descriptor: Int32)?

  /// Takes over the files of a directory, which is made when there is something to write.
  ///
  /// - Parameters:
  ///   - directory: Where they lie.
  ///   - oldest: The first file that holds something; nil: none does.
  ///   - end: Where the bytes end that count.
  /// - Throws: when a file is shorter than `end` says, or is not there.
  init(directory: String, oldest: Int64?, end: Place) throws(JournalError) {
    self.directory = directory
    next = end
    kept = end
    for name in Directory.names(in: directory) {
      // What is no file of records is somebody else's.
      guard let file = Int64(name) else { continue }
      // Left by a transaction that failed, or by a host that was killed as it removed them.
      if let oldest, oldest...end.file ~= file { continue }
      unsafe unlink("\(directory)/\(name)")
    }
    recount()
    guard let oldest else { return }
    for file in oldest...end.file where try size(of: file) == 0 {
      throw JournalError(.damaged, "journal \(path(of: file)): expected records, found an empty file")
    }
    let found = try size(of: end.file)
    guard found >= end.offset else {
      throw JournalError(
        .damaged,
        "journal \(path(of: end.file)): expected \(end.offset) bytes of records, found \(found)"
      )
    }
  }

  deinit {
    if let writing { close(writing.descriptor) }
    if let reading { close(reading.descriptor) }
  }

  /// Writes some bytes behind all others; they count once `keep` is called.
  ///
  /// `room` is how many bytes all files may have together.
  func append(_ records: [UInt8], room: Int64) throws(JournalError) -> Place {
    if next.offset >= Self.bytesOfFile { next = Place(file: next.file + 1, offset: 0) }
    let place = next
    let end = place.offset + Int64(records.count)
    let growth = max(end - (try size(of: place.file)), 0)
    guard bytes + growth <= room else {
      throw JournalError(.full, "journal \(directory): no room to record anything: journal.max_bytes is used up")
    }
    let descriptor = try open(toWrite: place.file)
    var written = 0
    while written < records.count {
      let count = unsafe records.withUnsafeBytes { bytes in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
        return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(place.offset) + off_t(written))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let failure = failure("pwrite", place.file)
        // What there is of it takes room that others need.
        cut(place)
        recount()
        throw failure
      }
      written += count
    }
    bytes += growth
    next.offset = end
    return place
  }

  /// Has what was written last on the disk.
  func synchronize() throws(JournalError) {
    guard let writing else { return }
    guard fdatasync(writing.descriptor) == 0 else { throw failure("fdatasync", writing.file) }
  }

  /// Lets everything count that was written.
  func keep() { kept = next }

  /// Takes back what was written since the last `keep`, and the room that it takes.
  func takeBack() {
    guard next != kept else { return }
    if next.file > kept.file {
      for file in kept.file + 1...next.file { cut(Place(file: file, offset: 0)) }
    }
    cut(kept)
    recount()
    next = kept
  }

  /// Ends a file at a place; what cannot be cut off is written over.
  private func cut(_ end: Place) {
    guard let size = try? size(of: end.file), size > end.offset else { return }
    unsafe truncate(path(of: end.file), off_t(end.offset))
  }

  /// Finds out how many bytes all files have.
  private func recount() {
    bytes = Directory.names(in: directory).compactMap(Int64.init).reduce(0) { $0 + ((try? size(of: $1)) ?? 0) }
  }

  /// Cuts off what a transaction that failed has left.
  func cutRemains() throws(JournalError) {
    for file in [kept.file, kept.file + 1] {
      let length = file == kept.file ? kept.offset : 0
      let found = try size(of: file)
      guard found > length else { continue }
      guard unsafe truncate(path(of: file), off_t(length)) == 0 else { throw failure("truncate", file) }
      bytes -= found - length
    }
  }

  /// Reads bytes that count.
  func read(_ place: Place, count: Int) throws(JournalError) -> [UInt8] {
    let descriptor = try open(toRead: place.file)
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let start = unsafe buffer.baseAddress.map { unsafe $0 + initialized }
        result = unsafe pread(descriptor, start, count - initialized, off_t(place.offset) + off_t(initialized))
        if result < 0, errno == EINTR { continue }
        guard result > 0 else { return }
        initialized += result
      }
    }
    guard result >= 0 else { throw failure("pread", place.file) }
    guard bytes.count == count else {
      throw JournalError(
        .damaged,
        "journal \(path(of: place.file)): expected \(count) bytes at \(place.offset), found \(bytes.count)"
      )
    }
    return bytes
  }

  /// Removes the files before `file`; nil: all of them.
  func remove(before file: Int64?) {
    let limit = file ?? next.file + 1
    for name in Directory.names(in: directory) {
      guard let number = Int64(name), number < limit, let size = try? size(of: number) else { continue }
      if reading?.file == number { closeReading() }
      if writing?.file == number { closeWriting() }
      // One that stays is tried again at the next start; nothing refers to it.
      if unsafe unlink("\(directory)/\(name)") == 0 { bytes -= size }
    }
    guard file == nil else { return }
    next = Place(file: limit, offset: 0)
    kept = next
  }

  // MARK: - Files

  func path(of file: Int64) -> String {
    let digits = String(file)
    return "\(directory)/\(String(repeating: "0", count: max(0, 8 - digits.utf8.count)))\(digits)"
  }

  /// Bytes of a file; 0 if there is none.
  private func size(of file: Int64) throws(JournalError) -> Int64 {
    var status = stat()
    guard unsafe stat(path(of: file), &status) == 0 else {
      if errno == ENOENT { return 0 }
      throw failure("stat", file)
    }
    return Int64(status.st_size)
  }

  private func open(toWrite file: Int64) throws(JournalError) -> Int32 {
    if let writing, writing.file == file { return writing.descriptor }
    // What it holds has to be there before the next file is.
    try synchronize()
    closeWriting()
    guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", file) }
    let descriptor = unsafe Glibc.open(path(of: file), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure("open", file) }
    do throws(JournalError) {
      try synchronizeDirectory(of: file)
    } catch {
      close(descriptor)
      throw error
    }
    writing = (file, descriptor)
    return descriptor
  }

  private func open(toRead file: Int64) throws(JournalError) -> Int32 {
    if let reading, reading.file == file { return reading.descriptor }
    closeReading()
    let descriptor = unsafe Glibc.open(path(of: file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw JournalError(.damaged, "journal \(path(of: file)): expected records, found no file") }
      throw failure("open", file)
    }
    reading = (file, descriptor)
    return descriptor
  }

  /// The names of a new file, and of its directory, have to outlive a loss of power as its bytes do.
  private func synchronizeDirectory(of file: Int64) throws(JournalError) {
    for path in [directory, "\(directory)/.."] {
      let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw failure("open", file) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw failure("fsync", file) }
    }
  }

  private func closeWriting() {
    if let writing { close(writing.descriptor) }
    writing = nil
  }

  private func closeReading() {
    if let reading { close(reading.descriptor) }
    reading = nil
  }

  func failure(_ call: String, _ file: Int64) -> JournalError {
    let code = errno
    let found = unsafe String(cString: strerror(code))
    if code == ENOSPC || code == EDQUOT {
      return JournalError(
        .full,
        "journal \(path(of: file)): no room to record anything: the disk is used up (\(call): \(found))"
      )
    }
    return JournalError(.unavailable, "journal \(path(of: file)): cannot be read or written (\(call): \(found))")
  }
}
