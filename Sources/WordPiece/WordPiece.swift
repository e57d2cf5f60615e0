/// Makes numbers of texts as models of BERT's kind have learnt them: words, cut greedily into the longest pieces that
/// the vocabulary has.
///
/// One is used by one thread at a time; it remembers what it found out about characters.
public struct WordPiece {
  /// Characters of the longest word that is looked up; a longer one is unknown.
  private static let wordMax = 100

  private let vocabulary: Vocabulary
  private let unknown: UInt32
  private let begin: UInt32
  private let end: UInt32
  /// What has a number of its own wherever it stands in a text.
  private let specials: [(bytes: [UInt8], id: UInt32)]
  private var classes = CharacterClass()
  /// The word under way, how many characters it has, and its pieces' hashes.
  private var word: [UInt8] = []
  private var characters = 0
  private var hashes: [UInt64] = []

  /// A tokenizer for a vocabulary, which must know `[UNK]`, `[CLS]` and `[SEP]`.
  public init(_ vocabulary: Vocabulary) throws(Vocabulary.Failure) {
    func required(_ piece: String) throws(Vocabulary.Failure) -> UInt32 {
      guard let id = vocabulary.id(of: piece) else {
        throw Vocabulary.Failure(description: "expected \(piece) among the pieces, found none")
      }
      return id
    }
    self.vocabulary = vocabulary
    unknown = try required("[UNK]")
    begin = try required("[CLS]")
    end = try required("[SEP]")
    specials = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"].compactMap { piece in
      vocabulary.id(of: piece).map { (Array(piece.utf8), $0) }
    }
    hashes = Array(repeating: 0, count: vocabulary.longest + 1)
  }

  /// The numbers of a text, with those of its beginning and its end.
  ///
  /// - Parameters:
  ///   - text: Any; what comes behind the last piece that has room is not looked at.
  ///   - limit: How many numbers there may be, at least 2.
  /// - Returns: At least two numbers, at most `limit`.
  public mutating func tokens(of text: String, limit: Int) -> [UInt32] {
    var tokens = [begin]
    var text = text
    text.makeContiguousUTF8()
    read(text.utf8Span.span, &tokens, room: limit - 1)
    tokens.append(end)
    return tokens
  }

  private mutating func read(_ bytes: Span<UInt8>, _ tokens: inout [UInt32], room: Int) {
    forgetWord()
    var next = 0
    while next < bytes.count, tokens.count < room {
      if bytes[next] == UInt8(ascii: "["), let special = special(bytes, at: next) {
        finishWord(&tokens, room)
        if tokens.count < room { tokens.append(special.id) }
        next += special.bytes.count
        continue
      }
      let entry = classes.entry(of: Self.scalar(bytes, at: &next))
      if entry.kind == .several {
        for part in classes.list(entry) { take(part, &tokens, room) }
      } else {
        take(entry, &tokens, room)
      }
    }
    finishWord(&tokens, room)
  }

  private mutating func take(_ entry: CharacterClass.Entry, _ tokens: inout [UInt32], _ room: Int) {
    switch entry.kind {
    case .nothing, .several: break
    case .space: finishWord(&tokens, room)
    case .letter: add(entry.value)
    case .single:
      finishWord(&tokens, room)
      add(entry.value)
      finishWord(&tokens, room)
    }
  }

  private func special(_ bytes: Span<UInt8>, at start: Int) -> (bytes: [UInt8], id: UInt32)? {
    specials.first { special in
      bytes.count - start >= special.bytes.count
        && special.bytes.indices.allSatisfy { bytes[start + $0] == special.bytes[$0] }
    }
  }

  /// The character at a place of what is UTF-8, as a `String` always is.
  private static func scalar(_ bytes: Span<UInt8>, at next: inout Int) -> UInt32 {
    let first = bytes[next]
    next += 1
    guard first >= 0x80 else { return UInt32(first) }
    let more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1
    var value = UInt32(first) & (0x3F >> UInt32(more))
    for _ in 0..<more {
      value = value << 6 | UInt32(bytes[next] & 0x3F)
      next += 1
    }
    return value
  }

  private mutating func add(_ value: UInt32) {
    characters += 1
    // Of what is unknown anyway no more is kept.
    guard characters <= Self.wordMax else { return }
    if value < 0x80 {
      word.append(UInt8(value))
    } else if let scalar = Unicode.Scalar(value) {
      word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  private mutating func forgetWord() {
    word.removeAll(keepingCapacity: true)
    characters = 0
  }

  private mutating func finishWord(_ tokens: inout [UInt32], _ room: Int) {
    guard characters > 0, tokens.count < room else { return forgetWord() }
    let before = tokens.count
    var start = 0
    if characters > Self.wordMax { start = word.count + 1 }
    while start < word.count {
      guard let piece = longestPiece(from: start) else {
        start = word.count + 1
        break
      }
      tokens.append(piece.id)
      start = piece.end
    }
    // A word of which some part is unknown is unknown as a whole.
    if start > word.count {
      tokens.removeLast(tokens.count - before)
      tokens.append(unknown)
    }
    if tokens.count > room { tokens.removeLast(tokens.count - room) }
    forgetWord()
  }

  /// The longest piece that the word goes on with.
  private mutating func longestPiece(from start: Int) -> (id: UInt32, end: Int)? {
    let count = min(word.count - start, vocabulary.longest)
    var hash = Vocabulary.seed(goesOn: start > 0)
    for index in 0..<count {
      Vocabulary.mix(word[start + index], into: &hash)
      hashes[index] = hash
    }
    for index in stride(from: count, to: 0, by: -1) {
      // Not within a character.
      if start + index < word.count, word[start + index] & 0xC0 == 0x80 { continue }
      if let id = vocabulary.id(hashes[index - 1], word.span, start..<start + index) { return (id, start + index) }
    }
    return nil
  }
}
