internal import CSodium

/// Makes bytes unreadable for whoever does not know a tenant's credential, so that the host can keep what a provider has
/// given in exchange for it.
///
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a key that BLAKE2b derives from the credential: where the credential
/// is another, what was sealed before is as good as gone.
public struct Seal: Sendable {
  private static let nonceSize = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
  private static let tagSize = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

  private let key: [UInt8]

  /// A seal that whoever knows the credential can break, for one purpose: seals of others do not open.
  ///
  /// - Returns: nil for an empty credential, which everybody knows.
  public init?(credential: String, purpose: String) {
    guard !credential.isEmpty, sodium_init() >= 0 else { return nil }
    var key = [UInt8](repeating: 0, count: Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES))
    // The lengths part one from the other.
    let bytes = Array("\(purpose.utf8.count):\(purpose)\(credential)".utf8)
    let status = unsafe crypto_generichash(&key, key.count, bytes, UInt64(bytes.count), nil, 0)
    guard status == 0 else { return nil }
    self.key = key
  }

  /// The sealed bytes, some longer.
  public func seal(_ bytes: [UInt8]) -> [UInt8] {
    var nonce = [UInt8](repeating: 0, count: Self.nonceSize)
    unsafe randombytes_buf(&nonce, nonce.count)
    var sealed = [UInt8](repeating: 0, count: bytes.count + Self.tagSize)
    _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
      &sealed,
      nil,
      bytes,
      UInt64(bytes.count),
      nil,
      0,
      nil,
      nonce,
      key
    )
    return nonce + sealed
  }

  /// What was sealed; nil if it was not with this seal, or has been changed.
  public func open(_ sealed: [UInt8]) -> [UInt8]? {
    let size = sealed.count - Self.nonceSize - Self.tagSize
    guard size >= 0 else { return nil }
    let (nonce, rest) = (Array(sealed.prefix(Self.nonceSize)), Array(sealed.dropFirst(Self.nonceSize)))
    var bytes = [UInt8](repeating: 0, count: size)
    let status = unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
      &bytes,
      nil,
      nil,
      rest,
      UInt64(rest.count),
      nil,
      0,
      nonce,
      key
    )
    return status == 0 ? bytes : nil
  }
}
