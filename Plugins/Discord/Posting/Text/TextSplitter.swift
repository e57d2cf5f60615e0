/// Cuts a text into parts that each fit a message.
///
/// A cut is made where a reader would make it: between paragraphs, lines, sentences, words; never within a mention, an
/// address, a link, inline code or what people see as one character, unless that alone is longer than a message. A code
/// block or a spoiler that must be cut is closed in the one part and opened again in the next.
struct TextSplitter {
  /// A part of a text.
  struct Part: Hashable {
    /// What is sent: not empty, and not white space alone.
    let text: String
    /// What of the text it stands for; those of all parts, one behind the other, are the text.
    ///
    /// It is `text` without the marks that close and open again, and with the white space around a cut, which Discord
    /// removes from both ends of a message.
    let source: String
  }

  /// The most that Discord takes as the content of one message.
  ///
  /// Discord counts code points (discord-api-docs#1315). Here UTF-16 units are counted, of which there are never fewer,
  /// as its clients count: a text of many emoji is cut a little early, and none is refused.
  static let lengthMax = 2000

  /// What a search for a cut settles for, one after the other: how good the place, how full the part at least, in
  /// quarters.
  private static let wishes: [(MarkdownMap.Place, quarters: Int)] = [
    (.paragraph, 2), (.line, 2), (.sentence, 2), (.line, 1), (.word, 1),
    (.innerParagraph, 2), (.innerLine, 1), (.innerWord, 1), (.word, 0), (.innerWord, 0), (.any, 0),
  ]

  private let map: MarkdownMap
  private let lengthMax: Int
  private(set) var parts: [Part] = []
  /// What of the text is behind the last part, if there was to be no other.
  private(set) var rest = ""

  /// Cuts a text into at most `partsMax` parts; none if it is white space alone.
  init(_ text: String, lengthMax: Int = TextSplitter.lengthMax, partsMax: Int = .max) {
    self.lengthMax = lengthMax
    map = MarkdownMap(text, lengthMax: lengthMax)
    guard map.firstVisible(from: 0) < map.count else { return }
    if map.width(0..<map.count) <= lengthMax {
      parts = [Part(text: text, source: text)]
      return
    }
    split(partsMax)
  }

  private mutating func split(_ partsMax: Int) {
    var start = 0
    while start < map.count {
      if parts.count == partsMax {
        rest = map.text(start..<map.count)
        return
      }
      let within = map.containers(at: start)
      let begin = within.isEmpty ? map.firstVisible(from: start) : start
      let end = cut(from: begin, within)
      let part = part(begin..<end, from: within, to: map.containers(at: end))
      // What is left may be white space alone, which is no message.
      let isLast = map.containers(at: end).isEmpty && map.firstVisible(from: end) == map.count
      let source = map.text(start..<(isLast ? map.count : end))
      parts.append(Part(text: part, source: source))
      start = isLast ? map.count : end
    }
  }

  private func part(
    _ range: Range<Int>,
    from opened: [MarkdownMap.Container],
    to closed: [MarkdownMap.Container]
  ) -> String {
    let range = closed.isEmpty ? range.lowerBound..<map.lastVisible(before: range.upperBound) : range
    var text = opened.map(\.opening).joined() + map.text(range)
    for container in closed.reversed() {
      // A code block ends on a line of its own, so that nothing of it joins the marks.
      if container.isBlock, !text.hasSuffix("\n") { text += "\n" }
      text += container.mark
    }
    return text
  }

  /// Where the part that begins at `begin` ends.
  private func cut(from begin: Int, _ within: [MarkdownMap.Container]) -> Int {
    let room = lengthMax - within.reduce(0) { $0 + $1.opening.utf16.count }
    let last = map.last(from: begin, width: room)
    if last == map.count { return last }
    for (place, quarters) in Self.wishes {
      var end = last
      while end > begin, map.width(begin..<end) * 4 > quarters * lengthMax {
        if map.places[end] >= place, fits(begin..<end, room) { return end }
        end -= 1
      }
    }
    // Nothing but one thing that is longer than a message, and held together: cut it where it is full.
    var end = last
    while end > begin + 1, !fits(begin..<end, room) { end -= 1 }
    return max(end, begin + 1)
  }

  private func fits(_ range: Range<Int>, _ room: Int) -> Bool {
    let closing = map.containers(at: range.upperBound).reduce(0) { $0 + $1.mark.utf16.count + ($1.isBlock ? 1 : 0) }
    return map.width(range) + closing <= room
  }
}
