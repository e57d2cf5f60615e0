import Foundation
import Glibc
import TestSupport

/// What root can see of a process from outside.
struct ProcessView {
  let pid: Int32

  /// A piece of a process's address space.
  struct Mapping {
    let bounds: Range<UInt64>
    let isReadable: Bool
    /// The file or the use of it; empty for memory that has none.
    let name: String

    init(_ line: Substring) {
      let words = line.split(separator: " ", maxSplits: 5)
      let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      bounds = ends[0]..<ends[1]
      isReadable = words[1].first == "r"
      name = words.count > 5 ? words[5].trimmingCharacters(in: .whitespaces) : ""
    }
  }

  /// Bytes that are read at once.
  private static let pieceSize = 1 << 20
  /// Bytes of one piece that are in the next one too: more than a needle has.
  private static let overlap = 4096
  /// Larger mappings are address space that a sanitizer has set aside.
  private static let mappingMax = 1 << 28

  /// The processes that one has started.
  static func children(of pid: Int32) throws -> [Self] {
    // By whichever of its threads.
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").flatMap { thread in
      let text = String(decoding: try FileBytes.read("/proc/\(pid)/task/\(thread)/children"), as: UTF8.self)
      return text.split(separator: " ").compactMap { Int32($0) }.map { Self(pid: $0) }
    }
  }

  /// What `/proc` shows in one of its files.
  func file(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "/proc/\(pid)/\(name)"))) }

  /// How many descriptors it has open.
  var descriptorCount: Int {
    get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count }
  }

  /// What is where in its address space.
  var mappings: [Mapping] {
    get throws { String(decoding: try file("maps"), as: UTF8.self).split(separator: "\n").map(Mapping.init) }
  }

  /// Whether the beginning of a mapping can be read.
  func canRead(_ mapping: Mapping) -> Bool {
    let memory = unsafe open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
    guard memory >= 0 else { return false }
    defer { close(memory) }
    var byte: UInt8 = 0
    return unsafe pread(memory, &byte, 1, off_t(mapping.bounds.lowerBound)) == 1
  }

  /// Looks through all memory that can be read.
  ///
  /// - Returns: What was found, and in which mapping; nil if the memory cannot be read at all.
  func search(_ needles: Needles) -> Set<String>? {
    let memory = unsafe open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
    guard memory >= 0, let mappings = try? mappings else { return nil }
    defer { close(memory) }
    var found: Set<String> = []
    for mapping in mappings where mapping.isReadable && mapping.bounds.count < Self.mappingMax {
      found.formUnion(Self.search(mapping.bounds, of: memory, needles).map { "\($0) in \(mapping.name)" })
    }
    return found
  }

  /// Looks through a piece of memory, a piece of that after the other.
  private static func search(_ bounds: Range<UInt64>, of memory: Int32, _ needles: Needles) -> Set<String> {
    let piece = UnsafeMutableRawPointer.allocate(byteCount: pieceSize, alignment: 16)
    defer { unsafe piece.deallocate() }
    var found: Set<String> = []
    var at = bounds.lowerBound
    while at < bounds.upperBound {
      let count = unsafe pread(memory, piece, min(pieceSize, Int(bounds.upperBound - at)), off_t(at))
      guard count > 0 else { break }
      let bytes = unsafe UnsafeRawBufferPointer(start: piece, count: count)
      // Most of it is empty.
      let isEmpty = unsafe bytes[0] == 0 && memcmp(piece, piece + 1, count - 1) == 0
      if !isEmpty { unsafe found.formUnion(needles.found(in: bytes)) }
      guard count > overlap, at + UInt64(count) < bounds.upperBound else { break }
      at += UInt64(count - overlap)
    }
    return found
  }
}
