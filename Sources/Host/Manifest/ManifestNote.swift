internal import PluginABI

/// The manifest that a plugin's library carries in an ELF note, with the ABI it was built against.
///
/// The library is read as data and never mapped: none of its code runs, not even a constructor. Every number in the
/// file is a claim that is checked against the file's size before it is used, and what is read is bounded.
struct ManifestNote {
  var abi: ABIVersion
  /// plugin.yml, byte for byte.
  var manifest: [UInt8]

  /// The largest section of notes, in bytes: a manifest and what stands around it.
  ///
  /// Those of others are small; a larger one is a lie.
  private static let sectionMax = UInt64(PROMETHEAN_NOTE_MAX) + 64

  static func read(from library: LibraryFile) throws(LibraryError) -> ManifestNote {
    var found: ManifestNote?
    for section in try ELFSection.all(of: library) where section.isNote {
      guard section.size <= sectionMax else {
        throw LibraryError("carries a note of \(section.size) bytes, \(PROMETHEAN_NOTE_MAX) are allowed")
      }
      guard let bytes = try library.bytes(at: section.offset, count: Int(section.size)) else {
        throw LibraryError("is truncated: a note lies beyond its end")
      }
      for note in try ELFNote.all(in: bytes) where note.isManifest {
        guard found == nil else { throw LibraryError("carries two manifests") }
        found = try ManifestNote(note)
      }
    }
    guard let found else {
      throw LibraryError("carries no manifest (no note of \(PROMETHEAN_NOTE_OWNER)); is it a plugin?")
    }
    return found
  }
}

extension ManifestNote {
  private init(_ note: ELFNote) throws(LibraryError) {
    guard note.description.count > 4 else { throw LibraryError("carries an empty manifest") }
    guard note.description.count - 4 <= Int(PROMETHEAN_NOTE_MAX) else {
      throw LibraryError(
        "carries a manifest of \(note.description.count - 4) bytes, \(PROMETHEAN_NOTE_MAX) are allowed"
      )
    }
    abi = ABIVersion(major: note.description.uint16(at: 0), minor: note.description.uint16(at: 2))
    manifest = Array(note.description.dropFirst(4))
    guard abi.runsHere else {
      throw LibraryError(
        "was built against ABI \(abi), this host runs \(ABIVersion.hosted); use a host or a plugin that matches"
      )
    }
  }
}

/// A version of the plugin ABI, as in `abi: 1.1`.
package struct ABIVersion: Sendable, Hashable, CustomStringConvertible {
  package var major: UInt16
  package var minor: UInt16

  package static let host = ABIVersion(major: UInt16(PROMETHEAN_ABI_MAJOR), minor: UInt16(PROMETHEAN_ABI_MINOR))

  /// Those that this host runs, in words.
  static var hosted: String { host.minor == 0 ? "\(host)" : "\(host.major).0 to \(host)" }

  package init(major: UInt16, minor: UInt16) {
    self.major = major
    self.minor = minor
  }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = UInt16(parts[0]), let minor = UInt16(parts[1]) else { return nil }
    self.init(major: major, minor: minor)
  }

  /// Whether this host runs such a plugin: the same major version, and no minor version above its own.
  package var runsHere: Bool { major == Self.host.major && minor <= Self.host.minor }

  package var description: String { "\(major).\(minor)" }
}
