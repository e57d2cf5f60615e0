internal import Glibc
internal import Signing

/// Looks at the files of the drop-in folder; on a thread that may wait for disks.
struct DropInFolder: Sendable {
  let path: String
  /// Whose signatures the deployment trusts.
  let keys: [PublicKey]
  /// Called before each block of a file is read with the file and where the block begins.
  var step: @Sendable (String, Int) -> Void = { _, _ in }

  /// Above the largest library with debug information that was seen, in bytes: what is larger is not read to be shown.
  static let sizeMax = 256 << 20
  /// How many files are looked at, so that a folder of anything costs a bounded time.
  static let countMax = 4096
  /// How often a file is read that changes meanwhile; whoever changes it has it looked at once more.
  private static let triesMax = 3

  /// Whether a file of this name is meant to be a library, and not a part of one that is being made.
  static func isLibrary(_ name: String) -> Bool {
    name.hasSuffix(".so") && !name.hasPrefix(".") && name.utf8.count > ".so".utf8.count
  }

  /// The libraries that a file says something of: itself, or the one beside which a signature or manifest stands.
  static func libraries(meantBy name: String) -> [String] {
    if isLibrary(name) { return [name] }
    if name.hasSuffix(".minisig") { return [String(name.dropLast(".minisig".count))].filter(isLibrary) }
    guard name.hasSuffix(".plugin.yml") else { return [] }
    let stem = name.dropLast(".plugin.yml".count)
    return ["lib\(stem).so", "\(stem).so"].filter(isLibrary)
  }

  /// The names of all that are meant to be libraries, in order, as far as they are looked at.
  func names() -> [String] {
    Array(Directory.names(in: path).filter(Self.isLibrary).prefix(Self.countMax))
  }

  /// Looks at a file; nil when it is not there.
  func look(at name: String) -> DropIn? {
    let path = "\(path)/\(name)"
    for _ in 0..<Self.triesMax {
      var before = stat()
      guard unsafe lstat(path, &before) == 0 else {
        return errno == ENOENT || errno == ENOTDIR
          ? nil : DropIn(file: name, content: .unreadable("\(LibraryError.failed("cannot be looked at"))"))
      }
      if let refusal = Self.refusal(before.st_mode) { return DropIn(file: name, content: .refused(refusal)) }
      let (content, stamp) = read(name, path)
      var after = stat()
      // A file that became another meanwhile is read again: what was read of it may be of neither.
      guard unsafe lstat(path, &after) == 0, FileStamp(after) == stamp ?? FileStamp(before) else { continue }
      return DropIn(file: name, content: content)
    }
    return unsafe access(path, F_OK) == 0 ? DropIn(file: name, content: .unreadable("changes while it is read")) : nil
  }

  /// Why something is not opened.
  private static func refusal(_ mode: mode_t) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: nil
    case S_IFLNK: "is a symbolic link, which is not followed; put the file itself here"
    default: "is not a regular file"
    }
  }

  private func read(_ name: String, _ path: String) -> (DropIn.Content, FileStamp?) {
    let terms = LibraryFile.Terms(
      followsLinks: false,
      isFinished: true,
      sizeMax: Self.sizeMax,
      step: { step(name, $0) }
    )
    var stamp: FileStamp?
    do throws(LibraryError) {
      let library = try LibraryFile(path: path, terms)
      stamp = library.stamp
      let diagnostics = Diagnostics()
      if let manifest = try library.manifest(diagnostics, isBesideToo: true) {
        return (.library(DropIn.Library(library, manifest, keys: keys)), stamp)
      }
      let first = diagnostics.all.first.map { "\($0)" } ?? "its manifest cannot be read"
      let more = diagnostics.count > 1 ? ", and \(diagnostics.count - 1) more" : ""
      return (.unreadable(DropIn.cut(first) + more), stamp)
    } catch {
      return (.unreadable("\(error)"), stamp)
    }
  }
}
