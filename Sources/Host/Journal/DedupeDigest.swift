internal import CSodium

/// What two copies of one event have in common: a digest of who sent it, for whom, and its id.
package struct DedupeDigest: Sendable, Hashable {
  /// Bytes of a digest.
  package static let size = 16

  private let first: UInt64
  private let second: UInt64

  /// Digests the four fields, each preceded by its length, so that no text moved from one field to the next collides.
  ///
  /// It allocates nothing while the fields are the length that an envelope allows.
  package init(src: String, provider: String, tenant: String, id: String) {
    let count = [src, provider, tenant, id].reduce(0) { $0 + MemoryLayout<UInt32>.size + $1.utf8.count }
    self = unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      var end = 0
      for field in [src, provider, tenant, id] {
        unsafe buffer.storeBytes(of: UInt32(field.utf8.count).littleEndian, toByteOffset: end, as: UInt32.self)
        end += MemoryLayout<UInt32>.size
        unsafe buffer[end...].copyBytes(from: field.utf8)
        end += field.utf8.count
      }
      return unsafe DedupeDigest(of: UnsafeRawBufferPointer(buffer))
    }
  }

  /// The digest whose bytes begin at `offset`.
  init(_ bytes: [UInt8], at offset: Int) {
    (first, second) = unsafe bytes.withUnsafeBytes { bytes in
      unsafe (
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      )
    }
  }

  private init(of bytes: UnsafeRawBufferPointer) {
    var digest: (UInt64, UInt64) = (0, 0)
    unsafe withUnsafeMutableBytes(of: &digest) { digest in
      _ = unsafe crypto_generichash(
        digest.baseAddress, DedupeDigest.size, bytes.baseAddress, UInt64(bytes.count), nil, 0)
    }
    (first, second) = digest
  }

  /// Adds the digest's bytes to the end of `bytes`.
  func append(to bytes: inout [UInt8]) {
    for part in [first, second] { unsafe withUnsafeBytes(of: part) { unsafe bytes.append(contentsOf: $0) } }
  }
}
