import TestSupport
import Testing

@testable import Signing

/// Ours and Debian's minisign, each on the other's files.
@Suite(.enabled(if: Minisign.isThere, Minisign.absence)) struct InteroperationTests {
  private let directory: TemporaryDirectory
  private let file: String

  init() throws {
    directory = try TemporaryDirectory()
    // More than is read at once, and no multiple of it.
    file = try directory.write("library.so", (0..<300_001).map { UInt8(truncatingIfNeeded: $0 * 31) })
  }

  private func theirKey(password: String? = nil) throws -> (secret: String, open: String) {
    let (secret, open) = (directory.file("their.key"), directory.file("their.pub"))
    let made =
      if let password {
        try Minisign.run("-G", "-s", secret, "-p", open, input: "\(password)\n\(password)\n")
      } else {
        try Minisign.run("-G", "-W", "-s", secret, "-p", open)
      }
    try #require(made.code == 0, "\(made.text)")
    return (secret, open)
  }

  @Test func `theirs verifies what we sign, and shows our comment`() throws {
    let key = SecretKey.generate()
    let signature = try key.sign(FileHash(path: file), comment: "écho 1.2.0\tof today")
    try directory.write("library.so.minisig", Array(signature.fileText.utf8))
    let open = try directory.write("our.pub", Array(key.publicKey.fileText.utf8))
    for words in [["-p", open], ["-P", "\(key.publicKey)"]] {
      let verified = try Minisign.run("-V", "-H", words[0], words[1], "-m", file)
      #expect(verified.code == 0)
      #expect(
        verified.text == "Signature and comment signature verified\nTrusted comment: écho 1.2.0\tof today\n"
      )
    }
  }

  @Test func `ours verifies what they sign, in either format`() throws {
    let (secret, open) = try theirKey()
    let key = try PublicKey(path: open)
    for (words, algorithm) in [([], .hashed), (["-l"], .legacy)] as [([String], Signature.Algorithm)] {
      let signed = try Minisign.run(["-S", "-s", secret, "-m", file, "-t", "theirs"] + words)
      try #require(signed.code == 0, "\(signed.text)")
      let signature = try Signature(path: Signature.path(of: file))
      #expect(signature.algorithm == algorithm)
      #expect(signature.trustedComment == "theirs")
      #expect(try signature.verify(path: file, by: [key]) == key)
    }
  }

  @Test func `ours signs with their key`() throws {
    let (secret, open) = try theirKey()
    let key = try SecretKeyFile(path: secret).unlock(nil)
    #expect(try key.publicKey == PublicKey(path: open))
    try directory.write("library.so.minisig", Array(key.sign(FileHash(path: file), comment: "ours").fileText.utf8))
    #expect(try Minisign.run("-V", "-p", open, "-m", file).code == 0)
  }

  @Test func `theirs signs with our key`() throws {
    let key = SecretKey.generate()
    let secret = try directory.write("our.key", SecretKeyFile(key, password: nil).fileText)
    let signed = try Minisign.run("-S", "-W", "-s", secret, "-m", file)
    try #require(signed.code == 0, "\(signed.text)")
    #expect(try Signature(path: Signature.path(of: file)).verify(path: file, by: [key.publicKey]) == key.publicKey)
  }

  @Test func `ours opens their key with its password, and with no other`() throws {
    let (secret, open) = try theirKey(password: "correct horse")
    let keyFile = try SecretKeyFile(path: secret)
    #expect(keyFile.isProtected)
    #expect(try keyFile.unlock(.text("correct horse")).publicKey == PublicKey(path: open))
    #expect(throws: SigningError.wrongPassword) { try keyFile.unlock(.text("correct house")) }
  }

  @Test func `theirs opens our key with its password`() throws {
    let key = SecretKey.generate()
    let secret = try directory.write("our.key", SecretKeyFile(key, password: .text("correct horse")).fileText)
    let signed = try Minisign.run("-S", "-s", secret, "-m", file, input: "correct horse\n")
    try #require(signed.code == 0, "\(signed.text)")
    #expect(try Signature(path: Signature.path(of: file)).verify(path: file, by: [key.publicKey]) == key.publicKey)
  }
}

extension TemporaryDirectory {
  func write(_ name: String, _ bytes: SecretBytes) throws -> String { try write(name, bytes.open(0..<bytes.count)) }
}

extension SecretBytes {
  static func text(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8)) }
}
