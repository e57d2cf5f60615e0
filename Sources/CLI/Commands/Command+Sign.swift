internal import Envelope
internal import Glibc
internal import Signing

extension Command {
  private static let file = Argument(.file(), "What is signed, such as a plugin's library.")
  private static let secretKey = Option.value(
    "key",
    short: "k",
    .file("KEYFILE"),
    "The secret key: minisign's, or one of `promethean keys generate`.",
    isRequired: true
  )
  private static let comment = Option.value(
    "comment",
    .text("TEXT"),
    "What is signed along with the file and shown with it; by default when it was signed, and its name."
  )

  static let sign = Command(
    "sign",
    "Signs a plugin's library, or any file",
    details: """
      Writes FILE.minisig, in place of an older one: a signature of FILE's hash in minisign's format, which minisign verifies too. Where the key has \
      a password it is asked for; what is not a terminal gives it as the first line of standard input.
      """,
    arguments: [file],
    options: [secretKey, comment],
    examples: [
      Example("promethean sign libEcho.so --key release.key", "Writes libEcho.so.minisig."),
      Example("promethean sign libEcho.so -k ci.key --comment 'echo 1.2.0'", "Says what it is, for all to see."),
    ]
  ) { invocation, session in
    let (path, keyPath) = (invocation.required(file), invocation.required(secretKey))
    let comment = invocation[comment] ?? defaultComment(path)
    let keyFile = try naming(keyPath) { try SecretKeyFile(path: keyPath) }
    let hash = try naming(path) { try FileHash(path: path) }
    let password = keyFile.isProtected ? try session.passwords.ask(keyPath) : nil
    let key = try naming(keyPath) { try keyFile.unlock(password) }
    let signature = try naming("--comment:") { try key.sign(hash, comment: comment) }
    let target = Signature.path(of: path)
    try NewFile.replace(target, signature.fileText)
    let answer: JSON = [
      "file": .string(path), "signature": .string(target), "key": .string("\(key.id)"), "comment": .string(comment),
    ]
    try session.show(answer) { ["\(target): signed with key \(key.id), \(Cells.printable(comment))"] }
    return .success
  }

  /// As minisign writes it.
  private static func defaultComment(_ path: String) -> String {
    "timestamp:\(time(nil))\tfile:\(Cells.printable(Files.name(of: path)))\thashed"
  }
}
