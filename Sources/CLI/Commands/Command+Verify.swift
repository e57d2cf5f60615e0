internal import Envelope
internal import Signing

extension Command {
  private static let file = Argument(.file(), "What is verified; its signature is FILE.minisig.")
  private static let publicKey = Option.value(
    "key",
    short: "k",
    .file("KEY"),
    "Whose signature is trusted: a .pub file, or the line RW… that it holds.",
    isRequired: true
  )

  static let verify = Command(
    "verify",
    "Tells whether a file is as a key has signed it",
    details: """
      Reads FILE.minisig, made by `promethean sign` or minisign, and prints who has signed FILE and the comment that was signed with it. A host \
      verifies the libraries of its plugins itself, by the keys under host: keys: of plugins.yml.
      """,
    arguments: [file],
    options: [publicKey],
    exits: [.success: "FILE and the comment are as they were signed", .failure: "they are not, or cannot be read"],
    examples: [
      Example(
        "promethean verify libEcho.so --key release.pub",
        "Prints who signed it, or why it is not to be trusted."
      ),
      Example("promethean verify libEcho.so --key RWT9zah1… --json", "Prints the same as JSON."),
    ]
  ) { invocation, session in
    let path = invocation.required(file)
    let key = try trustedKey(invocation.required(publicKey))
    let target = Signature.path(of: path)
    let signature = try naming(target) { try Signature(path: target) }
    try naming(target, path) { try signature.verify(path: path, by: [key]) }
    let comment = signature.trustedComment
    let answer: JSON = [
      "file": .string(path), "valid": true, "key": .string("\(key.id)"), "public_key": .string("\(key)"),
      "comment": .string(comment),
    ]
    try session.show(answer) {
      ["\(path): signed with key \(key.id)", "trusted comment: \(Cells.printable(comment))"]
    }
    return .success
  }

  /// The key that is written out, or else in a file of that name.
  private static func trustedKey(_ text: String) throws -> PublicKey {
    if let key = try? PublicKey(text) { return key }
    return try naming(text) { try PublicKey(path: text) }
  }
}
