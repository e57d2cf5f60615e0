import Glibc
import Signing
import TestSupport
import Testing

@testable import Host

/// A drop-in folder, and what is done to it.
final class DropInFixture {
  let directory: TemporaryDirectory
  var folder: DropInFolder { DropInFolder(path: directory.path, keys: [ManifestFixture.key.publicKey]) }

  init() throws { directory = try TemporaryDirectory() }

  /// The bytes of a library with the manifest of a worker, of several blocks.
  static func library(_ id: String, size: Int = 200_000) -> [UInt8] {
    let manifest = """
      agent:
        id: \(id)
        kind: worker
        version: 1.2.3
        abi: 1.1
        description: Says \(id).
        inputs: [{ topic: "promethean.p.*.t.*.events.Created" }]
        capabilities: [clock]
      """
    let padding = ELFFixture.note(owner: "Other", type: 9, manifest: [])
    let note = ELFFixture.note(manifest: Array(manifest.utf8)) + padding
    // What follows the table of sections belongs to no section.
    return ELFFixture.library(notes: note) + [UInt8](repeating: UInt8(id.utf8.count), count: size)
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String { try directory.write(name, bytes) }

  /// Puts a finished file in the place of another.
  func replace(_ name: String, _ bytes: [UInt8]) throws {
    let beside = try directory.write(".\(name).beside", bytes)
    let renamed = unsafe rename(beside, directory.file(name))
    try #require(renamed == 0)
  }

  /// Writes a file anew where it is, as `cp` does.
  func overwrite(_ name: String, _ bytes: [UInt8]) throws {
    let file = unsafe open(directory.file(name), O_WRONLY | O_TRUNC)
    try #require(file >= 0)
    defer { close(file) }
    let written = unsafe Glibc.write(file, bytes, bytes.count)
    try #require(written == bytes.count)
  }

  func remove(_ name: String) throws {
    let removed = unsafe unlink(directory.file(name))
    try #require(removed == 0)
  }

  /// Signs a file.
  func sign(_ name: String, _ key: SecretKey = ManifestFixture.key) throws {
    let signature = try key.sign(FileHash(path: directory.file(name)), comment: "signed by a test")
    try write("\(name).minisig", Array(signature.fileText.utf8))
  }

  /// Looks at a file while something is done to it.
  ///
  /// - Parameters:
  ///   - name: The file.
  ///   - rounds: How many times it is done.
  ///   - change: Done before the second block is read, with how often it was.
  /// - Returns: What was found.
  /// - Throws: What `change` throws.
  func look(_ name: String, rounds: Int = 1, _ change: @escaping (Int) throws -> Void) throws -> DropIn? {
    let state = Rounds()
    var folder = folder
    folder.step = { _, offset in
      guard offset == LibraryHashes.blockSize, state.count < rounds else { return }
      state.count += 1
      do { try state.change?(state.count) } catch { state.error = error }
    }
    state.change = change
    let found = folder.look(at: name)
    if let error = state.error { throw error }
    return found
  }

  /// Of the thread that looks alone.
  @safe private final class Rounds: @unchecked Sendable {
    var count = 0
    var change: ((Int) throws -> Void)?
    var error: (any Error)?
  }
}

extension DropIn {
  var library: Library? { if case .library(let library) = content { library } else { nil } }

  /// Why it is none.
  var reason: String? {
    switch content {
    case .library: nil
    case .unreadable(let reason), .refused(let reason): reason
    }
  }

  var isRefused: Bool { if case .refused = content { true } else { false } }
}
