internal import Glibc

/// A socket or a file of the telemetry's that could not be used, and why.
package struct TelemetryError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }

  /// Describes a system call that has failed, by what was being done and `errno`.
  init(_ doing: String, errno code: CInt) {
    // glibc's strerror is safe from any thread since 2.32: its texts are constants.
    let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    description = "\(doing): \(reason)"
  }
}
