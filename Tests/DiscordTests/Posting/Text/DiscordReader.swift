import Foundation

/// Reads a message as Discord's clients do, by their own expressions, and says how each visible character is shown.
///
/// It is written the other way round than the plugin's: rule after rule at each place, looking nothing up.
struct DiscordReader {
  /// A character as a reader sees it.
  struct Shown: Hashable {
    let scalar: Unicode.Scalar
    /// `text`, `code`, or `block` with its language.
    let kind: String
    let isHidden: Bool
  }

  private(set) var shown: [Shown] = []

  private static func rule(_ pattern: String) -> NSRegularExpression {
    // A rule of this file that does not compile is seen at once.
    // swift-format-ignore: NeverUseForceTry
    try! NSRegularExpression(pattern: pattern, options: [.caseInsensitive])
  }

  private static let escape = rule(#"\\([^0-9A-Za-z\s])"#)
  private static let plain = rule(#"<https?:[^>\s]+>|\[[^\]\n]*\]\([^)\n]*\)+|https?://[^\s<]+"#)
  private static let block = rule(#"```(?:([a-z0-9_+\-.#]{1,32}?)\n)?\n*([^\n][\s\S]*?)\n*```"#)
  private static let inline = rule(#"(`+)([\s\S]*?[^`])\1(?!`)"#)
  private static let spoiler = rule(#"\|\|([\s\S]+?)\|\|"#)

  init(_ text: String) {
    read(text as NSString, isHidden: false)
  }

  private mutating func read(_ text: NSString, isHidden: Bool) {
    var place = 0
    func match(_ rule: NSRegularExpression) -> NSTextCheckingResult? {
      rule.firstMatch(
        in: text as String,
        options: .anchored,
        range: NSRange(location: place, length: text.length - place)
      )
    }
    while place < text.length {
      let mark = text.character(at: place)
      var found: NSTextCheckingResult?
      switch mark {
      case 0x5c:
        found = match(Self.escape)
        if let found { show(text.substring(with: found.range), "text", isHidden) }
      case 0x3c, 0x5b, 0x68, 0x48:
        found = match(Self.plain)
        if let found { show(text.substring(with: found.range), "text", isHidden) }
      case 0x60:
        found = match(Self.block)
        if let found {
          let language = found.range(at: 1)
          let name = language.location == NSNotFound ? "" : text.substring(with: language)
          show(text.substring(with: found.range(at: 2)), "block \(name)", isHidden)
        } else {
          found = match(Self.inline)
          guard let found else {
            var end = place
            while end < text.length, text.character(at: end) == 0x60 { end += 1 }
            let run = NSRange(location: place, length: end - place)
            show(text.substring(with: run), "text", isHidden)
            place = end
            continue
          }
          show(text.substring(with: found.range(at: 2)), "code", isHidden)
        }
      case 0x7c:
        found = match(Self.spoiler)
        if let found { read(text.substring(with: found.range(at: 1)) as NSString, isHidden: true) }
      default: break
      }
      if let found {
        place += found.range.length
      } else {
        let range = text.rangeOfComposedCharacterSequence(at: place)
        // By code point: marks are code points to the rules, whatever a reader sees as one.
        let size = (0xd800...0xdbff).contains(mark) && range.length > 1 ? 2 : 1
        show(text.substring(with: NSRange(location: place, length: size)), "text", isHidden)
        place += size
      }
    }
  }

  private mutating func show(_ text: String, _ kind: String, _ isHidden: Bool) {
    for scalar in text.unicodeScalars where !scalar.properties.isWhitespace {
      shown.append(Shown(scalar: scalar, kind: kind, isHidden: isHidden))
    }
  }
}
