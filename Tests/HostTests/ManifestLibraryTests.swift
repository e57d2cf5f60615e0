import Glibc
import TestSupport
import Testing

@testable import Host

/// What is done to a library, and what is said of it.
struct BrokenLibrary: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var damage: @Sendable (inout [UInt8]) -> Void
  /// What follows `plugins.yml:12:14: plugins.echo.library: plugins.d/libEcho.so `.
  var message: String

  init(_ what: String, _ message: String, _ damage: @escaping @Sendable (inout [UInt8]) -> Void) {
    (testDescription, self.message, self.damage) = (what, message, damage)
  }

  private static let manifest = Array(ManifestFixture.echo.utf8)
  private static let noManifest = "carries no manifest (no note of Promethean); is it a plugin?"

  private static func notes(_ notes: [UInt8]...) -> @Sendable (inout [UInt8]) -> Void {
    { $0 = ELFFixture.library(notes: notes.flatMap(\.self)) }
  }

  static let all = [
    BrokenLibrary("empty", "is not an ELF file") { $0 = [] },
    BrokenLibrary("a text", "is not an ELF file") { $0 = Array("#!/bin/sh\n".utf8) },
    BrokenLibrary("cut in its header", "is truncated: its header is cut") { $0 = Array($0.prefix(63)) },
    BrokenLibrary("32-bit", "is a 32-bit ELF file, expected 64-bit") { $0[4] = 1 },
    BrokenLibrary("big-endian", "is a big-endian ELF file, expected little-endian") { $0[5] = 2 },
    BrokenLibrary("for another machine", "is built for riscv, this machine is \(ELFFixture.nativeName)") {
      $0[18] = 243
    },
    BrokenLibrary("for a machine without a name", "is built for machine 2, this machine is \(ELFFixture.nativeName)") {
      ($0[18], $0[19]) = (2, 0)
    },
    BrokenLibrary("an object file", "is not a shared object") { $0[16] = 1 },
    BrokenLibrary("without sections", "carries no sections, so no manifest; it was stripped too far") { $0[60] = 0 },
    BrokenLibrary("with sections of another size", "has a broken ELF header: 2 sections of 63 bytes") { $0[58] = 63 },
    BrokenLibrary("with too many sections", "has a broken ELF header: 65282 sections of 64 bytes") { $0[61] = 255 },
    BrokenLibrary("cut in its table", "is truncated: its table of sections lies beyond its end") { $0.removeLast() },
    BrokenLibrary("with a table beyond all", "is truncated: its table of sections lies beyond its end") {
      $0.replaceSubrange(40..<48, with: [UInt8](repeating: 255, count: 8))
    },
    BrokenLibrary("without a note", noManifest) { $0 = ELFFixture.library(notes: [], sectionType: 1) },
    BrokenLibrary("with another's note", noManifest, notes(ELFFixture.note(owner: "GNU", manifest: manifest))),
    BrokenLibrary("with another type of note", noManifest, notes(ELFFixture.note(type: 2, manifest: manifest))),
    BrokenLibrary(
      "with two notes",
      "carries two manifests",
      notes(ELFFixture.note(manifest: manifest), ELFFixture.note(manifest: manifest))
    ),
    BrokenLibrary("with an empty note", "carries an empty manifest", notes(ELFFixture.note(manifest: []))),
    BrokenLibrary("with a note cut short", "carries a truncated note: 4294967319 bytes claimed, 28 there") {
      var note = ELFFixture.note(manifest: [])
      note.replaceSubrange(4..<8, with: [255, 255, 255, 255])
      $0 = ELFFixture.library(notes: note)
    },
    BrokenLibrary("with an owner beyond all", "carries a truncated note: 4294967312 bytes claimed, 28 there") {
      var note = ELFFixture.note(manifest: [])
      note.replaceSubrange(0..<4, with: [255, 255, 255, 255])
      $0 = ELFFixture.library(notes: note)
    },
    BrokenLibrary("with its note beyond its end", "is truncated: a note lies beyond its end") {
      // The offset of the second section, whose header ends the file.
      $0[$0.count - 64 + 24 + 5] = 1
    },
    BrokenLibrary(
      "with a large manifest",
      "carries a manifest of 65537 bytes, 65536 are allowed",
      notes(ELFFixture.note(manifest: [UInt8](repeating: 10, count: 65537)))
    ),
    BrokenLibrary(
      "with a huge note",
      "carries a note of 100028 bytes, 65536 are allowed",
      notes(ELFFixture.note(manifest: [UInt8](repeating: 10, count: 100_000)))
    ),
    BrokenLibrary(
      "for the next minor of the ABI",
      "was built against ABI 1.2, this host runs 1.0 to 1.1; use a host or a plugin that matches",
      notes(ELFFixture.note(abi: (1, 2), manifest: manifest))
    ),
    BrokenLibrary(
      "for another ABI",
      "was built against ABI 2.0, this host runs 1.0 to 1.1; use a host or a plugin that matches",
      notes(ELFFixture.note(abi: (2, 0), manifest: manifest))
    ),
  ]
}

@Suite struct ManifestLibraryTests {
  @Test(arguments: BrokenLibrary.all)
  func `a broken library is refused, exactly`(row: BrokenLibrary) throws {
    let fixture = try ManifestFixture()
    fixture.damage["Echo"] = row.damage
    #expect(
      try fixture.messages() == ["plugins.yml:12:14: plugins.echo.library: plugins.d/libEcho.so \(row.message)"]
    )
  }

  @Test func `a library that is not there is named with the places that were searched`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "library: Echo", "library: Ecco")
    #expect(
      try fixture.messages() == [
        "plugins.yml:12:14: plugins.echo.library: found no libEcco.so or Ecco.so in plugins.d"
      ]
    )
    fixture.edit("plugins.yml", "library: Ecco", "library: ./libEcco.so")
    #expect(
      try fixture.messages() == [
        "plugins.yml:12:14: plugins.echo.library: ./libEcco.so cannot be opened: No such file or directory"
      ]
    )
  }

  @Test func `a directory or a pipe is no library`() throws {
    let fixture = try ManifestFixture()
    fixture.edit("plugins.yml", "library: Echo", "library: ./pipe")
    fixture.edit("plugins.yml", "library: Indexer", "library: ./plugins.d")
    let made = unsafe mkfifo(fixture.directory + "/pipe", 0o600)
    #expect(made == 0)
    #expect(
      try fixture.messages() == [
        "plugins.yml:12:14: plugins.echo.library: ./pipe is not a regular file",
        "plugins.yml:28:14: plugins.indexer.library: ./plugins.d is not a regular file",
      ]
    )
  }

  @Test func `other notes before the manifest's are passed over`() throws {
    let fixture = try ManifestFixture()
    fixture.damage["Echo"] = {
      let note = ELFFixture.note(manifest: Array(ManifestFixture.echo.utf8))
      $0 = ELFFixture.library(notes: ELFFixture.note(owner: "GNU", manifest: [1, 2, 3]) + note)
    }
    #expect(try fixture.messages() == [])
  }

  @Test func `a manifest beside the library that is another is refused`() throws {
    let fixture = try ManifestFixture()
    fixture.files["plugins.d/Echo.plugin.yml"] = ManifestFixture.echo
    #expect(try fixture.messages() == [])
    fixture.edit("plugins.d/Echo.plugin.yml", "version: 0.1.0", "version: 0.2.0")
    #expect(
      try fixture.messages() == [
        "plugins.d/Echo.plugin.yml:5:14: differs from the manifest inside libEcho.so; build the library again"
      ]
    )
  }

  @Test func `every cut of a library is refused and none is a trap`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let path = fixture.directory + "/plugins.d/libEcho.so"
    let whole = try readFile(path, sizeMax: 1 << 20)
    for length in stride(from: 0, to: whole.count, by: 7) {
      try fixture.write("plugins.d/libEcho.so", Array(whole.prefix(length)))
      #expect(throws: LibraryError.self) { _ = try ManifestNote.read(from: LibraryFile(path: path)) }
    }
  }

  @Test func `no byte of the headers makes reading trap`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let path = fixture.directory + "/plugins.d/libEcho.so"
    let whole = try readFile(path, sizeMax: 1 << 20)
    for index in Array(0..<64) + Array(whole.count - 64..<whole.count) {
      for byte in [128, 255] as [UInt8] {
        var broken = whole
        broken[index] = byte
        try fixture.write("plugins.d/libEcho.so", broken)
        if let note = try? ManifestNote.read(from: LibraryFile(path: path)) { #expect(note.manifest.count <= 65536) }
      }
    }
  }

  @Test func `a library from a compiler is read and its constructor never runs`() throws {
    let fixture = try ManifestFixture()
    try fixture.write()
    let (library, witness) = (fixture.directory + "/plugins.d/libEcho.so", fixture.directory + "/ran")
    try compile(constructorThatCreates: witness, to: library, in: fixture)
    try fixture.sign("plugins.d/libEcho.so")
    let (deployment, diagnostics) = Deployment.read(path: fixture.directory + "/plugins.yml", searchPath: [])
    #expect(diagnostics.map(\.description) == [])
    #expect(deployment?.plugin("echo")?.manifest.provider == "echo")
    #expect(!exists(witness))
    #expect(try mappedFiles().filter { $0.hasPrefix(fixture.directory) } == [])
    // The constructor is there, and this process would have run it.
    let handle = try unsafe #require(unsafe dlopen(library, RTLD_NOW))
    defer { unsafe dlclose(handle) }
    #expect(exists(witness))
    #expect(try mappedFiles().contains(library))
    // The fixture's directory goes with it, and with that the name in the map.
    withExtendedLifetime(fixture) {}
  }

  private func exists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
  }

  private func compile(constructorThatCreates witness: String, to library: String, in fixture: ManifestFixture) throws {
    let source = """
      #include <fcntl.h>
      #include <promethean/note.h>
      PROMETHEAN_NOTE_FILE("\(fixture.directory)/plugin.yml")
      __attribute__((constructor)) static void run(void) { open("\(witness)", O_CREAT | O_WRONLY, 0600); }
      """
    try fixture.write("plugin.c", Array(source.utf8))
    try fixture.write("plugin.yml", Array(ManifestFixture.echo.utf8))
    let headers = ManifestFixture.repository + "/Sources/PluginABI/include"
    let status = unsafe system("clang -shared -fPIC -I '\(headers)' '\(fixture.directory)/plugin.c' -o '\(library)'")
    try #require(status == 0)
  }
}
