internal import CSodium

/// What two copies of one event have in common: a digest of who sent it, for whom, and its id.
package struct DedupeDigest: Sendable, Hashable {
  /// Bytes of a digest.
  package static let size = 16

  private let first: UInt64
  private let second: UInt64

  /// Digests the four fields, each preceded by its length, so that no text moved from one field to the next collides.
  package init(
    src: UnsafeRawBufferPointer,
    provider: UnsafeRawBufferPointer,
    tenant: UnsafeRawBufferPointer,
    id: UnsafeRawBufferPointer
  ) {
    let text = src.count + provider.count + tenant.count + id.count
    self = unsafe withUnsafeTemporaryAllocation(byteCount: text + 4 * lengthSize, alignment: 1) { buffer in
      var rest = unsafe buffer[...]
      unsafe DedupeDigest.put(src, &rest)
      unsafe DedupeDigest.put(provider, &rest)
      unsafe DedupeDigest.put(tenant, &rest)
      unsafe DedupeDigest.put(id, &rest)
      return unsafe DedupeDigest(of: UnsafeRawBufferPointer(buffer))
    }
  }

  /// Digests the four fields.
  package init(src: String, provider: String, tenant: String, id: String) {
    let fields = [src, provider, tenant, id].map(FixedBytes.init)
    self = unsafe DedupeDigest(
      src: fields[0].bytes,
      provider: fields[1].bytes,
      tenant: fields[2].bytes,
      id: fields[3].bytes
    )
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
      guard let output = unsafe digest.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      let input = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress
      _ = unsafe crypto_generichash(output, DedupeDigest.size, input, UInt64(bytes.count), nil, 0)
    }
    (first, second) = digest
  }

  private static func put(_ field: UnsafeRawBufferPointer, _ rest: inout Slice<UnsafeMutableRawBufferPointer>) {
    unsafe withUnsafeBytes(of: UInt32(field.count).littleEndian) { unsafe rest.copyBytes(from: $0) }
    unsafe rest.dropFirst(lengthSize).copyBytes(from: field)
    unsafe rest = unsafe rest.dropFirst(lengthSize + field.count)
  }
}

/// Bytes of the length before a field.
private let lengthSize = 4
