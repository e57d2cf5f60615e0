internal import PluginABI

/// A section of a 64-bit little-endian ELF shared object for this machine.
struct ELFSection {
  var type: UInt32
  var offset: UInt64
  var size: UInt64

  /// SHT_NOTE.
  var isNote: Bool { type == 7 }

  /// More sections than any linker writes for a library without `-ffunction-sections` kept apart; bounds what is read.
  private static let countMax = 4096
  private static let headerSize = 64
  private static let entrySize = 64

  /// The sections of a library, after its header has been checked.
  static func all(of library: LibraryFile) throws(LibraryError) -> [ELFSection] {
    guard let magic = try library.bytes(at: 0, count: 4), magic == [0x7F] + Array("ELF".utf8) else {
      throw LibraryError("is not an ELF file")
    }
    guard let header = try library.bytes(at: 0, count: headerSize) else {
      throw LibraryError("is truncated: its header is cut")
    }
    try check(header)
    let (offset, entry, count) = (header.uint64(at: 40), Int(header.uint16(at: 58)), Int(header.uint16(at: 60)))
    guard count > 0, offset > 0 else {
      throw LibraryError("carries no sections, so no manifest; it was stripped too far")
    }
    guard entry == entrySize, count <= countMax else {
      throw LibraryError("has a broken ELF header: \(count) sections of \(entry) bytes")
    }
    guard let table = try library.bytes(at: offset, count: count * entrySize) else {
      throw LibraryError("is truncated: its table of sections lies beyond its end")
    }
    return stride(from: 0, to: table.count, by: entrySize).map { start in
      ELFSection(
        type: table.uint32(at: start + 4),
        offset: table.uint64(at: start + 24),
        size: table.uint64(at: start + 32)
      )
    }
  }

  private static func check(_ header: [UInt8]) throws(LibraryError) {
    guard header[4] == 2 else {
      throw LibraryError("is a \(header[4] == 1 ? "32-bit" : "broken") ELF file, expected 64-bit")
    }
    guard header[5] == 1 else { throw LibraryError("is a big-endian ELF file, expected little-endian") }
    let machine = header.uint16(at: 18)
    guard machine == nativeMachine else {
      throw LibraryError("is built for \(name(ofMachine: machine)), this machine is \(name(ofMachine: nativeMachine))")
    }
    guard header.uint16(at: 16) == 3 else { throw LibraryError("is not a shared object") }
  }

  #if arch(x86_64)
  private static let nativeMachine: UInt16 = 62
  #elseif arch(arm64)
  private static let nativeMachine: UInt16 = 183
  #elseif arch(riscv64)
  private static let nativeMachine: UInt16 = 243
  #endif

  private static func name(ofMachine machine: UInt16) -> String {
    switch machine {
    case 3: "x86"
    case 40: "arm"
    case 62: "x86_64"
    case 183: "aarch64"
    case 243: "riscv"
    default: "machine \(machine)"
    }
  }
}

/// One note of a section of notes.
struct ELFNote {
  var owner: [UInt8]
  var type: UInt32
  var description: ArraySlice<UInt8>

  var isManifest: Bool {
    owner == Array(PROMETHEAN_NOTE_OWNER.utf8) + [0] && type == UInt32(PROMETHEAN_NOTE_TYPE)
  }

  private static let headSize = 12

  static func all(in section: [UInt8]) throws(LibraryError) -> [ELFNote] {
    var notes: [ELFNote] = []
    var offset = 0
    while section.count - offset >= headSize {
      let ownerSize = Int(section.uint32(at: offset))
      let size = Int(section.uint32(at: offset + 4))
      let owner = offset + headSize
      let start = owner + ownerSize.aligned
      // Sizes are below 2^32 each, so these sums cannot overflow.
      guard start + size <= section.count else {
        throw LibraryError(
          "carries a truncated note: \(start + size - offset) bytes claimed, \(section.count - offset) there"
        )
      }
      notes.append(
        ELFNote(
          owner: Array(section[owner..<owner + ownerSize]),
          type: section.uint32(at: offset + 8),
          description: section[start..<start + size]
        )
      )
      offset = start + size.aligned
    }
    return notes
  }
}

extension Int {
  /// Rounded up to 4, as the parts of a note are.
  fileprivate var aligned: Int { (self + 3) & ~3 }
}

extension Collection<UInt8> where Index == Int {
  /// Little-endian numbers at a distance from the start, which the caller knows to be inside.
  func uint16(at offset: Int) -> UInt16 { UInt16(number(at: offset, size: 2)) }
  func uint32(at offset: Int) -> UInt32 { UInt32(number(at: offset, size: 4)) }
  func uint64(at offset: Int) -> UInt64 { number(at: offset, size: 8) }

  private func number(at offset: Int, size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(self[startIndex + offset + $1]) << UInt64(8 * $1) }
  }
}
