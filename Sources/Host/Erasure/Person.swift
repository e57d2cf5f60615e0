package import Envelope

/// Whose content is to be erased, and by what it is told.
package struct Person: Sendable {
  /// A text is looked for by a piece of so many bytes; what is shorter is in others' texts too.
  static let pieceMin = 16
  /// Bytes of the piece that is kept of a text.
  static let pieceMax = 64
  /// Different characters that a piece has at least: a line of dashes is in others' texts, and in what was erased.
  static let pieceVariety = 4
  /// Bytes of a message's id, as the storage takes it.
  static let messageBytes = 1...1_024
  /// An id that is as long is somebody's wherever it stands; a shorter one only as a word.
  static let rareBytes = 16

  package let urn: URN
  package let provider: String
  package let tenant: String
  /// What a record names that is about them.
  package private(set) var needles = Needles()
  /// What no file may have any more.
  package private(set) var proof = Needles()
  /// Their messages, as far as they are known.
  package private(set) var messages: Set<String> = []
  /// What is looked for of their texts.
  package private(set) var pieces: Set<String> = []

  /// How many texts are looked for.
  package var texts: Int { pieces.count }

  package init(_ urn: URN, provider: String, tenant: String) {
    (self.urn, self.provider, self.tenant) = (urn, provider, tenant)
    let id = JSON.string(urn.id).text
    let bare = String(id.dropFirst().dropLast())
    let isShort = bare.utf8.count < Needles.headBytes
    needles.insert(.init(urn.description, "urn", isWord: true))
    proof.insert(.init(urn.description, "urn", isWord: true))
    // Who is called as the tenant is would be named by everything.
    guard urn.id != provider, urn.id != tenant else { return }
    needles.insert(.init(isShort ? id : bare, "id", isWord: !isShort))
    proof.insert(.init(isShort ? id : bare, "id", isWord: !isShort && bare.utf8.count < Self.rareBytes))
  }

  /// Knows one of their messages.
  ///
  /// - Returns: Whether it is one more.
  @discardableResult
  package mutating func insert(message: String?, text: String?) -> Bool {
    if let piece = text.flatMap(Self.piece), pieces.insert(piece).inserted {
      needles.insert(.init(piece, "text", isWord: false))
      proof.insert(.init(piece, "text", isWord: false))
    }
    guard let message, Self.messageBytes.contains(message.utf8.count) else { return false }
    return messages.insert(message).inserted
  }

  /// The longest piece of a text that every writer of JSON leaves as it is, up to `pieceMax` bytes; nil: it is too
  /// short to tell it from others'.
  static func piece(of text: String) -> String? {
    let plain = text.unicodeScalars.split { scalar in
      scalar == "\"" || scalar == "\\" || scalar == "/" || scalar.value < 0x20 || scalar.value == 0x7f
    }
    guard let longest = plain.max(by: { String($0).utf8.count < String($1).utf8.count }) else { return nil }
    var (piece, bytes) = (String.UnicodeScalarView(), 0)
    for scalar in longest {
      bytes += UTF8.width(scalar)
      guard bytes <= pieceMax else { break }
      piece.append(scalar)
    }
    return String(piece).utf8.count >= pieceMin && Set(piece).count >= pieceVariety ? String(piece) : nil
  }
}
