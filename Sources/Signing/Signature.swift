internal import CSodium
internal import Glibc

/// A signature of a file, as minisign keeps it beside the file in `<file>.minisig`.
package struct Signature: Hashable, Sendable {
  package enum Algorithm: Sendable {
    /// Of the file itself, which has to be in memory for it: `Ed`.
    case legacy
    /// Of the file's hash: `ED`.
    case hashed

    var name: [UInt8] { Array((self == .legacy ? "Ed" : "ED").utf8) }
  }

  static let size = Int(crypto_sign_ed25519_BYTES)
  /// Of the line as bytes: the algorithm, the key's number, the signature.
  private static let lineSize = 2 + KeyID.size + size
  /// The largest file that is read into memory for a legacy signature, in bytes.
  private static let legacySizeMax = 1 << 30

  package let algorithm: Algorithm
  package let keyID: KeyID
  /// What anybody may have changed.
  package let untrustedComment: String
  /// What the key has signed along with the file.
  package let trustedComment: String
  let bytes: [UInt8]
  /// Of `bytes` and the trusted comment.
  let global: [UInt8]

  init(
    _ algorithm: Algorithm,
    keyID: KeyID,
    untrustedComment: String,
    trustedComment: String,
    bytes: [UInt8],
    global: [UInt8]
  ) {
    (self.algorithm, self.keyID, self.bytes, self.global) = (algorithm, keyID, bytes, global)
    (self.untrustedComment, self.trustedComment) = (untrustedComment, trustedComment)
  }

  /// Where the signature of a file stands.
  package static func path(of file: String) -> String { "\(file).minisig" }

  /// Reads `<file>.minisig`.
  package init(path: String) throws(SigningError) {
    do throws(SigningError) {
      try self.init(MinisignText(path: path))
    } catch {
      throw error.reading("a minisign signature")
    }
  }

  init(_ text: MinisignText) throws(SigningError) {
    guard text.count == 4 else { throw .malformed("expected 4 lines, found \(text.count)") }
    untrustedComment = try text.comment(1, after: MinisignText.untrusted)
    let signed = try text.base64(2, count: Self.lineSize)
    trustedComment = try text.comment(3, after: MinisignText.trusted)
    global = try text.base64(4, count: Self.size).open(0..<Self.size)
    switch signed.open(0..<2) {
    case Algorithm.legacy.name: algorithm = .legacy
    case Algorithm.hashed.name: algorithm = .hashed
    default: throw .malformed("line 2: expected \"RU\" or \"RW\" at its beginning")
    }
    keyID = KeyID(bytes: signed.open(2..<2 + KeyID.size))
    bytes = signed.open(2 + KeyID.size..<Self.lineSize)
  }

  /// What minisign keeps in a file.
  package var fileText: String {
    """
    \(MinisignText.untrusted)\(untrustedComment)
    \(Base64Line.encode(algorithm.name + keyID.bytes + bytes))
    \(MinisignText.trusted)\(trustedComment)
    \(Base64Line.encode(global))

    """
  }
}

// MARK: - Verifying

extension Signature {
  /// Verifies that one of `keys` has signed a file of this hash, and the trusted comment.
  ///
  /// - Returns: The key that did.
  /// - Throws: `SigningError.legacy` too: such a signature is of the file and not of its hash.
  @discardableResult
  package func verify(_ hash: FileHash, by keys: [PublicKey]) throws(SigningError) -> PublicKey {
    guard algorithm == .hashed else { throw .legacy }
    return try verify(message: hash.bytes, by: keys)
  }

  /// Verifies that one of `keys` has signed an open file, and the trusted comment; in either format.
  @discardableResult
  package func verify(descriptor: Int32, by keys: [PublicKey]) throws(SigningError) -> PublicKey {
    guard algorithm == .legacy else { return try verify(FileHash(of: descriptor), by: keys) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .failed("cannot be read") }
    guard status.st_size <= Self.legacySizeMax else {
      throw .malformed("is in minisign's legacy format (Ed), which is for files up to \(Self.legacySizeMax) bytes")
    }
    var message: [UInt8] = []
    message.reserveCapacity(status.st_size)
    unsafe try FileHash.read(descriptor) { unsafe message.append(contentsOf: $0) }
    return try verify(message: message, by: keys)
  }

  /// Verifies that one of `keys` has signed a file, and the trusted comment; in either format.
  @discardableResult
  package func verify(path: String, by keys: [PublicKey]) throws(SigningError) -> PublicKey {
    try OpenFile.with(path) { (file) throws(SigningError) in try verify(descriptor: file, by: keys) }
  }

  private func verify(message: [UInt8], by keys: [PublicKey]) throws(SigningError) -> PublicKey {
    // Two keys may bear one number, since a number is anybody's to choose.
    let named = keys.filter { $0.id == keyID }
    guard !named.isEmpty else { throw .otherKey(found: keyID, expected: keys.map(\.id)) }
    guard let key = named.first(where: { $0.matches(bytes, of: message) }) else { throw .alteredFile(keyID) }
    guard key.matches(global, of: bytes + trustedComment.utf8) else { throw .alteredComment(keyID) }
    return key
  }
}
