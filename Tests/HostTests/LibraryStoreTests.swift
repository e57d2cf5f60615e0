import TestSupport
import Testing

@testable import Host

@Suite struct LibraryStoreTests {
  private let directory: TemporaryDirectory
  private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  init() throws { directory = try TemporaryDirectory() }

  private func library() throws -> LibraryFile {
    try LibraryFile(path: directory.write("libA.so", bytes))
  }

  @Test func `a library is copied whole, under its digest`() throws {
    let library = try library()
    var store = LibraryStore(directory: directory.file("store"))
    let copy = try store.copy(of: library)
    #expect(copy.path == "\(directory.file("store"))/\(library.digest).so")
    #expect(try directory.read("store/\(library.digest).so") == bytes)
  }

  @Test func `what becomes of the file does not touch the copy`() throws {
    let library = try library()
    var store = LibraryStore(directory: directory.file("store"))
    let copy = try store.copy(of: library)
    _ = try directory.write("libA.so", [1, 2, 3])
    #expect(try store.copy(of: library).path == copy.path)
    #expect(try directory.read("store/\(library.digest).so") == bytes)
  }

  @Test func `a copy that was damaged is made again`() throws {
    let library = try library()
    var before = LibraryStore(directory: directory.file("store"))
    _ = try before.copy(of: library)
    _ = try directory.write("store/\(library.digest).so", [0])
    var after = LibraryStore(directory: directory.file("store"))
    #expect(try after.copy(of: library).digest == library.digest)
    #expect(try directory.read("store/\(library.digest).so") == bytes)
  }

  @Test func `a file that changed since it was hashed is refused`() throws {
    let library = try library()
    _ = try directory.write("libA.so", bytes.reversed())
    var store = LibraryStore(directory: directory.file("store"))
    #expect(throws: HostError.self) { try store.copy(of: library) }
  }
}
