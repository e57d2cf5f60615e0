/// Text as a terminal shows it, in cells of a fixed width.
enum Cells {
  /// The number of cells that a character takes.
  ///
  /// The wide ranges are the East Asian and pictographic blocks; a character drawn with joined marks counts as its
  /// base.
  static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  /// The beginning of the text, in at most `width` cells, its last an ellipsis if anything is left out.
  static func cut(_ text: String, to width: Int) -> String {
    guard Cells.width(text) > width else { return text }
    var result = ""
    var used = 0
    for character in text {
      let next = Cells.width(character)
      if used + next > width - 1 { break }
      result.append(character)
      used += next
    }
    return width > 0 ? result + "…" : ""
  }

  static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - Cells.width(text)))
  }

  /// The text as one line that a terminal prints and does not obey.
  ///
  /// What strangers wrote is printed here, so a control character, also one that turns the direction of writing,
  /// becomes a visible mark.
  static func printable(_ text: String) -> String {
    var result = ""
    for character in text {
      if character.isNewline || character == "\t" {
        result.append(" ")
        continue
      }
      for scalar in character.unicodeScalars {
        result.unicodeScalars.append(isObeyed(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }

  private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || (0x202A...0x202E).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
  ]
}
