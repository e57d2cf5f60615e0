internal import YAML

/// The keys of one mapping while it is read: what is asked for is taken, what is left over is unknown.
final class ManifestFields {
  let value: ManifestValue
  private let entries: [YAMLEntry]
  private var known: [String] = []

  init(of value: ManifestValue, _ entries: [YAMLEntry]) {
    self.value = value
    self.entries = entries
  }

  /// The value of a key, if it is there.
  func optional(_ key: String) -> ManifestValue? {
    known.append(key)
    return entries.first { $0.key == key }.map { value.child($0.value, name(of: key)) }
  }

  /// The value of a key; reported when it is missing.
  func required(_ key: String) -> ManifestValue? {
    if let found = optional(key) { return found }
    value.report("\"\(key)\" is missing")
    return nil
  }

  func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  /// Where a key stands, or the mapping if it is absent.
  func location(of key: String) -> SourceLocation {
    entries.first { $0.key == key }.map { SourceLocation(file: value.file, mark: $0.keyMark) } ?? value.location
  }

  /// Lets the keys pass that nobody asked for.
  func acceptRest() {
    known += entries.map(\.key)
  }

  func reportUnknown() {
    for entry in entries where !known.contains(entry.key) {
      let place = SourceLocation(file: value.file, mark: entry.keyMark)
      let hint: String
      if let nearest = entry.key.nearest(in: known) {
        hint = "did you mean \"\(nearest)\"?"
      } else {
        hint = "expected \(known.spelledOut("or"))"
      }
      value.diagnostics.report(place, "\(name(of: entry.key)): unknown key; \(hint)")
    }
  }

  private func name(of key: String) -> String {
    value.name.isEmpty ? key : "\(value.name).\(key)"
  }
}
