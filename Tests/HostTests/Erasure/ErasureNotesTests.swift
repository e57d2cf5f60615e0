import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// What an erasure that did not come to its end leaves for the next one.
@Suite struct ErasureNotesTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try #require(unsafe mkdir(directory.file("erasures"), 0o700) == 0)
  }

  private var person: Person {
    get throws { Person(try URN("urn:echo:user:demo:ann"), provider: "echo", tenant: "demo") }
  }

  private func load(_ notes: ErasureNotes) throws -> Person {
    var person = try person
    try notes.load(into: &person)
    return person
  }

  @Test func `the next run knows what the last one knew, until it is removed with whatever was left beside it`() throws
  {
    let notes = ErasureNotes("a1", in: directory.path)
    #expect(try load(notes).messages.isEmpty, "nobody wrote anything down")
    var known = try person
    known.insert(message: "m1", text: "the erased canary sings")
    try notes.save(known)
    #expect(try load(notes).messages == ["m1"])
    #expect(try load(notes).pieces == known.pieces)
    // What a power cut leaves of one that was being written, and what another erasure knows.
    try directory.write("erasures/a1.json.4711", [])
    try directory.write("erasures/a12.json", [])
    notes.remove()
    #expect(Directory.names(in: directory.file("erasures")) == ["a12.json"])
    #expect(try load(notes).messages.isEmpty)
  }

  @Test(arguments: ["", "{", "[]", #"{"texts":[]}"#, #"{"texts":[],"messages":1}"#])
  func `what cannot be read is said, and proves nothing`(text: String) throws {
    try directory.write("erasures/a1.json", Array(text.utf8))
    let error = #expect(throws: HostError.self) { try load(ErasureNotes("a1", in: directory.path)) }
    #expect(error?.description.contains("/erasures/a1.json: expected the texts and messages") == true)
  }

  @Test func `what cannot be opened is said`() throws {
    try directory.write("erasures/other.json", [])
    #expect(unsafe symlink("other.json", directory.file("erasures/a1.json")) == 0)
    let error = #expect(throws: HostError.self) { try load(ErasureNotes("a1", in: directory.path)) }
    #expect(error?.description.contains("/erasures/a1.json: open: ") == true)
  }
}
