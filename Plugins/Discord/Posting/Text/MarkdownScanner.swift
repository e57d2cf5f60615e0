/// Finds in a text what belongs together, by the rules of Discord's own clients.
///
/// Its time is about proportional to the text's length, whatever the text: where a mark's partner would be is looked
/// up.
struct MarkdownScanner {
  /// What is not to be cut.
  private(set) var atoms: [Range<Int>] = []
  /// What may be cut if it is closed and opened again; what contains another comes before it.
  private(set) var containers: [MarkdownMap.Container] = []

  private let scalars: [Unicode.Scalar]
  /// What is longer is no atom.
  private let sizeMax: Int
  /// Where three backticks begin, and where two bars do.
  private let fences: [Int]
  private let bars: [Int]
  /// Where a run of backticks begins, by its length.
  private let runs: [Int: [Int]]
  /// Where a link's text meets its address, where that may end, and where lines do.
  private let joints: [Int]
  private let ends: [Int]
  private let breaks: [Int]

  /// The longest name of a code block's language that is kept: more is content.
  private static let languageMax = 32
  /// The longest mention, emoji or time: `<a:name:id>` with a name of 32.
  private static let mentionMax = 100
  /// The longest run of backticks that is written again around a cut.
  private static let runMax = 24

  init(_ scalars: [Unicode.Scalar], sizeMax: Int) {
    self.scalars = scalars
    self.sizeMax = sizeMax
    func starts(_ mark: [Unicode.Scalar]) -> [Int] {
      scalars.indices.filter { scalars[$0] == mark[0] && scalars[$0...].starts(with: mark) }
    }
    fences = starts(["`", "`", "`"])
    bars = starts(["|", "|"])
    joints = starts(["]", "("])
    ends = starts([")"])
    breaks = starts(["\n"])
    var runs: [Int: [Int]] = [:]
    for index in scalars.indices where scalars[index] == "`" && (index == 0 || scalars[index - 1] != "`") {
      runs[scalars[index...].prefix { $0 == "`" }.count, default: []].append(index)
    }
    self.runs = runs
  }

  /// Reads a range, in a container or none.
  mutating func scan(_ range: Range<Int>, in parent: Int?) {
    var index = range.lowerBound
    while index < range.upperBound {
      let rest = index..<range.upperBound
      switch scalars[index] {
      case "\\": index = escape(rest)
      case "`": index = code(rest, parent)
      case "|": index = spoiler(rest, parent)
      case "<": index = mention(rest)
      case "[": index = link(rest)
      case "h", "H": index = address(rest)
      default: index += 1
      }
    }
  }

  private mutating func keep(_ range: Range<Int>) -> Int {
    if range.count <= sizeMax { atoms.append(range) }
    return range.upperBound
  }

  private mutating func escape(_ rest: Range<Int>) -> Int {
    let next = rest.count > 1 ? scalars[rest.lowerBound + 1] : " "
    guard !next.properties.isWhitespace, !next.properties.isAlphabetic, next.properties.numericType == nil else {
      return rest.lowerBound + 1
    }
    return keep(rest.lowerBound..<(rest.lowerBound + 2))
  }

  /// A code block, else inline code, else backticks.
  private mutating func code(_ rest: Range<Int>, _ parent: Int?) -> Int {
    if let end = block(rest, parent) { return end }
    let start = rest.lowerBound
    let size = scalars[rest].prefix { $0 == "`" }.count
    for length in runs.keys.filter({ $0 <= size }).sorted(by: >) {
      guard let close = Self.first(runs[length] ?? [], from: start + size), close + length <= rest.upperBound else {
        continue
      }
      let range = start..<(close + length)
      if range.count > sizeMax, length <= Self.runMax {
        let mark = String(repeating: "`", count: length)
        let inner = (start + length)..<close
        containers.append(
          .init(range: range, inner: inner, mark: mark, opening: mark, isBlock: false, isCode: true, parent: parent)
        )
        return range.upperBound
      }
      return keep(range)
    }
    return keep(start..<(start + size))
  }

  /// Three backticks, perhaps a language and a new line, something, and the next three.
  private mutating func block(_ rest: Range<Int>, _ parent: Int?) -> Int? {
    let start = rest.lowerBound
    guard scalars[rest].starts(with: ["`", "`", "`"]) else { return nil }
    let name = scalars[(start + 3)..<rest.upperBound].prefix(Self.languageMax + 1).prefix(while: Self.isOfLanguage)
    let isNamed = name.endIndex < rest.upperBound && scalars[name.endIndex] == "\n" && name.count <= Self.languageMax
    let inner = isNamed ? name.endIndex + 1 : start + 3
    guard let content = scalars[inner..<rest.upperBound].firstIndex(where: { $0 != "\n" }),
      let close = Self.first(fences, from: content + 1), close + 3 <= rest.upperBound
    else { return nil }
    let language = isNamed ? String(String.UnicodeScalarView(name)) : ""
    containers.append(
      .init(
        range: start..<(close + 3),
        inner: inner..<close,
        mark: "```",
        opening: "```\(language)\n",
        isBlock: true,
        isCode: true,
        parent: parent
      )
    )
    return close + 3
  }

  private mutating func spoiler(_ rest: Range<Int>, _ parent: Int?) -> Int {
    let start = rest.lowerBound
    guard scalars[rest].starts(with: ["|", "|"]), let close = Self.first(bars, from: start + 3),
      close + 2 <= rest.upperBound
    else { return start + 1 }
    let inner = (start + 2)..<close
    containers.append(
      .init(
        range: start..<(close + 2),
        inner: inner,
        mark: "||",
        opening: "||",
        isBlock: false,
        isCode: false,
        parent: parent
      )
    )
    scan(inner, in: containers.count - 1)
    return close + 2
  }

  /// `<@1>`, `<#1>`, `<:name:1>`, `<t:1:R>`, `</command:1>`, `<id:browse>`, or an address without preview.
  private mutating func mention(_ rest: Range<Int>) -> Int {
    let start = rest.lowerBound
    let behind = scalars[(start + 1)..<rest.upperBound]
    if behind.starts(with: "http".unicodeScalars) {
      let end = behind.firstIndex { $0 == ">" || $0.properties.isWhitespace }
      if let end, scalars[end] == ">" { return keep(start..<(end + 1)) }
    }
    let kinds = ["@", "#", ":", "a:", "t:", "/", "id:"]
    guard kinds.contains(where: { behind.starts(with: $0.unicodeScalars) }),
      let end = behind.prefix(Self.mentionMax).firstIndex(where: { $0 == ">" || $0 == "<" || $0 == "\n" }),
      scalars[end] == ">"
    else { return start + 1 }
    return keep(start..<(end + 1))
  }

  /// `[text](address)` on one line.
  private mutating func link(_ rest: Range<Int>) -> Int {
    let start = rest.lowerBound
    guard let joint = Self.first(joints, from: start + 1), let end = Self.first(ends, from: joint),
      end < min(rest.upperBound, start + sizeMax), Self.first(breaks, from: start) ?? end >= end
    else { return start + 1 }
    // An address may end in a bracket of its own: `[x](https://a.example/b_(c))`.
    let isNested =
      end + 1 < rest.upperBound && scalars[end + 1] == ")" && scalars[joint..<end].dropFirst(2).contains("(")
    return keep(start..<(end + (isNested ? 2 : 1)))
  }

  private mutating func address(_ rest: Range<Int>) -> Int {
    let start = rest.lowerBound
    let head = String(String.UnicodeScalarView(scalars[rest].prefix(8))).lowercased()
    guard head.hasPrefix("http://") || head == "https://" else { return start + 1 }
    let end = scalars[rest].firstIndex { $0.properties.isWhitespace || $0 == "<" } ?? rest.upperBound
    return keep(start..<end)
  }

  private static func isOfLanguage(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
      || "_+-.#".unicodeScalars.contains(scalar)
  }

  /// The first of some positions, in their order, that is not before another.
  private static func first(_ positions: [Int], from start: Int) -> Int? {
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = (low + high) / 2
      if positions[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < positions.count ? positions[low] : nil
  }
}
