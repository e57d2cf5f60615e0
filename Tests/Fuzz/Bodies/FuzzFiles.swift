import Foundation
import TestSupport

/// Where fuzzers put what is only read from files; gone with the process.
enum FuzzFiles {
  private static let directory: TemporaryDirectory? = {
    atexit { try? FileManager.default.removeItem(atPath: FuzzFiles.path) }
    return try? TemporaryDirectory()
  }()

  /// The directory.
  static var path: String { directory?.path ?? "/nonexistent" }

  /// Writes a file, and returns its path.
  @discardableResult
  static func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    guard let path = try directory?.write(name, bytes) else { throw Finding(description: "no place for \(name)") }
    return path
  }
}
