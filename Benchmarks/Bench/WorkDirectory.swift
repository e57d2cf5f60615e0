internal import BenchProbe
internal import CLinux
internal import Glibc
internal import Host
internal import Synchronization

/// The directory that everything of one run lies in, within the package's build directory: on the disk that is to be
/// measured.
struct WorkDirectory: Sendable {
  /// Where this program, the runner and the plugins were built.
  let products: String
  /// The package's `.build`.
  let build: String
  let path: String

  /// The NATS server, which has to end with this program.
  static let server = Mutex<Int32?>(nil)

  init() throws {
    let executable = try Self.resolve("/proc/self/exe")
    products = Self.parent(of: executable)
    // `.build/<platform>/release/promethean-bench`.
    build = Self.parent(of: Self.parent(of: products))
    path = "\(build)/bench.\(getpid())"
    guard unsafe mkdir(path, 0o755) == 0 else { throw BenchError(call: "mkdir \(path)") }
  }

  var runner: String { "\(products)/promethean-runner" }

  /// Makes a directory within.
  func make(_ name: String) throws -> String {
    let made = "\(path)/\(name)"
    guard unsafe mkdir(made, 0o755) == 0 else { throw BenchError(call: "mkdir \(made)") }
    return made
  }

  /// Removes everything.
  func remove() {
    if unsafe probe_remove(path) != 0 { print("promethean-bench: \(BenchError(call: path))", to: &standardError) }
  }

  /// Has everything removed, too, when this program is told to end.
  func removeOnSignal() throws {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
    // Nor is it to end without a word because a program that it speaks to has: writing fails then.
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    _ = try BackgroundThread("signals") { [self] in
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
      var signal: Int32 = 0
      unsafe sigwait(&signals, &signal)
      if let server = Self.server.withLock({ $0 }) { kill(server, SIGKILL) }
      remove()
      _exit(128 + signal)
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BenchError(call: path) }
    defer { close(file) }
    guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else { throw BenchError(call: path) }
  }

  /// A file of the kernel's, which is short.
  static func read(_ path: String) throws -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchError(call: path) }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(file, &buffer, buffer.count)
    guard count >= 0 else { throw BenchError(call: path) }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  private static func resolve(_ path: String) throws -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw BenchError(call: path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func parent(of path: String) -> String {
    String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
  }
}
