internal import CLinux
internal import Glibc

/// A program that this one runs, with its output in a pipe, and its input, in which what it is told comes, in another: it
/// sees by its end that this program is gone.
final class Child {
  let pid: Int32
  private let output: Int32
  private let input: Int32
  private var unread: [UInt8] = []
  private var isReaped = false

  /// Starts a program; what it complains of goes where this one's complaints go, or, if it is quiet, nowhere.
  init(_ program: String, _ arguments: [String], isQuiet: Bool = false) throws {
    var ends: [Int32] = [-1, -1]
    guard unsafe linux_pipe(&ends) == 0 else { throw BenchError(call: "pipe") }
    output = ends[0]
    defer { close(ends[1]) }
    var inputs: [Int32] = [-1, -1]
    guard unsafe linux_pipe(&inputs) == 0 else { throw BenchError(call: "pipe") }
    input = inputs[1]
    defer { close(inputs[0]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, inputs[0], STDIN_FILENO)
    if isQuiet { unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
    // Here signals are blocked, for a thread that waits for them; there they are to end it.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] =
      unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var started: pid_t = 0
    errno = unsafe posix_spawnp(&started, program, &actions, &attributes, &words, environ)
    pid = started
    guard errno == 0 else {
      isReaped = true
      throw BenchError(call: program)
    }
  }

  deinit {
    if !isReaped {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(output)
    close(input)
  }

  /// Tells it a line.
  func say(_ line: String) throws {
    var bytes = Array("\(line)\n".utf8)
    while !bytes.isEmpty {
      let count = unsafe write(input, bytes, bytes.count)
      guard count > 0 else { throw BenchError(call: "write") }
      bytes.removeFirst(count)
    }
  }

  /// The next line of its output, without its end; nil when there is none to come.
  func line() -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe read(output, &buffer, buffer.count)
      guard count > 0 else { return nil }
      unread += buffer[..<count]
    }
  }

  /// The numbers on the next line.
  func numbers() throws -> [Int64] {
    guard let line = line() else { throw BenchError("a client ended without a result") }
    return line.split(separator: " ").compactMap { Int64($0) }
  }

  /// Ends it, and waits until it is gone.
  func end() {
    kill(pid, SIGTERM)
    waitpid(pid, nil, 0)
    isReaped = true
  }
}
