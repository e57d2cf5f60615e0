extension FileType {
  /// Whether a file of this type may be called by a media type, parameters and case aside.
  ///
  /// What is said without a claim is true, and so is a type that nobody knows here, of a file that is none of those
  /// which are known.
  package func isCalled(_ declared: String) -> Bool {
    let name = Self.essence(of: declared)
    if name.isEmpty || name == Self.other.rawValue || name == rawValue { return true }
    switch self {
    case .other: return !Self.known.contains(name)
    case .text: return Self.isTextual(name)
    case .zip: return Self.isZipped(name)
    default: return Self.names[self]?.contains(name) == true
    }
  }

  /// A media type without its parameters, in lower case.
  package static func essence(of declared: String) -> String {
    let name = declared.utf8.prefix { $0 != UInt8(ascii: ";") }
    return String(decoding: name.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self).lowercased()
  }

  /// Other names that are in use.
  private static let names: [FileType: Set<String>] = [
    .png: ["image/apng", "image/x-png"], .jpeg: ["image/jpg", "image/pjpeg"], .heic: ["image/heif"],
    .mp4: ["video/x-m4v", "video/3gpp", "video/3gpp2", "audio/mp4", "application/mp4", "video/quicktime"],
    .quicktime: ["video/mp4"], .webm: ["audio/webm", "video/x-matroska"],
    .matroska: ["audio/x-matroska", "video/webm"],
    .ogg: ["video/ogg", "application/ogg", "audio/opus", "audio/vorbis"], .mpegAudio: ["audio/mp3", "audio/x-mp3"],
    .mp4Audio: ["audio/x-m4a", "audio/m4a", "video/mp4"], .wav: ["audio/x-wav", "audio/wave", "audio/vnd.wave"],
    .flac: ["audio/x-flac"], .pdf: ["application/x-pdf"],
  ]

  /// All names of types that are told by their first bytes.
  private static let known: Set<String> = Set(
    allCases.filter { $0 != .other }.map(\.rawValue) + names.values.flatMap { $0 }
  )

  private static func isTextual(_ name: String) -> Bool {
    name.hasPrefix("text/") || name.hasSuffix("+xml") || name.hasSuffix("+json")
      || [
        "application/json", "application/xml", "application/javascript", "application/x-javascript",
        "application/yaml", "application/x-yaml", "application/toml", "application/sql", "application/x-sh",
        "application/x-ndjson",
      ].contains(name)
  }

  /// Documents that are archives.
  private static func isZipped(_ name: String) -> Bool {
    name.hasSuffix("+zip") || name.hasPrefix("application/vnd.openxmlformats-officedocument.")
      || name.hasPrefix("application/vnd.oasis.opendocument.")
      || [
        "application/x-zip-compressed", "application/x-zip", "application/java-archive",
        "application/vnd.android.package-archive", "application/x-xpinstall",
      ].contains(name)
  }
}
