internal import PluginABI

/// Libraries made byte by byte: as much of ELF as a linker writes for a note.
package enum ELFFixture {
  package static func library(notes: [UInt8], sectionType: UInt32 = 7) -> [UInt8] {
    var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    header += UInt16(3).littleEndianBytes + nativeMachine.littleEndianBytes + UInt32(1).littleEndianBytes
    header += UInt64(0).littleEndianBytes + UInt64(0).littleEndianBytes  // entry, program headers
    header += UInt64(64 + notes.count).littleEndianBytes + UInt32(0).littleEndianBytes
    for number in [64, 56, 0, 64, 2, 0] as [UInt16] { header += number.littleEndianBytes }
    let none = [UInt8](repeating: 0, count: 64)
    var section = UInt32(0).littleEndianBytes + sectionType.littleEndianBytes
    for number in [2, 64, 64, UInt64(notes.count), 0, 4, 0] as [UInt64] { section += number.littleEndianBytes }
    return header + notes + none + section
  }

  package static func note(
    owner: String = "Promethean",
    type: UInt32 = 1,
    abi: (UInt16, UInt16) = (UInt16(PROMETHEAN_ABI_MAJOR), UInt16(PROMETHEAN_ABI_MINOR)),
    manifest: [UInt8]
  ) -> [UInt8] {
    let name = Array(owner.utf8) + [0]
    let description = abi.0.littleEndianBytes + abi.1.littleEndianBytes + manifest
    return UInt32(name.count).littleEndianBytes + UInt32(description.count).littleEndianBytes + type.littleEndianBytes
      + padded(name) + padded(description)
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  #if arch(x86_64)
  package static let nativeMachine: UInt16 = 62
  package static let nativeName = "x86_64"
  #elseif arch(arm64)
  package static let nativeMachine: UInt16 = 183
  package static let nativeName = "aarch64"
  #endif
}

extension FixedWidthInteger {
  package var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> Self(8 * $0)) }
  }
}
