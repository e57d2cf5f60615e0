internal import Glibc

/// What stands in a file.
package enum FileBytes {
  /// Why a file could not be read.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Reads a whole file, which may grow meanwhile: Foundation leaks what it has read of one that does.
  package static func read(_ path: String) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(description: "\(path): \(unsafe String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      guard count >= 0 else { throw Failure(description: "\(path): \(unsafe String(cString: strerror(errno)))") }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
