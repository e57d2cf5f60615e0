import Glibc
import Signing
import TestSupport
import Testing

@testable import Host

/// Whose libraries run: those of the host, those that a trusted key has signed, and those that the operator lets.
@Suite struct ManifestSignatureTests {
  /// What is done to the deployment after it was written and signed, and what follows
  /// `plugins.yml:12:14: plugins.echo.library: plugins.d/libEcho.so`.
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var message: String
    var change: @Sendable (ManifestFixture) throws -> Void
  }

  private static let library = "plugins.d/libEcho.so"
  private static let id = ManifestFixture.key.id
  private static let stranger = SecretKey.generate()

  /// Alters the last byte of a file's first line.
  private static func alter(_ name: String, line: Int, in fixture: ManifestFixture) throws {
    var lines = try readFile("\(fixture.directory)/\(name)", sizeMax: 1 << 20).split(separator: 10).map(Array.init)
    lines[line - 1][30] = lines[line - 1][30] == 65 ? 66 : 65
    try fixture.write(name, Array(lines.joined(separator: [10])))
  }

  static let rows = [
    Row(
      testDescription: "not signed",
      message: " is not signed: expected libEcho.so.minisig beside it, or trust: unsigned"
    ) {
      unsafe unlink("\($0.directory)/\(library).minisig")
    },
    Row(
      testDescription: "altered",
      message: ".minisig is not the signature of key \(id) for this file: it is older, or one of the two was altered"
    ) { try $0.write(library, readFile("\($0.directory)/\(library)", sizeMax: 1 << 20) + [0]) },
    Row(
      testDescription: "another plugin's signature",
      message: ".minisig is not the signature of key \(id) for this file: it is older, or one of the two was altered"
    ) {
      let other = try readFile("\($0.directory)/plugins.d/libStorage.so.minisig", sizeMax: 1 << 20)
      try $0.write("\(library).minisig", other)
    },
    Row(
      testDescription: "with an altered signature",
      message: ".minisig is not the signature of key \(id) for this file: it is older, or one of the two was altered"
    ) { try alter("\(library).minisig", line: 2, in: $0) },
    Row(
      testDescription: "with an altered comment",
      message: ".minisig has a trusted comment that is not the one key \(id) has signed"
    ) { try alter("\(library).minisig", line: 3, in: $0) },
    Row(
      testDescription: "signed by a stranger",
      message: ".minisig was made with key \(stranger.id), expected one of host.keys, \(id)"
    ) { try $0.sign(library, stranger) },
    Row(
      testDescription: "signed in the legacy format",
      message: ".minisig is in minisign's legacy format (Ed), expected one of the file's hash (ED)"
    ) {
      let text = String(decoding: try readFile("\($0.directory)/\(library).minisig", sizeMax: 1 << 20), as: UTF8.self)
      try $0.write("\(library).minisig", Array(text.replacing("\nRU", with: "\nRW").utf8))
    },
    Row(
      testDescription: "with a signature cut short",
      message: ".minisig is not a minisign signature: expected 4 lines, found 0"
    ) { try $0.write("\(library).minisig", []) },
    Row(
      testDescription: "with a directory for a signature",
      message: ".minisig cannot be read: Is a directory"
    ) {
      unsafe unlink("\($0.directory)/\(library).minisig")
      try $0.makeDirectory("\(library).minisig")
    },
  ]

  @Test(arguments: rows)
  func `a library that nobody trusted has signed is refused, exactly, and stops no other`(row: Row) throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    try row.change(fixture)
    let path = fixture.directory + "/plugins.yml"
    let (deployment, diagnostics) = Deployment.read(path: path, searchPath: [])
    #expect(
      diagnostics.map { $0.description.replacing(fixture.directory + "/", with: "") } == [
        "plugins.yml:12:14: plugins.echo.library: \(Self.library)\(row.message)"
      ]
    )
    #expect(diagnostics.map(\.plugin) == ["echo"])
    #expect(deployment?.plugins.map(\.id) == ["storage", "indexer"])
  }

  @Test(arguments: rows)
  func `what the operator lets run unsigned is not asked for a signature`(row: Row) throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "    library: Echo\n", "    library: Echo\n    trust: unsigned\n")
    try fixture.write()
    try row.change(fixture)
    let deployment = try Deployment.load(path: fixture.directory + "/plugins.yml", searchPath: [])
    #expect(deployment.plugin("echo")?.origin == .unsigned)
    #expect(
      deployment.plugin("storage")?.origin == .signed(by: ManifestFixture.key.publicKey, comment: "signed by a test")
    )
  }

  @Test func `no key is trusted that the host was not told of`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "  keys: [\(ManifestFixture.key.publicKey)]\n", "\n")
    let refusals = try fixture.messages()
    #expect(refusals.count == 3)
    #expect(
      refusals.first
        == "plugins.yml:12:14: plugins.echo.library: \(Self.library).minisig was made with key \(Self.id), "
        + "expected one of host.keys, of which there are none"
    )
  }

  @Test func `any of several keys will do`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "keys: [", "keys: [\(Self.stranger.publicKey), ")
    try fixture.write()
    try fixture.sign(Self.library, Self.stranger)
    let deployment = try Deployment.load(path: fixture.directory + "/plugins.yml", searchPath: [])
    #expect(
      deployment.plugin("echo")?.origin == .signed(by: Self.stranger.publicKey, comment: "signed by a test")
    )
  }

  @Test func `what came with the host needs no signature, if it is found by name and there`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let own = Products.directory + "/libEcho.so"
    let scope = { (name: String, path: [String]) throws(LibraryError) -> Bool in
      try LibrarySearch(directory: fixture.directory, path: path).find(name).isOwn
    }
    #expect(try scope("MessageIndexer", [Products.directory]))
    #expect(try scope("MessageIndexer", ["/nowhere", Products.directory + "/."]))
    // The deployment's own comes first, and any path is an operator's.
    #expect(try !scope("Echo", [Products.directory]))
    #expect(try !scope(own, [Products.directory]))
    #expect(try !scope("Echo", [fixture.directory + "/plugins.d"]))
  }

  @Test func `a signature is held against the bytes that were read, not those that came after`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let path = "\(fixture.directory)/\(Self.library)"
    let library = try LibraryFile(path: path)
    let bytes = try readFile(path, sizeMax: 1 << 20)
    try fixture.write("other", bytes + [0])
    let moved = unsafe rename("\(fixture.directory)/other", path)
    try #require(moved == 0)
    let signature = try Signature(path: "\(path).minisig")
    #expect(throws: Never.self) { try signature.verify(library.signedHash, by: [ManifestFixture.key.publicKey]) }
    #expect(library.digest == sha256(bytes))
    #expect(throws: SigningError.alteredFile(Self.id)) {
      try signature.verify(LibraryFile(path: path).signedHash, by: [ManifestFixture.key.publicKey])
    }
  }
}
