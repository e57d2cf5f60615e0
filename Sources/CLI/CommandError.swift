internal import Glibc

/// Why a command did not do what it was asked to.
enum CommandError: Error, Equatable, CustomStringConvertible {
  case noHost(directory: String)
  /// A sentence for the person at the terminal.
  case failed(String)

  var description: String {
    switch self {
    case .noHost(let directory): "no host is running for \(directory) (promethean up starts one)"
    case .failed(let message): message
    }
  }
}

/// What the system calls an error code.
func systemMessage(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
