import Glibc
import Signing
import TestSupport
import Testing

@testable import Host

/// What lies in the drop-in folder is read as data, whatever it is and whatever becomes of it meanwhile.
@Suite struct DropInFolderTests {
  private let fixture: DropInFixture
  private let old = DropInFixture.library("old")
  private let new = DropInFixture.library("newer")

  init() throws { fixture = try DropInFixture() }

  @Test func `a library is shown with what it is and requests`() throws {
    try fixture.write("libOld.so", old)
    let library = try #require(fixture.folder.look(at: "libOld.so")?.library)
    #expect(library.digest == sha256(old))
    #expect(library.id == "old" && library.kind == "worker" && library.version == "1.2.3")
    #expect(library.about == "Says old." && library.provider == nil)
    #expect(library.requests == ["subscribe promethean.p.*.t.*.events.Created", "clock"])
  }

  @Test func `it is said who has signed it`() throws {
    try fixture.write("a.so", old)
    func signed() throws -> DropIn.Signed { try #require(fixture.folder.look(at: "a.so")?.library).signature }
    func complaint() throws -> String? { if case .badly(let reason) = try signed() { reason } else { nil } }
    #expect(try signed() == .nobody)
    try fixture.sign("a.so")
    #expect(try signed() == .by(key: "\(ManifestFixture.key.publicKey)", comment: "signed by a test"))
    try fixture.sign("a.so", .generate())
    #expect(try complaint()?.contains("expected one of host.keys") == true)
    try fixture.sign("a.so")
    try fixture.overwrite("a.so", new)
    #expect(try complaint()?.contains("one of the two was altered") == true)
    try fixture.remove("a.so.minisig")
    #expect(unsafe mkfifo(fixture.directory.file("a.so.minisig"), 0o600) == 0)
    #expect(try complaint()?.contains("is not a minisign signature") == true)
  }

  @Test func `what a library requests is bounded`() throws {
    let topics = (0..<500).map { "{ topic: \"promethean.p.echo.t.demo.events.E\($0)\" }" }.joined(separator: ", ")
    let manifest =
      "agent: { id: a, kind: worker, version: 1.0.0, abi: 1.1, description: \(String(repeating: "x", count: 900)), inputs: [\(topics)] }"
    try fixture.write("a.so", ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8))))
    let library = try #require(fixture.folder.look(at: "a.so")?.library)
    #expect(library.requests.count == 33 && library.requests.last == "and 468 more")
    #expect(library.about?.count == 301)
    let key = String(repeating: "k", count: 1000)
    let wrong = "agent: { id: a, kind: worker, version: 1.0.0, abi: 1.1, \(key): 1 }"
    try fixture.write("a.so", ELFFixture.library(notes: ELFFixture.note(manifest: Array(wrong.utf8))))
    let reason = try #require(fixture.folder.look(at: "a.so")?.reason)
    #expect(reason.contains("kkk") && reason.count < 400)
  }

  // MARK: - While it changes

  @Test func `one whose place is taken while it is read is read again`() throws {
    try fixture.write("a.so", old)
    let found = try fixture.look("a.so") { _ in try fixture.replace("a.so", new) }
    #expect(found?.library?.digest == sha256(new) && found?.library?.id == "newer")
  }

  @Test func `one that is overwritten while it is read is read again`() throws {
    try fixture.write("a.so", old)
    let found = try fixture.look("a.so") { _ in try fixture.overwrite("a.so", new) }
    #expect(found?.library?.digest == sha256(new) && found?.library?.id == "newer")
  }

  @Test(arguments: [0, 3, 63, 64, 300])
  func `one that is cut short while it is read is no library`(length: Int) throws {
    let path = try fixture.write("a.so", old)
    let found = try fixture.look("a.so") { _ in unsafe truncate(path, length) }
    let reason = try #require(found?.reason)
    #expect(reason.contains("ELF") || reason.contains("truncated"), "\(reason)")
  }

  @Test func `one that is cut short behind all that makes it a library is what is left of it`() throws {
    let path = try fixture.write("a.so", old)
    let found = try fixture.look("a.so") { _ in unsafe truncate(path, 100_000) }
    #expect(found?.library?.digest == sha256(Array(old.prefix(100_000))))
  }

  @Test func `one that changes whenever it is read is given up until it is finished`() throws {
    try fixture.write("a.so", old)
    let found = try fixture.look("a.so", rounds: 100) { round in
      try fixture.replace("a.so", DropInFixture.library("r\(round)"))
    }
    #expect(found?.reason == "changes while it is read")
    #expect(fixture.folder.look(at: "a.so")?.library?.id.hasPrefix("r") == true)
  }

  @Test func `one that is removed while it is read is not there`() throws {
    try fixture.write("a.so", old)
    #expect(try fixture.look("a.so") { _ in unsafe unlink(fixture.directory.file("a.so")) } == nil)
    #expect(fixture.folder.look(at: "a.so") == nil)
  }

  @Test func `one that is being written is shown so, and as it is when it is closed`() throws {
    let path = try fixture.write("a.so", Array(old.prefix(old.count / 2)))
    let writer = unsafe open(path, O_WRONLY | O_APPEND)
    #expect(fixture.folder.look(at: "a.so")?.reason == "is being written")
    let rest = Array(old.dropFirst(old.count / 2))
    #expect(unsafe write(writer, rest, rest.count) == rest.count)
    close(writer)
    #expect(fixture.folder.look(at: "a.so")?.library?.digest == sha256(old))
  }

  @Test func `no part of a library is taken for one`() throws {
    let manifest = Array("agent: { id: a, kind: worker, version: 1.0.0, abi: 1.1 }".utf8)
    let whole = ELFFixture.library(notes: ELFFixture.note(manifest: manifest))
    for length in 0..<whole.count {
      try fixture.write("a.so", Array(whole.prefix(length)))
      let reason = try #require(fixture.folder.look(at: "a.so")?.reason, "of \(length) bytes")
      #expect(reason.contains("ELF") || reason.contains("truncated"), "of \(length) bytes: \(reason)")
    }
    try fixture.write("a.so", whole)
    #expect(fixture.folder.look(at: "a.so")?.library?.id == "a")
  }

  // MARK: - What is no library

  @Test(arguments: ["/etc/passwd", "loop.so", "real.so", "../real.so", "nothing"])
  func `a symbolic link is not followed`(target: String) throws {
    try fixture.write("real.so", old)
    #expect(unsafe symlink(target, fixture.directory.file("loop.so")) == 0)
    let found = try #require(fixture.folder.look(at: "loop.so"))
    #expect(found.isRefused && found.reason == "is a symbolic link, which is not followed; put the file itself here")
  }

  @Test func `a library that becomes a link between the looks at it is not opened`() throws {
    try fixture.write("real.so", old)
    let link = fixture.directory.file("link.so")
    #expect(unsafe symlink(fixture.directory.file("real.so"), link) == 0)
    #expect { try LibraryFile(path: link, LibraryFile.Terms(followsLinks: false)) } throws: {
      "\($0)".hasPrefix("cannot be opened")
    }
  }

  @Test func `a pipe, a directory and a socket are refused without waiting`() throws {
    #expect(unsafe mkfifo(fixture.directory.file("pipe.so"), 0o600) == 0)
    #expect(unsafe mkdir(fixture.directory.file("directory.so"), 0o700) == 0)
    for name in ["pipe.so", "directory.so"] {
      let found = try #require(fixture.folder.look(at: name))
      #expect(found.isRefused && found.reason == "is not a regular file")
    }
  }

  @Test func `a huge file is not read`() throws {
    let path = try fixture.write("a.so", [])
    #expect(unsafe truncate(path, 1 << 40) == 0)
    #expect(fixture.folder.look(at: "a.so")?.reason == "has 1099511627776 bytes, 268435456 are allowed")
  }

  @Test func `a file without its owner's leave to read it is shown as that`() throws {
    let path = try fixture.write("a.so", old)
    #expect(unsafe chmod(path, 0) == 0)
    let found = try #require(fixture.folder.look(at: "a.so"))
    // Root reads what it wants to.
    if geteuid() == 0 {
      #expect(found.library?.id == "old")
    } else {
      #expect(found.reason == "cannot be opened: Permission denied")
    }
  }

  @Test func `a manifest beside a library that is not the one inside is said to be wrong`() throws {
    try fixture.write("libOld.so", old)
    try fixture.write("Old.plugin.yml", Array("agent: { id: other }".utf8))
    let reason = try #require(fixture.folder.look(at: "libOld.so")?.reason)
    #expect(reason.hasSuffix("differs from the manifest inside libOld.so; build the library again"))
  }

  // MARK: - Names

  @Test func `a thousand libraries are looked at, and parts in the making are not`() throws {
    let small = DropInFixture.library("small", size: 0)
    for number in 0..<1000 { try fixture.write("lib\(number).so", small) }
    for name in [".so", ".lib.so", ".lib.so.Ab12", "lib.so.tmp", "lib.so~", "lib.o", "lib.so.minisig", "so"] {
      try fixture.write(name, small)
    }
    let names = fixture.folder.names()
    #expect(names.count == 1000)
    #expect(names.allSatisfy { fixture.folder.look(at: $0)?.library?.id == "small" })
  }

  @Test func `a signature or a manifest has the library beside it looked at`() {
    #expect(DropInFolder.libraries(meantBy: "libA.so") == ["libA.so"])
    #expect(DropInFolder.libraries(meantBy: "libA.so.minisig") == ["libA.so"])
    #expect(DropInFolder.libraries(meantBy: "A.plugin.yml") == ["libA.so", "A.so"])
    for name in ["A.txt", ".so", ".a.so", "a.minisig", ".minisig"] {
      #expect(DropInFolder.libraries(meantBy: name) == [])
    }
  }

  @Test func `a folder that is not there has nothing in it`() {
    #expect(DropInFolder(path: fixture.directory.file("no"), keys: []).names() == [])
    #expect(DropInFolder(path: fixture.directory.file("no"), keys: []).look(at: "a.so") == nil)
  }
}
