internal import CSodium

/// The key that signatures are made with; its bytes are zeroed when it goes.
package final class SecretKey: Sendable {
  static let size = Int(crypto_sign_ed25519_SECRETKEYBYTES)

  package let id: KeyID
  /// The seed, and the public key.
  let bytes: SecretBytes

  init(id: KeyID, bytes: SecretBytes) {
    precondition(bytes.count == Self.size, "a secret key of \(bytes.count) bytes")
    (self.id, self.bytes) = (id, bytes)
  }

  /// Makes a new key pair.
  package static func generate() -> SecretKey {
    let bytes = SecretBytes(count: size)
    var publicKey = [UInt8](repeating: 0, count: PublicKey.size)
    unsafe bytes.withPointer(to: UInt8.self) { bytes in
      _ = unsafe crypto_sign_ed25519_keypair(&publicKey, bytes)
    }
    var number = [UInt8](repeating: 0, count: KeyID.size)
    unsafe randombytes_buf(&number, number.count)
    return SecretKey(id: KeyID(bytes: number), bytes: bytes)
  }

  package var publicKey: PublicKey {
    PublicKey(id: id, bytes: bytes.open(Self.size - PublicKey.size..<Self.size))
  }

  /// Signs a file by its hash, and a comment that only the key's owner can change.
  ///
  /// - Parameters:
  ///   - hash: Of the file.
  ///   - comment: One line of text, such as when the file was signed and what it was called.
  /// - Returns: What belongs in `<file>.minisig`.
  /// - Throws: When the comment is not one line, or too long.
  package func sign(_ hash: FileHash, comment: String) throws(SigningError) -> Signature {
    try MinisignText.check(comment: comment)
    let signature = sign(hash.bytes)
    return Signature(
      .hashed,
      keyID: id,
      untrustedComment: "signature of key \(id)",
      trustedComment: comment,
      bytes: signature,
      global: sign(signature + comment.utf8)
    )
  }

  private func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Signature.size)
    unsafe bytes.withPointer(to: UInt8.self) { key in
      _ = unsafe crypto_sign_ed25519_detached(
        &signature,
        nil,
        message,
        UInt64(message.count),
        key
      )
    }
    return signature
  }

  /// Whether the public half is that of the secret one; signing with another would give the secret away.
  var isWhole: Bool {
    let (again, seed) = (SecretBytes(count: Self.size), bytes.slice(0..<Int(crypto_sign_ed25519_SEEDBYTES)))
    var publicKey = [UInt8](repeating: 0, count: PublicKey.size)
    unsafe again.withPointer(to: UInt8.self) { again in
      unsafe seed.withPointer(to: UInt8.self) { seed in
        _ = unsafe crypto_sign_ed25519_seed_keypair(
          &publicKey,
          again,
          seed
        )
      }
    }
    return again.isEqual(bytes)
  }
}
