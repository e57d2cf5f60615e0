internal import Glibc

/// Why the host cannot do what it was started for.
package struct HostError: Error, CustomStringConvertible {
  /// What, where, and what was found.
  package let description: String

  /// Says it in words.
  package init(_ description: String) {
    self.description = description
  }

  /// Says that a call failed, with the errno that it left.
  init(call: String, path: String) {
    self.init("\(path): \(call): \(unsafe String(cString: strerror(errno)))")
  }
}
