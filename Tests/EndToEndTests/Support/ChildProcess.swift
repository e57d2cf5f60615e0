import CLinux
import Glibc

/// A program that a test has started; it is killed at the latest with the object.
final class ChildProcess: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  enum End: Sendable, Equatable {
    case status(Int32)
    case signal(Int32)
  }

  let pid: pid_t
  private let pidfd: Int32

  /// Starts a program whose standard output and error go to two files.
  init(_ words: [String], output: String, errors: String) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, path) in [(1, output), (2, errors)] as [(Int32, String)] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o666)
    }
    // What other tests have open is none of its affair, and would count against its limit.
    _ = unsafe linux_spawn_close_from(&actions, STDERR_FILENO + 1)
    // A group of its own, so that Ctrl-C at the tests is theirs alone; and signals as a shell would give them.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    var pid: pid_t = 0
    let environment = ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NO_COLOR=1", "HOME=/nonexistent"]
    let program = words[0]
    let result = unsafe Self.withStrings(words) { words in
      unsafe Self.withStrings(environment) { unsafe posix_spawn(&pid, program, &actions, &attributes, words, $0) }
    }
    guard result == 0 else { throw Failure(description: "\(program): \(unsafe String(cString: strerror(result)))") }
    self.pid = pid
    pidfd = linux_pidfd_open(pid)
  }

  deinit {
    kill(SIGKILL)
    _ = try? wait(seconds: 10)
    close(pidfd)
  }

  func kill(_ signal: Int32) {
    _ = linux_pidfd_kill(pidfd, signal)
  }

  /// Waits until the program has ended.
  ///
  /// - Throws: `Failure` when it runs on.
  func wait(seconds: Int = 30) throws -> End {
    var descriptor = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&descriptor, 1, Int32(seconds) * 1000) == 1 else {
      throw Failure(description: "process \(pid) did not end within \(seconds) s")
    }
    var code: Int32 = 0
    var usage = rusage()
    guard unsafe linux_pidfd_reap(pidfd, &code, &usage) == 1 else {
      throw Failure(description: "process \(pid) was waited for before")
    }
    return code < 0 ? .signal(-code) : .status(code)
  }

  private static func withStrings<Value>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
  ) -> Value {
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe body(&pointers)
  }
}
