internal import CLinux
internal import Glibc

/// What the command line needs of the file system.
enum Files {
  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is something at a path.
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The directory that a file is in.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The plugins.yml that a path means: itself, or the one in it if it is a directory.
  static func deployment(_ path: String) -> String { isDirectory(path) ? join(path, "plugins.yml") : path }

  private static func join(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// The path from the root without links, or as it is if there is no such file.
  static func resolved(_ path: String) -> String {
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The path from the root, for a process with another working directory.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : join(resolved("."), path)
  }

  /// Reads a whole file of bounded size.
  static func read(_ path: String, sizeMax: Int) throws(CommandError) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .failed("\(path): \(systemMessage(errno))") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .failed("\(path): \(systemMessage(errno))") }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= sizeMax else { throw .failed("\(path) has more than \(sizeMax) bytes") }
    }
  }

  /// Writes a file that only its owner may read.
  static func write(_ bytes: [UInt8], to path: String) throws(CommandError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .failed("\(path): \(systemMessage(errno))") }
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(file, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .failed("\(path): \(systemMessage(errno))") }
      done += count
    }
  }

  /// The directory that this executable is in.
  static func executableDirectory() -> String { parent(of: resolved("/proc/self/exe")) }
}
