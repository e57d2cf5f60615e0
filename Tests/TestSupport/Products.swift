internal import Glibc

/// Where the programs and libraries are that tests run.
///
/// Under a sanitizer the tests and the host are built with it, but what lives in the sandbox is not: a sanitizer needs
/// address space and system calls that the sandbox takes away. `PROMETHEAN_PRODUCTS` then names the directory of a plain
/// build, which the runner and the plugins' libraries come from.
package enum Products {
  /// The directory of this build's programs: that of the test bundle.
  package static let directory: String = {
    let path = unsafe realpath("/proc/self/exe", nil)
    defer { unsafe free(path) }
    let own = unsafe path.map { unsafe String(cString: $0) } ?? ""
    return own.split(separator: "/").dropLast().map { "/\($0)" }.joined()
  }()

  /// The directory of what runs in the sandbox.
  package static let sandboxed: String =
    unsafe getenv("PROMETHEAN_PRODUCTS").map { unsafe String(cString: $0) } ?? directory

  /// The command line, and the host.
  package static let promethean = "\(directory)/promethean"
  /// The process that a plugin lives in.
  package static let runner = "\(sandboxed)/promethean-runner"

  /// Whether runner and plugins are not this build's, since this one is built with a sanitizer.
  package static var isSanitized: Bool { sandboxed != directory }

  /// A plugin's library.
  package static func library(_ plugin: String) -> String { "\(sandboxed)/lib\(plugin).so" }
}
