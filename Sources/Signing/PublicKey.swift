internal import CSodium

/// The number of a key pair, as minisign prints it: a hint which key to take, and no proof of anything.
package struct KeyID: Hashable, Sendable, CustomStringConvertible {
  static let size = 8
  let bytes: [UInt8]

  /// The bytes as a little-endian number, in 16 hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789ABCDEF".utf8)
    return String(decoding: bytes.reversed().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// The key that signatures are verified with, in minisign's format.
package struct PublicKey: Hashable, Sendable, CustomStringConvertible {
  /// What minisign calls Ed25519.
  static let algorithm = Array("Ed".utf8)
  static let size = Int(crypto_sign_ed25519_PUBLICKEYBYTES)
  /// The bytes of the line of base64: the algorithm, the number, the key.
  private static let lineSize = 2 + KeyID.size + size

  package let id: KeyID
  let bytes: [UInt8]

  init(id: KeyID, bytes: [UInt8]) {
    (self.id, self.bytes) = (id, bytes)
  }

  /// Reads the line of base64, `RW…`.
  package init(_ text: String) throws(SigningError) {
    do throws(SigningError) {
      let text = SecretBytes(copying: Array(text.utf8))
      try self.init(line: Base64Line.decode(text, 0..<text.count, count: Self.lineSize))
    } catch {
      throw error.reading("a minisign public key")
    }
  }

  /// Reads a file that holds the line alone, or below a comment as minisign writes it.
  package init(path: String) throws(SigningError) {
    do throws(SigningError) {
      let text = try MinisignText(path: path)
      guard text.count == 1 || text.count == 2 else { throw .malformed("expected 2 lines, found \(text.count)") }
      if text.count == 2 { _ = try text.comment(1, after: MinisignText.untrusted) }
      try self.init(line: text.base64(text.count, count: Self.lineSize))
    } catch {
      throw error.reading("a minisign public key")
    }
  }

  private init(line: SecretBytes) throws(SigningError) {
    guard line.open(0..<2) == Self.algorithm else { throw .malformed("expected \"RW\" at its beginning") }
    self.init(
      id: KeyID(bytes: line.open(2..<2 + KeyID.size)),
      bytes: line.open(2 + KeyID.size..<Self.lineSize)
    )
  }

  /// The line of base64, `RW…`.
  package var description: String { Base64Line.encode(Self.algorithm + id.bytes + bytes) }

  /// What minisign keeps in a file.
  package var fileText: String { "\(MinisignText.untrusted)minisign public key \(id)\n\(self)\n" }

  /// Whether a signature is this key's, of these bytes.
  func matches(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    unsafe crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), bytes) == 0
  }
}
