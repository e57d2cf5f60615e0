import Foundation
import Glibc

/// A directory that is gone with its owner.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    // Short, since the path of a socket has at most 107 bytes.
    path = "/tmp/promethean-\(UInt32.random(in: 0...UInt32.max))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func file(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    return file
  }

  /// Opens a new file for reading and writing.
  func open(_ name: String) -> Int32 { unsafe Glibc.open(path + "/" + name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
}
