import PluginABI
import TestSupport

@testable import Host

/// A manifest is found in a library's note, or it is said why there is none.
enum LibraryFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    guard let note = try read(bytes) else { return }
    try hold(note.manifest.count <= Int(PROMETHEAN_NOTE_MAX), "a manifest of \(note.manifest.count) bytes")
    try hold(note.abi.runsHere, "a manifest for the ABI \(note.abi)")
    let abi = (note.abi.major, note.abi.minor)
    let again = try read(ELFFixture.library(notes: ELFFixture.note(abi: abi, manifest: note.manifest)))
    try hold(again?.manifest == note.manifest, "a manifest that is read as another")
  }

  private static func read(_ bytes: [UInt8]) throws -> ManifestNote? {
    let path = try FuzzFiles.write("library.so", bytes)
    do throws(LibraryError) {
      return try ManifestNote.read(from: LibraryFile(path: path))
    } catch {
      try hold(!error.description.isEmpty, "a refusal without words")
      return nil
    }
  }
}
