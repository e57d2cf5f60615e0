import CLinux
import Glibc

/// A program that a test has started, and that does not outlive it.
public final class ChildProcess {
  /// Its number.
  public let pid: Int32
  private var status: Int32?

  /// Why a program could not be started.
  public struct Failure: Error {
    /// Which, and what posix_spawn said.
    public let description: String
  }

  /// Starts a program of this build's, with the environment of the test.
  public init(product: String, arguments: [String]) throws(Failure) {
    let path = "\(Products.directory)/\(product)"
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, path, nil, nil, &words, environ)
    guard code == 0 else { throw Failure(description: "\(path): \(unsafe String(cString: strerror(code)))") }
    self.pid = pid
  }

  deinit {
    if status == nil { kill(SIGKILL) }
    _ = wait()
  }

  /// Sends it a signal.
  public func kill(_ signal: Int32) {
    if status == nil { _ = Glibc.kill(pid, signal) }
  }

  /// Waits until it has ended: its exit status, or minus the signal that ended it.
  @discardableResult
  public func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while unsafe waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    let code = raw & 0x7f == 0 ? (raw >> 8) & 0xff : -(raw & 0x7f)
    status = code
    return code
  }
}
