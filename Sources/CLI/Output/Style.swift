/// The colours of printed text, or none.
struct Style: Sendable {
  /// What a colour stands for; the numbers are ANSI's.
  enum Role: String, Sendable {
    case heading = "1"
    case faint = "2"
    case good = "32"
    case warning = "33"
    case bad = "31"
    case name = "36"
    case accent = "35"
  }

  let isColored: Bool

  static let plain = Style(isColored: false)

  /// The text in a colour, where there are colours.
  func callAsFunction(_ role: Role, _ text: String) -> String {
    isColored && !text.isEmpty ? "\u{1B}[\(role.rawValue)m\(text)\u{1B}[0m" : text
  }
}
