internal import Glibc
internal import Signing

/// Where plugins' libraries are looked for.
struct LibrarySearch {
  /// Where plugins.yml stands: where relative paths begin.
  var directory: String
  /// Where names are looked for after `plugins.d`.
  var path: [String]

  /// The directory of this program; what is found there by name came with the host, and is trusted as the host is.
  private static let ownDirectory = resolvedPath("/proc/self/exe").map { program in
    String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])
  }

  private static func isOwn(_ directory: String) -> Bool {
    guard let ownDirectory, let resolved = resolvedPath(directory) else { return false }
    return resolved == ownDirectory
  }

  /// What a library of this name may be called, first the one that is taken first.
  static func files(of name: String) -> [String] { ["lib\(name).so", "\(name).so"] }

  /// Finds a library by path, if it has a slash, or by name.
  func find(_ name: String) throws(LibraryError) -> (path: String, isOwn: Bool) {
    if name.hasPrefix("/") { return (name, false) }
    if name.contains("/") { return ("\(directory)/\(name)", false) }
    let directories = ["\(directory)/\(Deployment.dropInFolder)"] + path
    let files = Self.files(of: name)
    for directory in directories {
      for file in files where unsafe access("\(directory)/\(file)", F_OK) == 0 {
        return ("\(directory)/\(file)", Self.isOwn(directory))
      }
    }
    throw LibraryError("found no \(files.spelledOut("or")) in \(directories.spelledOut("or"))")
  }
}

extension ManifestValue {
  /// Finds and opens the library that is named here, and reads its manifest.
  ///
  /// Nothing of it is mapped, and nothing of it is believed before it is known whose it is.
  ///
  /// - Parameters:
  ///   - search: Where it may be.
  ///   - trust: What its operator demands of it.
  ///   - keys: `host.keys`.
  /// - Returns: It, what it says of itself, and why it may run; nil after a report.
  func library(
    _ search: LibrarySearch,
    _ trust: LibraryTrust,
    keys: [PublicKey]
  ) -> (library: LibraryFile, manifest: PluginManifest, origin: LibraryOrigin)? {
    guard let name = text() else { return nil }
    var path: String?
    do throws(LibraryError) {
      let found = try search.find(name)
      path = found.path
      let library = try LibraryFile(path: found.path, LibraryFile.Terms(isFinished: true))
      guard let origin = origin(of: library, isOwn: found.isOwn, trust, keys: keys) else { return nil }
      return try library.manifest(diagnostics, isBesideToo: true).map { (library, $0, origin) }
    } catch {
      report(path.map { "\($0) \(error)" } ?? "\(error)")
      return nil
    }
  }
}

extension LibraryFile {
  /// The last part of its path.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Where a copy of the manifest may stand for people to read: `Echo.plugin.yml` beside `libEcho.so`, or
  /// `Echo/plugin.yml`.
  var manifestsBeside: [String] {
    var stem = name
    if stem.hasPrefix("lib") { stem.removeFirst(3) }
    if stem.hasSuffix(".so") { stem.removeLast(3) }
    let directory = String(path.dropLast(name.count + 1))
    let named = "\(directory)/\(stem).plugin.yml"
    return directory.hasSuffix("/\(stem)") ? [named, "\(directory)/plugin.yml"] : [named]
  }
}

extension LibraryFile {
  /// Reads the manifest that it carries; nil after a report.
  ///
  /// - Parameters:
  ///   - diagnostics: Where what is wrong with the manifest is reported.
  ///   - isBesideToo: Whether a manifest beside the library is to be the same.
  /// - Returns: The manifest.
  /// - Throws: What is wrong with the library.
  func manifest(_ diagnostics: Diagnostics, isBesideToo: Bool) throws(LibraryError) -> PluginManifest? {
    let note = try ManifestNote.read(from: self)
    let before = diagnostics.count
    if isBesideToo { compareBeside(note, diagnostics) }
    let manifest = PluginManifest.read(note, file: "\(name)(plugin.yml)", diagnostics: diagnostics)
    return diagnostics.count == before ? manifest : nil
  }

  /// Reports a manifest beside the library that is not the one inside: somebody edited it and did not build.
  private func compareBeside(_ note: ManifestNote, _ diagnostics: Diagnostics) {
    for path in manifestsBeside {
      guard let bytes = try? readFile(path, sizeMax: 1 << 20), bytes != note.manifest else { continue }
      let same = zip(bytes, note.manifest).prefix { $0 == $1 }.count
      let read = bytes.prefix(same)
      let line = read.count { $0 == UInt8(ascii: "\n") } + 1
      let column = String(
        decoding: read.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last ?? [],
        as: UTF8.self
      )
      diagnostics.report(
        SourceLocation(file: path, line: line, column: column.unicodeScalars.count + 1),
        "differs from the manifest inside \(name); build the library again"
      )
    }
  }
}

/// Reads a whole file of bounded size.
func readFile(_ path: String, sizeMax: Int) throws(LibraryError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw .failed("cannot be opened") }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw .failed("cannot be read") }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
    guard bytes.count <= sizeMax else { throw LibraryError("is larger than \(ByteCount.text(sizeMax))") }
  }
}
