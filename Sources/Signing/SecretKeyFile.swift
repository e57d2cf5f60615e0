internal import CSodium
internal import Glibc

/// A secret key as minisign keeps it in a file, with a password before it or without.
package struct SecretKeyFile {
  /// How much work a password costs whoever tries one.
  struct Work {
    var operations: UInt64
    var memory: UInt64

    static let none = Work(operations: 0, memory: 0)
    /// What minisign takes, seconds and a gibibyte of memory; no file may ask for more.
    static let minisign = Work(
      operations: UInt64(crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE),
      memory: UInt64(crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE)
    )
  }

  /// Where what stands among the bytes of the line.
  private enum Place {
    static let algorithm = 0..<2
    static let derivation = 2..<4
    static let checksum = 4..<6
    static let salt = 6..<38
    static let operations = 38..<46
    static let memory = 46..<54
    /// The key's number, the key and its checksum, mixed with what is derived from the password.
    static let key = 54..<158
    static let end = 158
  }

  /// Where what stands in the last part.
  private enum KeyPlace {
    static let id = 0..<8
    static let key = 8..<72
    static let checksum = 72..<104
  }

  private static let scrypt = Array("Sc".utf8)
  private static let noDerivation: [UInt8] = [0, 0]
  private static let blake2b = Array("B2".utf8)

  private let salt: [UInt8]
  private let work: Work
  private let key: SecretBytes
  /// Whether it takes a password to have the key.
  package let isProtected: Bool
}

// MARK: - Reading

extension SecretKeyFile {
  /// Reads a file; the key in it is had with `unlock`.
  package init(path: String) throws(SigningError) {
    do throws(SigningError) {
      try self.init(MinisignText(path: path))
    } catch {
      throw error.reading("a minisign secret key")
    }
  }

  init(_ text: MinisignText) throws(SigningError) {
    guard text.count == 2 else { throw .malformed("expected 2 lines, found \(text.count)") }
    _ = try text.comment(1, after: MinisignText.untrusted)
    let bytes = try text.base64(2, count: Place.end)
    guard bytes.open(Place.algorithm) == PublicKey.algorithm, bytes.open(Place.checksum) == Self.blake2b else {
      throw .malformed("expected an Ed25519 key with a BLAKE2b checksum")
    }
    switch bytes.open(Place.derivation) {
    case Self.noDerivation: isProtected = false
    case Self.scrypt: isProtected = true
    default: throw .malformed("expected a password by scrypt, or none")
    }
    salt = bytes.open(Place.salt)
    work = Work(
      operations: Self.number(bytes.open(Place.operations)),
      memory: Self.number(bytes.open(Place.memory))
    )
    guard work.operations <= Work.minisign.operations, work.memory <= Work.minisign.memory else {
      throw .malformed("its password takes more work than minisign's do")
    }
    key = bytes.slice(Place.key)
  }

  /// Takes the key out.
  ///
  /// - Parameter password: As it was typed; looked at only if there is one before the key.
  /// - Returns: The key, whole.
  /// - Throws: `SigningError.wrongPassword`, among others.
  package func unlock(_ password: SecretBytes?) throws(SigningError) -> SecretKey {
    let plain =
      isProtected ? try key.mixed(with: Self.stream(password ?? SecretBytes(count: 0), salt, work)) : key
    let found = SecretKey(id: KeyID(bytes: plain.open(KeyPlace.id)), bytes: plain.slice(KeyPlace.key))
    let checksum = plain.slice(KeyPlace.checksum)
    // Where there is no password minisign writes no checksum.
    guard checksum.isEqual(Self.checksum(of: found)) || (!isProtected && checksum.isZero) else {
      throw isProtected
        ? .wrongPassword : SigningError.malformed("its checksum is wrong").reading("a minisign secret key")
    }
    guard found.isWhole else {
      throw SigningError.malformed("its halves are of different keys").reading("a minisign secret key")
    }
    return found
  }
}

// MARK: - Writing

extension SecretKeyFile {
  /// Puts a password before a key, or none.
  package init(_ key: SecretKey, password: SecretBytes?) throws(SigningError) {
    try self.init(key, password: password, work: .minisign)
  }

  init(_ key: SecretKey, password: SecretBytes?, work: Work) throws(SigningError) {
    let plain = SecretBytes(joining: [SecretBytes(copying: key.id.bytes), key.bytes, Self.checksum(of: key)])
    isProtected = password != nil
    guard let password else {
      (salt, self.work, self.key) = ([UInt8](repeating: 0, count: Place.salt.count), .none, plain)
      return
    }
    var salt = [UInt8](repeating: 0, count: Place.salt.count)
    unsafe randombytes_buf(&salt, salt.count)
    (self.salt, self.work) = (salt, work)
    self.key = try plain.mixed(with: Self.stream(password, salt, work))
  }

  /// What minisign keeps in a file.
  package var fileText: SecretBytes {
    let head =
      PublicKey.algorithm + (isProtected ? Self.scrypt : Self.noDerivation) + Self.blake2b + salt
      + Self.bytes(work.operations) + Self.bytes(work.memory)
    let line = Base64Line.encode(SecretBytes(joining: [SecretBytes(copying: head), key]))
    let comment = "\(MinisignText.untrusted)minisign \(isProtected ? "encrypted " : "")secret key\n"
    return SecretBytes(joining: [SecretBytes(copying: Array(comment.utf8)), line, SecretBytes(copying: [10])])
  }
}

// MARK: - Parts

extension SecretKeyFile {
  /// What the key is mixed with under a password.
  private static func stream(
    _ password: SecretBytes,
    _ salt: [UInt8],
    _ work: Work
  ) throws(SigningError) -> SecretBytes {
    let stream = SecretBytes(count: Place.key.count)
    let status = unsafe stream.withPointer(to: UInt8.self) { target in
      unsafe password.withPointer(to: CChar.self) { pointer in
        unsafe crypto_pwhash_scryptsalsa208sha256(
          target,
          UInt64(stream.count),
          pointer,
          UInt64(password.count),
          salt,
          work.operations,
          Int(work.memory)
        )
      }
    }
    guard status == 0 else { throw .failed("cannot be read: deriving a key from the password") }
    return stream
  }

  private static func checksum(of key: SecretKey) -> SecretBytes {
    let parts = [SecretBytes(copying: PublicKey.algorithm + key.id.bytes), key.bytes]
    let (message, checksum) = (SecretBytes(joining: parts), SecretBytes(count: KeyPlace.checksum.count))
    unsafe checksum.withPointer(to: UInt8.self) { target in
      unsafe message.withPointer(to: UInt8.self) { source in
        _ = unsafe crypto_generichash_blake2b(
          target,
          checksum.count,
          source,
          UInt64(message.count),
          nil,
          0
        )
      }
    }
    return checksum
  }

  /// Little-endian, as all numbers in the file.
  private static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
