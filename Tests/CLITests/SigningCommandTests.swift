import Envelope
import Foundation
import Signing
import Testing

@testable import CLI

/// The commands that make keys, sign and verify.
struct SigningCommandTests {
  private let directory = TemporaryDirectory()
  private var name: String { directory.path + "/release" }

  /// A key pair without a password, and a file that it has signed.
  private func signed(_ words: String...) throws -> (file: String, key: PublicKey) {
    #expect(Run("keys", "generate", "-o", name, "--no-password").code == .success)
    let file = try directory.file("lib.so", "a library")
    let run = Run(["sign", file, "--key", name + ".key"] + words)
    try #require(run.code == .success, "\(run.errors)")
    return (file, try PublicKey(path: name + ".pub"))
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func `a key pair is made, the secret half for its owner alone`() throws {
    let run = Run("keys", "generate", "-o", name, "--no-password", "--json")
    #expect(run.code == .success)
    let key = try PublicKey(path: name + ".pub")
    let answer = try JSON.parse(run.output)
    #expect(answer["id"] == .string("\(key.id)"))
    #expect(answer["public_key"] == .string("\(key)"))
    #expect(answer["password"] == false)
    #expect(try mode(name + ".key") == 0o600)
    #expect(try SecretKeyFile(path: name + ".key").unlock(nil).publicKey == key)
  }

  @Test(arguments: [".key", ".pub"])
  func `a file that is there is not overwritten, nor half a pair made`(end: String) throws {
    let there = try directory.file("release" + end, "mine")
    let run = Run("keys", "generate", "-o", name, "--no-password")
    #expect(run.code == .failure)
    #expect(run.errors == "promethean: cannot create \(there): it exists, and is left as it is\n")
    #expect(try String(contentsOfFile: there, encoding: .utf8) == "mine")
    #expect(!FileManager.default.fileExists(atPath: name + (end == ".key" ? ".pub" : ".key")))
  }

  @Test func `a file that was signed is verified, by the key's file or its line`() throws {
    let (file, key) = try signed("--comment", "echo 1.2.0")
    for trusted in [name + ".pub", "\(key)"] {
      let run = Run("verify", file, "--key", trusted)
      #expect(run.output == "\(file): signed with key \(key.id)\ntrusted comment: echo 1.2.0\n")
      #expect(run.code == .success)
    }
    let answer = try JSON.parse(Run("verify", file, "--key", "\(key)", "--json").output)
    #expect(
      answer == [
        "file": .string(file), "valid": true, "key": .string("\(key.id)"), "public_key": .string("\(key)"),
        "comment": "echo 1.2.0",
      ]
    )
  }

  @Test func `the comment is by default the time and the name, and signing again replaces it`() throws {
    let (file, key) = try signed()
    let first = try Signature(path: file + ".minisig").trustedComment
    #expect(first.hasPrefix("timestamp:") && first.hasSuffix("\tfile:lib.so\thashed"))
    #expect(Run("sign", file, "--key", name + ".key", "--comment", "again").code == .success)
    #expect(try Signature(path: file + ".minisig").trustedComment == "again")
    #expect(Run("verify", file, "--key", "\(key)").code == .success)
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(Set(left) == ["lib.so", "lib.so.minisig", "release.key", "release.pub"])
  }

  @Test func `what was altered is refused with the reason`() throws {
    let (file, key) = try signed()
    _ = try directory.file("lib.so", "another library")
    let run = Run("verify", file, "--key", "\(key)")
    #expect(run.code == .failure)
    #expect(run.output.isEmpty)
    #expect(
      run.errors
        == "promethean: \(file).minisig is not the signature of key \(key.id) for this file: it is older, or one of the two was altered\n"
    )
    let error = try JSON.parse(Run("verify", file, "--key", "\(key)", "--json").errors)
    #expect(error["error"]?["code"] == "failed")
  }

  @Test func `another key is refused, and both are named`() throws {
    let (file, key) = try signed()
    let other = SecretKey.generate().publicKey
    let run = Run("verify", file, "--key", "\(other)")
    #expect(run.code == .failure)
    #expect(run.errors == "promethean: \(file).minisig was made with key \(key.id), expected \(other.id)\n")
  }

  @Test func `files that are not there, or not what they should be, are named`() throws {
    let (file, key) = try signed()
    let nowhere = directory.path + "/nowhere"
    let absent = "cannot be opened: No such file or directory"
    for (words, message) in [
      (["verify", nowhere, "--key", "\(key)"], "\(nowhere).minisig \(absent)"),
      (["verify", file, "--key", nowhere], "\(nowhere) \(absent)"),
      (
        ["verify", file, "--key", file],
        "\(file) is not a minisign public key: line 1: expected 56 characters of base64, found 9"
      ),
      (["sign", nowhere, "--key", name + ".key"], "\(nowhere) \(absent)"),
      (["sign", file, "--key", nowhere], "\(nowhere) \(absent)"),
      (["sign", file, "--key", file], "\(file) is not a minisign secret key: expected 2 lines, found 1"),
      (
        ["sign", file, "--key", name + ".key", "--comment", "a\nb"],
        "--comment: the comment has a line break or another control character"
      ),
    ] {
      let run = Run(words)
      #expect(run.code == .failure)
      #expect(run.errors == "promethean: \(message)\n")
    }
    try FileManager.default.removeItem(atPath: file)
    #expect(Run("verify", file, "--key", "\(key)").errors == "promethean: \(file) \(absent)\n")
  }

  @Test func `a password comes from the first line of the input, and a wrong one is said to be wrong`() throws {
    let file = try directory.file("lib.so", "a library")
    let made = Run("keys", "generate", "-o", name, input: "correct horse\nmore\n")
    try #require(made.code == .success, "\(made.errors)")
    #expect(made.errors.isEmpty)
    #expect(try SecretKeyFile(path: name + ".key").isProtected)
    let wrong = Run("sign", file, "--key", name + ".key", input: "correct house\n")
    #expect(wrong.code == .failure)
    #expect(wrong.errors == "promethean: \(name).key cannot be read: the password is wrong\n")
    #expect(!FileManager.default.fileExists(atPath: file + ".minisig"))
    let none = Run("sign", file, "--key", name + ".key", input: "")
    #expect(none.code == .failure)
    #expect(none.errors.hasPrefix("promethean: no password was given;"))
    let right = Run("sign", file, "--key", name + ".key", input: "correct horse\n")
    #expect(right.code == .success, "\(right.errors)")
    #expect(Run("verify", file, "--key", name + ".pub").code == .success)
  }

  @Test func `an empty password is none`() {
    let run = Run("keys", "generate", "-o", name, input: "\n")
    #expect(run.code == .failure)
    #expect(run.errors == "promethean: the password is empty; --no-password makes a key without one\n")
  }
}
