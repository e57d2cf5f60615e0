internal import CSodium

/// Bytes that are nobody else's: out of swap and core dumps where the system lets us, zeroed when they go.
///
/// Whoever makes them fills them, before anybody else has them; from then on they stay.
@safe package final class SecretBytes: @unchecked Sendable {
  package let count: Int
  private let memory: UnsafeMutableRawPointer

  /// Makes zeroes.
  package init(count: Int) {
    // Sets up libsodium's guarded pages; only the first of any number of calls does something.
    let isReady = sodium_init() >= 0
    guard isReady, let memory = unsafe sodium_malloc(count) else { fatalError("no memory for \(count) secret bytes") }
    unsafe sodium_memzero(memory, count)
    self.count = count
    unsafe self.memory = memory
  }

  /// Copies bytes, of which the caller's copy stays.
  package convenience init(copying bytes: [UInt8]) {
    self.init(count: bytes.count)
    unsafe withBytes { unsafe $0.copyBytes(from: bytes) }
  }

  /// Joins several.
  convenience init(joining parts: [SecretBytes]) {
    self.init(count: parts.reduce(0) { $0 + $1.count })
    var place = 0
    for part in parts {
      if part.count > 0 { unsafe (memory + place).copyMemory(from: part.memory, byteCount: part.count) }
      place += part.count
    }
  }

  deinit {
    unsafe sodium_free(memory)
  }

  /// Lends the bytes, for as long as `body` runs.
  package func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeMutableRawBufferPointer(start: memory, count: count))
  }

  /// Lends the bytes as libsodium takes them.
  func withPointer<Element, Result>(
    to type: Element.Type,
    _ body: (UnsafeMutablePointer<Element>) -> Result
  ) -> Result {
    unsafe body(memory.assumingMemoryBound(to: type))
  }

  /// A secret copy of some of the bytes.
  package func slice(_ range: Range<Int>) -> SecretBytes {
    precondition(range.upperBound <= count, "a slice beyond the bytes")
    let copy = SecretBytes(count: range.count)
    if !range.isEmpty { unsafe copy.memory.copyMemory(from: memory + range.lowerBound, byteCount: range.count) }
    return copy
  }

  /// A copy of some of the bytes that are no secret.
  func open(_ range: Range<Int>) -> [UInt8] {
    precondition(range.upperBound <= count, "a copy beyond the bytes")
    return range.map { unsafe memory.load(fromByteOffset: $0, as: UInt8.self) }
  }

  /// Whether both are the same, in a time that does not tell where they differ.
  package func isEqual(_ other: SecretBytes) -> Bool {
    guard count == other.count else { return false }
    return unsafe sodium_memcmp(memory, other.memory, count) == 0
  }

  var isZero: Bool { unsafe sodium_is_zero(memory.assumingMemoryBound(to: UInt8.self), count) == 1 }

  /// Mixes a stream of bytes in; the same one again takes it out.
  func mixed(with stream: SecretBytes) -> SecretBytes {
    precondition(count == stream.count, "a stream of another length")
    let result = slice(0..<count)
    for place in 0..<count {
      let byte = unsafe stream.memory.load(fromByteOffset: place, as: UInt8.self)
      let other = unsafe memory.load(fromByteOffset: place, as: UInt8.self)
      unsafe result.memory.storeBytes(of: byte ^ other, toByteOffset: place, as: UInt8.self)
    }
    return result
  }
}
