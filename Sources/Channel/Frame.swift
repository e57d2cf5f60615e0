internal import CChannel

/// One frame that a plugin sent, copied out of shared memory.
@safe
package struct Frame {
  /// What it is: one of the WIRE_ numbers.
  package let op: UInt16
  /// A small argument of the op.
  package let argument: Int16
  /// Which request, publish or delivery is meant.
  package let token: UInt64
  /// The bytes after the head.
  ///
  /// They lie in the buffer that was received into, and are gone with the next frame.
  package let body: UnsafeRawBufferPointer

  /// A frame over the bytes of a whole one, `nil` if its head contradicts their number.
  init?(_ bytes: UnsafeRawBufferPointer) {
    let headSize = MemoryLayout<wire_frame>.size
    guard bytes.count >= headSize else { return nil }
    let head = unsafe bytes.loadUnaligned(as: wire_frame.self)
    guard Int(head.size) == bytes.count - headSize else { return nil }
    op = head.op
    argument = head.argument
    token = head.token
    unsafe body = UnsafeRawBufferPointer(rebasing: bytes[headSize...])
  }
}
