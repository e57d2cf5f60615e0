import TestSupport
import Testing

@testable import Signing

/// What is done to a text of four lines, and exactly what is then said of it.
struct Damage: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var message: String
  var apply: @Sendable (inout [String]) -> Void

  init(_ what: String, _ message: String, _ apply: @escaping @Sendable (inout [String]) -> Void) {
    (testDescription, self.message, self.apply) = (what, message, apply)
  }

  /// Another first letter at a place of a line of base64.
  fileprivate static func flip(_ line: String, at place: Int) -> String {
    var characters = Array(line)
    characters[place] = characters[place] == "A" ? "B" : "A"
    return String(characters)
  }

  static let ofSignatures = [
    Damage(
      "altered signature",
      "is not the signature of key ID for this file: it is older, or one of the two was altered"
    ) {
      $0[1] = flip($0[1], at: 40)
    },
    Damage("altered comment", "has a trusted comment that is not the one key ID has signed") { $0[2] += "." },
    Damage("altered signature of the comment", "has a trusted comment that is not the one key ID has signed") {
      $0[3] = flip($0[3], at: 40)
    },
    Damage("cut after its third line", "is not a minisign signature: expected 4 lines, found 3") { $0.removeLast() },
    Damage("empty", "is not a minisign signature: expected 4 lines, found 0") { $0 = [] },
    Damage("with a line too many", "is not a minisign signature: expected 4 lines, found 5") { $0.append("more") },
    Damage(
      "cut in its second line",
      "is not a minisign signature: line 2: expected 100 characters of base64, found 99"
    ) { $0[1].removeLast() },
    Damage(
      "cut in its last line",
      "is not a minisign signature: line 4: expected 88 characters of base64, found 87"
    ) { $0[3].removeLast() },
    Damage(
      "wrong base64",
      "is not a minisign signature: line 2: expected 100 characters of base64, found others among them"
    ) { $0[1] = "*" + $0[1].dropFirst() },
    Damage("another algorithm", "is not a minisign signature: line 2: expected \"RU\" or \"RW\" at its beginning") {
      $0[1] = "AA" + $0[1].dropFirst(2)
    },
    Damage(
      "no untrusted comment",
      "is not a minisign signature: line 1: expected \"untrusted comment: \" at its beginning"
    ) { $0[0] = "comment: a" },
    Damage(
      "no trusted comment",
      "is not a minisign signature: line 3: expected \"trusted comment: \" at its beginning"
    ) { $0[2] = "un" + $0[2] },
    Damage("huge", "is not a minisign signature: expected at most 16384 bytes") {
      $0[0] += String(repeating: "a", count: 16384)
    },
  ]

  static let ofPublicKeys = [
    Damage("empty", "is not a minisign public key: expected 2 lines, found 0") { $0 = [] },
    Damage("with a line too many", "is not a minisign public key: expected 2 lines, found 3") { $0.append("more") },
    Damage("cut", "is not a minisign public key: line 2: expected 56 characters of base64, found 55") {
      $0[1].removeLast()
    },
    Damage(
      "wrong base64",
      "is not a minisign public key: line 2: expected 56 characters of base64, found others among them"
    ) { $0[1] = $0[1].dropLast() + "*" },
    Damage("another algorithm", "is not a minisign public key: expected \"RW\" at its beginning") {
      $0[1] = "AA" + $0[1].dropFirst(2)
    },
    Damage(
      "no comment",
      "is not a minisign public key: line 1: expected \"untrusted comment: \" at its beginning"
    ) { $0[0] = "a" },
  ]

  static let ofSecretKeys = [
    Damage("empty", "is not a minisign secret key: expected 2 lines, found 0") { $0 = [] },
    Damage("cut", "is not a minisign secret key: line 2: expected 212 characters of base64, found 211") {
      $0[1].removeLast()
    },
    Damage("another algorithm", "is not a minisign secret key: expected an Ed25519 key with a BLAKE2b checksum") {
      $0[1] = "AA" + $0[1].dropFirst(2)
    },
    Damage("another derivation", "is not a minisign secret key: expected a password by scrypt, or none") {
      $0[1] = flip($0[1], at: 3)
    },
    Damage("altered key", "is not a minisign secret key: its checksum is wrong") { $0[1] = flip($0[1], at: 120) },
    Damage("endless work", "is not a minisign secret key: its password takes more work than minisign's do") {
      let line = Array($0[1])
      $0[1] = String(line[..<60] + "////" + line[64...])
    },
  ]
}

/// Whatever was altered is refused, with an exact message.
@Suite struct RefusalTests {
  private let directory: TemporaryDirectory
  private let file: String
  private static let key = SecretKey.generate()

  init() throws {
    directory = try TemporaryDirectory()
    file = try directory.write("library.so", Array("a library".utf8))
  }

  private func write(_ name: String, _ text: String, _ damage: Damage) throws -> String {
    var lines = text.split(separator: "\n").map(String.init)
    damage.apply(&lines)
    return try directory.write(name, Array(lines.map { $0 + "\n" }.joined().utf8))
  }

  private func message(_ body: () throws(SigningError) -> Void) -> String? {
    do throws(SigningError) {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: Damage.ofSignatures)
  func `a damaged signature is refused`(damage: Damage) throws {
    let signature = try Self.key.sign(FileHash(path: file), comment: "a comment")
    let path = try write("library.so.minisig", signature.fileText, damage)
    let said = message { () throws(SigningError) in
      try Signature(path: path).verify(path: file, by: [Self.key.publicKey])
    }
    #expect(said == damage.message.replacing("ID", with: "\(Self.key.id)"))
  }

  @Test(arguments: Damage.ofPublicKeys)
  func `a damaged public key is refused`(damage: Damage) throws {
    let path = try write("a.pub", Self.key.publicKey.fileText, damage)
    #expect(message { () throws(SigningError) in _ = try PublicKey(path: path) } == damage.message)
  }

  @Test(arguments: Damage.ofSecretKeys)
  func `a damaged secret key is refused`(damage: Damage) throws {
    let whole = try SecretKeyFile(Self.key, password: nil).fileText
    let path = try write("a.key", String(decoding: whole.open(0..<whole.count), as: UTF8.self), damage)
    #expect(message { () throws(SigningError) in _ = try SecretKeyFile(path: path).unlock(nil) } == damage.message)
  }

  @Test func `an altered file is refused`() throws {
    let signature = try Self.key.sign(FileHash(path: file), comment: "a comment")
    try directory.write("library.so", Array("a Library".utf8))
    #expect(throws: SigningError.alteredFile(Self.key.id)) {
      try signature.verify(path: file, by: [Self.key.publicKey])
    }
    try directory.write("library.so", Array("a library\n".utf8))
    #expect(throws: SigningError.alteredFile(Self.key.id)) {
      try signature.verify(path: file, by: [Self.key.publicKey])
    }
  }

  @Test func `another key's signature is refused, and both are named`() throws {
    let (one, two) = (SecretKey.generate().publicKey, SecretKey.generate().publicKey)
    let signature = try Self.key.sign(FileHash(path: file), comment: "a comment")
    let verify = { (keys: [PublicKey]) in
      message { () throws(SigningError) in try signature.verify(path: file, by: keys) }
    }
    #expect(verify([one, two]) == "was made with key \(Self.key.id), expected \(one.id) or \(two.id)")
    #expect(verify([]) == "was made with key \(Self.key.id), but no key is trusted")
    #expect(verify([one, Self.key.publicKey]) == nil)
    // Another key under the same number.
    let impostor = PublicKey(id: Self.key.id, bytes: one.bytes)
    #expect(verify([impostor]) == SigningError.alteredFile(Self.key.id).description)
    #expect(verify([impostor, Self.key.publicKey]) == nil)
  }

  @Test func `a hash is not verified by a signature of the file itself`() throws {
    let hashed = try Self.key.sign(FileHash(path: file), comment: "a comment")
    let legacy = Signature(
      .legacy,
      keyID: hashed.keyID,
      untrustedComment: "",
      trustedComment: hashed.trustedComment,
      bytes: hashed.bytes,
      global: hashed.global
    )
    #expect(throws: SigningError.legacy) { try legacy.verify(FileHash(path: file), by: [Self.key.publicKey]) }
    // Nor is the one taken for the other where both are allowed.
    #expect(throws: SigningError.alteredFile(Self.key.id)) {
      try legacy.verify(path: file, by: [Self.key.publicKey])
    }
  }

  @Test func `a password is needed, and the right one`() throws {
    let work = SecretKeyFile.Work(operations: 1 << 15, memory: 1 << 24)
    let keyFile = try SecretKeyFile(Self.key, password: .text("right"), work: work)
    let path = try directory.write("a.key", keyFile.fileText)
    let read = try SecretKeyFile(path: path)
    #expect(read.isProtected)
    #expect(try read.unlock(.text("right")).publicKey == Self.key.publicKey)
    for wrong in [SecretBytes.text("Right"), .text(""), nil] {
      #expect(throws: SigningError.wrongPassword) { try read.unlock(wrong) }
    }
    #expect(SigningError.wrongPassword.description == "cannot be read: the password is wrong")
  }

  @Test func `halves of different keys are no key`() throws {
    let other = SecretKey.generate()
    let halves = SecretBytes(joining: [Self.key.bytes.slice(0..<32), other.bytes.slice(32..<64)])
    let path = try directory.write(
      "a.key",
      SecretKeyFile(SecretKey(id: other.id, bytes: halves), password: nil).fileText
    )
    let said = message { () throws(SigningError) in _ = try SecretKeyFile(path: path).unlock(nil) }
    #expect(said == "is not a minisign secret key: its halves are of different keys")
  }

  @Test(arguments: ["two\nlines", "a return\r", "an escape\u{1B}[2J", String(repeating: "a", count: 8001)])
  func `a comment that is not a short line is not signed`(comment: String) throws {
    let hash = try FileHash(path: file)
    #expect(throws: SigningError.self) { try Self.key.sign(hash, comment: comment) }
  }

  @Test func `lines may end as on other systems, and the last need not`() throws {
    let signature = try Self.key.sign(FileHash(path: file), comment: "a comment")
    let text = signature.fileText.replacing("\n", with: "\r\n").dropLast()
    let path = try directory.write("library.so.minisig", Array(text.utf8))
    #expect(try Signature(path: path) == signature)
  }

  @Test(arguments: ["", "RW", "RW*", "RWT9zah1HXyr6p2xPVIcFD/zX+WUFLszZnyZbxUyt7jJ186yhhgYsVAQRWT9"])
  func `what is no key in base64 is said not to be one`(text: String) {
    let said = message { () throws(SigningError) in _ = try PublicKey(text) }
    #expect(
      said == "is not a minisign public key: expected 56 characters of base64, found \(text.utf8.count)"
    )
  }

  @Test func `a directory or nothing is neither key nor signature`() {
    #expect(message { () throws(SigningError) in _ = try PublicKey(path: "/") } == "cannot be read: Is a directory")
    #expect(
      message { () throws(SigningError) in _ = try Signature(path: "/nonexistent") }
        == "cannot be opened: No such file or directory"
    )
  }

  @Test func `a key that was printed is read again`() throws {
    let key = Self.key.publicKey
    #expect(try PublicKey("\(key)") == key)
    #expect("\(key)".hasPrefix("RW"))
    #expect("\(key.id)".utf8.count == 16)
    #expect(
      try PublicKey("RWT9zah1HXyr6p2xPVIcFD/zX+WUFLszZnyZbxUyt7jJ186yhhgYsVAQ").id.description == "EAAB7C1D75A8CDFD"
    )
  }
}
