import Glibc
import TestSupport
import Testing

@testable import Host

/// All that is read of a library is of the bytes that were hashed, whatever becomes of the file meanwhile.
@Suite struct LibraryFileTests {
  private let directory: TemporaryDirectory
  private let path: String
  /// Three blocks and a bit.
  private let bytes = (0..<3 * LibraryHashes.blockSize + 100).map { UInt8(truncatingIfNeeded: $0 / 251 &* 31 &+ $0) }

  init() throws {
    directory = try TemporaryDirectory()
    path = try directory.write("libA.so", bytes)
  }

  /// Overwrites a byte where it is.
  private func overwrite(at offset: Int, with byte: UInt8) {
    let file = unsafe open(path, O_WRONLY)
    defer { close(file) }
    let written = unsafe withUnsafeBytes(of: byte) { unsafe pwrite(file, $0.baseAddress, 1, offset) }
    #expect(written == 1)
  }

  /// What is said of the file when `change` happens before its third block is read.
  private func refusal(_ change: @escaping () -> Void) throws -> String? {
    let terms = LibraryFile.Terms(step: { if $0 == 2 * LibraryHashes.blockSize { change() } })
    do {
      _ = try LibraryFile(path: path, terms)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `any part of it is read, across blocks too`() throws {
    let library = try LibraryFile(path: path)
    let size = LibraryHashes.blockSize
    for range in [0..<1, size - 3..<size + 3, 10..<3 * size + 99, bytes.count - 1..<bytes.count, 5..<5] {
      #expect(try library.bytes(at: UInt64(range.lowerBound), count: range.count) == Array(bytes[range]))
    }
    #expect(try library.bytes(at: UInt64(bytes.count), count: 1) == nil)
    #expect(try library.bytes(at: .max, count: 1) == nil)
  }

  @Test func `one that is cut short while it is read is refused, and harms nobody`() throws {
    #expect(try refusal { unsafe truncate(path, 70_000) } == "was cut short while it was read")
  }

  @Test func `one whose place is taken while it is read is still the one that was opened`() throws {
    let before = try LibraryFile(path: path).digest
    let beside = try directory.write("beside", bytes.reversed())
    let terms = LibraryFile.Terms(step: { _ in unsafe rename(beside, path) })
    #expect(try LibraryFile(path: path, terms).digest == before)
    #expect(try LibraryFile(path: path).digest == sha256(bytes.reversed()))
  }

  @Test func `what was overwritten after it was hashed is not read, and the rest is`() throws {
    let library = try LibraryFile(path: path)
    overwrite(at: LibraryHashes.blockSize + 7, with: bytes[LibraryHashes.blockSize + 7] &+ 1)
    #expect { try library.bytes(at: UInt64(LibraryHashes.blockSize), count: 4) } throws: {
      "\($0)" == "was changed while it was read"
    }
    #expect(try library.bytes(at: 0, count: 4) == Array(bytes[..<4]))
    unsafe truncate(path, 10)
    #expect { try library.bytes(at: 0, count: 4) } throws: { "\($0)" == "was cut short while it was read" }
  }

  @Test func `one that somebody has open for writing is not finished, until it is closed`() throws {
    let terms = LibraryFile.Terms(isFinished: true)
    let writer = unsafe open(path, O_WRONLY)
    #expect { try LibraryFile(path: path, terms) } throws: { "\($0)" == "is being written" }
    #expect(try LibraryFile(path: path).digest == sha256(bytes), "where that is not asked")
    close(writer)
    #expect(try LibraryFile(path: path, terms).digest == sha256(bytes))
  }

  @Test func `one that is opened for writing while it is read is not finished`() throws {
    var writer: Int32 = -1
    let terms = LibraryFile.Terms(isFinished: true) { if $0 == 0 { writer = unsafe open(path, O_WRONLY) } }
    #expect { try LibraryFile(path: path, terms) } throws: { "\($0)" == "is being written" }
    close(writer)
  }

  @Test func `a pipe, a directory and a device are refused without waiting`() throws {
    let pipe = directory.file("pipe.so")
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    for path in [pipe, directory.path, "/dev/zero"] {
      #expect { try LibraryFile(path: path) } throws: { "\($0)" == "is not a regular file" }
    }
  }
}
