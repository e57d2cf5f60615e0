internal import CLinux
internal import CSodium
internal import Glibc

/// Why a credential cannot be had.
package struct SecretError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Memory that no other process can read, not even as root, filled once from its beginning and wiped at its end.
///
/// Where the kernel has no such memory (memfd_secret) it is memory that stays off the swap and out of core files.
/// Secrets are written into it straight from where they come from: nothing of them is ever on the heap.
@safe final class SecretPages: @unchecked Sendable {
  // Unchecked because of the pointer: the owner fills it before it shares it, and it never changes after.

  private let bytes: UnsafeMutableRawBufferPointer
  private(set) var count = 0
  /// Whether not even root can read it.
  let isSecret: Bool

  init(capacity: Int) throws(SecretError) {
    var isSecret: Int32 = 0
    guard let pages = unsafe linux_secret_pages(capacity, &isSecret) else {
      throw SecretError("no memory for secrets: \(unsafe String(cString: strerror(errno)))")
    }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: pages, count: capacity)
    self.isSecret = isSecret != 0
  }

  deinit {
    unsafe sodium_memzero(bytes.baseAddress, bytes.count)
    unsafe munmap(bytes.baseAddress, bytes.count)
  }

  /// Has something write behind what is there.
  ///
  /// - Parameters:
  ///   - limit: The most to write.
  ///   - body: Writes into the room that is left, and returns how many bytes; nil: none after all.
  /// - Returns: Where they lie, nil if there was no room or nothing to write.
  func append(atMost limit: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int?) -> Range<Int>? {
    let room = unsafe min(limit, bytes.count - count)
    guard room > 0, let written = unsafe body(UnsafeMutableRawBufferPointer(rebasing: bytes[count..<count + room])),
      written > 0
    else { return nil }
    count += written
    return count - written..<count
  }

  /// Lends some of it.
  func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }
}
