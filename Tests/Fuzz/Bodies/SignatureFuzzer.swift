@testable import Signing

/// What is read as a key or a signature is written again as what is read alike, and no signature is one by chance.
enum SignatureFuzzer {
  private static let key = SecretKey.generate()

  static func run(_ bytes: [UInt8]) throws {
    let text = MinisignText(SecretBytes(copying: bytes))
    if let signature = try? Signature(text) {
      let again = try Signature(MinisignText(SecretBytes(copying: Array(signature.fileText.utf8))))
      try hold(again == signature, "a signature that is read as another")
      let isVerified = (try? signature.verify(FileHash(bytes: [1, 2, 3]), by: [key.publicKey])) != nil
      try hold(!isVerified, "a signature of a key that has signed nothing")
    }
    if let key = try? PublicKey(String(decoding: bytes, as: UTF8.self)) {
      try hold(try PublicKey("\(key)") == key, "a public key that is read as another")
    }
    // To try a password takes seconds.
    if let file = try? SecretKeyFile(text), !file.isProtected, let key = try? file.unlock(nil) {
      let again = try SecretKeyFile(MinisignText(SecretKeyFile(key, password: nil).fileText)).unlock(nil)
      try hold(again.bytes.isEqual(key.bytes) && again.id == key.id, "a secret key that is read as another")
    }
  }
}
