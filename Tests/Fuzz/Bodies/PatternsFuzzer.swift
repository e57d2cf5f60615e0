import Envelope

@testable import Host

/// What covers something allows all that it allows, and what is written can be read again.
///
/// The input is lines: a grant, what it may cover, then what may be asked for.
enum PatternsFuzzer {
  /// More lines tell nothing new.
  private static let linesMax = 8

  static func run(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), maxSplits: linesMax, omittingEmptySubsequences: false)
      .prefix(linesMax).map { String(Substring($0)) }
    for line in lines { try isReadAgain(line) }
    guard lines.count > 1 else { return }
    for capability in Capability.allCases { try agree(capability, lines[0], lines[1], asked: lines.dropFirst()) }
    try agree(lines[0], lines[1], topics: lines.dropFirst(2))
    try agree(StarPattern(lines[0]), StarPattern(lines[1]), texts: lines.dropFirst())
  }

  // MARK: - Covering

  private static func agree(
    _ capability: Capability,
    _ wide: String,
    _ narrow: String,
    asked: ArraySlice<String>
  ) throws {
    guard let wide = try? Resource(wide, of: capability), let narrow = try? Resource(narrow, of: capability) else {
      return
    }
    try hold(wide.covers(wide), "\(capability) \(wide) does not cover itself")
    try hold((try? Resource(wide.description, of: capability)) == wide, "\(capability) \(wide) is read as another")
    guard wide.covers(narrow) else { return }
    for part in narrow.parts { try hold(wide.covers(part), "\(capability) \(wide) covers \(narrow) but not \(part)") }
    for text in asked {
      guard let asked = try? Asked(capability, text, nil), asked.isWithin(narrow) else { continue }
      try hold(asked.isWithin(wide), "\(capability) \(wide) covers \(narrow), which allows \(text), and refuses it")
      try isWhatItSays(asked, text)
    }
  }

  /// What is allowed means no other host, path or file to whoever uses the text.
  private static func isWhatItSays(_ asked: Asked, _ text: String) throws {
    switch asked {
    case .fetch(let fetch):
      try hold(!climbs(fetch.path.description, "/\\"), "a path that leads elsewhere: \(text)")
      try hold(
        "\(fetch.host)".utf8.allSatisfy { $0 < 0x80 } && text.contains("\(fetch.host)", ignoringCase: true),
        text
      )
    case .covered(.path(let path)):
      try hold(!climbs(path.description, "/"), "a path that leads elsewhere: \(text)")
      try hold(!path.description.utf8.contains(0), "a path that ends early: \(text)")
      try hold(path.covers(path), "a path outside of itself: \(text)")
    case .covered(.endpoint(let endpoint)):
      try hold(text.contains("\(endpoint.host)", ignoringCase: true), "a host that is not in the text: \(text)")
    default: break
    }
  }

  /// Whether a path has a part, as whoever goes there sees it, that leads up or nowhere.
  ///
  /// In a URL that may be a backslash, and ends where the query begins; a file's name may have either.
  private static func climbs(_ path: String, _ separators: String) -> Bool {
    let isURL = separators.utf8.count > 1
    let plain = path.utf8.prefix { !isURL || $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    return plain.split(whereSeparator: separators.utf8.contains).contains { part in
      part.elementsEqual("..".utf8) || part.elementsEqual(".".utf8)
    }
  }

  private static func agree(_ wide: String, _ narrow: String, topics: ArraySlice<String>) throws {
    guard let wide = try? TopicPattern(wide), let narrow = try? TopicPattern(narrow) else { return }
    var trie = SubscriptionTrie<Int>()
    trie.insert(1, under: wide)
    for topic in topics {
      let isWide = wide.matches(topic)
      let isNarrow = narrow.matches(topic)
      if wide.covers(narrow) { try hold(isWide || !isNarrow, "\(wide) covers \(narrow), but not \(topic)") }
      if isWide && isNarrow { try hold(wide.overlaps(narrow), "\(wide) and \(narrow) share \(topic) alone") }
      guard (try? Topic(topic)) != nil else { continue }
      try hold(trie.subscribers(of: topic).isEmpty != isWide, "\(wide) and the trie disagree about \(topic)")
    }
    if wide.covers(narrow) { try hold(wide.overlaps(narrow), "\(wide) covers \(narrow) and does not touch it") }
  }

  private static func agree(_ wide: StarPattern, _ narrow: StarPattern, texts: ArraySlice<String>) throws {
    try hold(wide.covers(wide) && wide.matches(wide.description), "\(wide) does not match itself")
    guard wide.covers(narrow) else { return }
    for text in texts where narrow.matches(text) {
      try hold(wide.matches(text), "\(wide) covers \(narrow), but not \(text)")
    }
  }

  // MARK: - Writing

  private static func isReadAgain(_ text: String) throws {
    if let topic = try? Topic(text) { try hold(topic.description == text, "a topic that is another: \(text)") }
    if let pattern = try? TopicPattern(text) {
      try hold((try? TopicPattern(pattern.description)) == pattern, "a pattern that is another: \(text)")
      try hold(pattern.covers(pattern), "a pattern that does not cover itself: \(text)")
    }
    if let urn = try? URN(text) {
      try hold((try? URN(urn.description)) == urn, "a URN that is another: \(text)")
      try hold(urn.description.utf8.elementsEqual(text.utf8), "a URN that is written as another: \(text)")
      try hold((try? Topic("promethean.sys.a.\(urn.topicToken)")) != nil || urn.topicToken.utf8.count > 200, text)
    }
    if let time = try? Timestamp(text) {
      try hold((try? Timestamp(time.description)) == time, "a time that is another: \(text)")
    }
    if let trace = Traceparent(text) {
      try hold(Traceparent(trace.description) == trace, "a trace that is another: \(text)")
    }
  }
}

extension String {
  fileprivate func contains(_ other: String, ignoringCase: Bool) -> Bool {
    let (mine, theirs) = (utf8.map(Self.lowered), other.utf8.map(Self.lowered))
    return mine.count >= theirs.count
      && (0...mine.count - theirs.count).contains { mine[$0..<$0 + theirs.count].elementsEqual(theirs) }
  }

  /// By ASCII alone: no other character is a letter of a host's.
  private static func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
