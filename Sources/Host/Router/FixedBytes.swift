internal import Glibc

/// Some bytes that stay where they are for as long as this lives, so that the hot path lends them without copying.
@safe
package final class FixedBytes: Sendable {
  /// The bytes, which nobody writes after `init`.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Copies a text.
  package init(_ text: String) {
    var text = text
    unsafe bytes = text.withUTF8 { utf8 in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: utf8.count, alignment: 1)
      unsafe copy.copyMemory(from: UnsafeRawBufferPointer(utf8))
      return UnsafeRawBufferPointer(copy)
    }
  }

  deinit {
    unsafe bytes.deallocate()
  }

  /// Tells whether other bytes are the same.
  func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard unsafe bytes.count == other.count else { return false }
    guard let mine = unsafe bytes.baseAddress, let theirs = other.baseAddress else { return true }
    return unsafe memcmp(mine, theirs, other.count) == 0
  }
}
