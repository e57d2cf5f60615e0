internal import Envelope
internal import Glibc
internal import Signing

extension Command {
  static let keys = Command(
    "keys",
    "Makes keys that plugins are signed with",
    details: """
      A key pair is two files, as minisign keeps them: NAME.key signs and is nobody else's, NAME.pub verifies and is for everybody. The line RW… \
      of NAME.pub belongs under host: keys: of each plugins.yml that is to trust what the key signs.
      """,
    examples: [Example("promethean keys generate -o release", "Makes release.key and release.pub.")],
    subcommands: [generateKeys]
  )

  private static let name = Option.value(
    "output",
    short: "o",
    .file("NAME"),
    "The files, without .key and .pub; none of the two may be there.",
    isRequired: true
  )
  private static let noPassword = Option.flag(
    "no-password",
    "Leaves the secret key without a password: whoever can read the file can sign."
  )

  private static let generateKeys = Command(
    "generate",
    "Makes a key pair",
    details: """
      Asks for a password, which the secret key cannot be used without; what is not a terminal gives it as the first line of standard input. \
      Deriving a key from it takes some seconds and a gibibyte of memory, as it does for whoever tries passwords. Nothing is overwritten.
      """,
    options: [name, noPassword],
    examples: [
      Example("promethean keys generate -o release", "Makes release.key, with a password, and release.pub."),
      Example("promethean keys generate -o ci --no-password", "Makes a key for where nobody is there to type."),
    ]
  ) { invocation, session in
    let name = invocation.required(name)
    let (secret, open) = ("\(name).key", "\(name).pub")
    // Before anybody has typed a password in vain.
    for path in [secret, open] where Files.exists(path) {
      throw CommandError.failed("cannot create \(path): it exists, and is left as it is")
    }
    let password = invocation.has(noPassword) ? nil : try session.passwords.askForNew(secret)
    let key = SecretKey.generate()
    let file = try SecretKeyFile(key, password: password)
    try NewFile.create(secret, file.fileText, mode: 0o600)
    do throws(CommandError) {
      try NewFile.create(open, SecretBytes(copying: Array(key.publicKey.fileText.utf8)), mode: 0o644)
    } catch {
      unsafe unlink(secret)
      throw error
    }
    let answer: JSON = [
      "id": .string("\(key.id)"), "public_key": .string("\(key.publicKey)"), "secret_file": .string(secret),
      "public_file": .string(open), "password": .bool(password != nil),
    ]
    try session.show(answer) {
      ["key \(key.id)", "\(secret)  signs; keep it to yourself", "\(open)  verifies: \(key.publicKey)"]
    }
    return .success
  }
}

extension Command {
  /// Puts the name of what was read before what is wrong with it.
  ///
  /// - Parameters:
  ///   - name: Of the key or the signature.
  ///   - file: Of the file beside it, if that is what could not be read.
  ///   - body: Reads.
  /// - Returns: What was read.
  /// - Throws: `CommandError` with both.
  @discardableResult
  static func naming<Value>(_ name: String, _ file: String? = nil, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as SigningError {
      guard case .system = error, let file else { throw CommandError.failed("\(name) \(error)") }
      throw CommandError.failed("\(file) \(error)")
    }
  }
}
