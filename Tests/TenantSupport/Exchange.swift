package import Envelope

/// A request of a tenant's, and what it must be answered with.
package struct Exchange {
  /// What an answer must be, or why it is not.
  enum Expected {
    /// This and nothing else.
    case json(JSON)
    case bytes([UInt8])
    /// An error with these words in it.
    case refusal(String)
    /// Whatever it is tried with.
    case fitting(String, (JSON) -> Bool)
    /// Anything: nobody knows what was asked.
    case anything
  }

  /// What the tenant learns from the answer.
  enum Lesson {
    case nothing
    /// Where a list goes on.
    case cursor
    /// Under which name a blob comes.
    case upload(TenantUpload)
    /// How far an erasure has come.
    case erasure
  }

  /// Such as `documents.put`.
  package var operation: String
  package var collection: String
  package var payload: [UInt8]
  var expected: Expected
  var lesson = Lesson.nothing

  init(_ operation: String, in collection: String, _ payload: JSON, _ expected: Expected) {
    (self.operation, self.collection, self.payload) = (operation, collection, payload.bytes())
    self.expected = expected
  }

  /// Whether some words stand in the request itself, so that they may be repeated.
  func says(_ words: String) -> Bool {
    collection.contains(words) || String(decoding: payload, as: UTF8.self).contains(words)
  }

  /// Why an answer is not what it must be; nil if it is.
  func complaint(about answer: TenantAnswer) -> String? {
    switch (expected, answer) {
    case (.json(let json), .json(let found)) where json == found: nil
    case (.bytes(let bytes), .bytes(let found)) where bytes == found: nil
    case (.refusal(let words), .refusal(let found)) where found.contains(words): nil
    case (.fitting(_, let fits), .json(let found)) where fits(found): nil
    case (.anything, _): nil
    default: "expected \(expected), found \(answer)"
    }
  }
}

/// What the storage has answered.
package enum TenantAnswer: CustomStringConvertible {
  case json(JSON)
  case bytes([UInt8])
  /// An error, in its words.
  case refusal(String)

  /// All of it, where somebody looks for words.
  var text: String {
    switch self {
    case .json(let json): json.text
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    case .refusal(let words): words
    }
  }

  package var description: String {
    switch self {
    case .json(let json): json.text
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .refusal(let words): "the error \(words)"
    }
  }
}

extension Exchange.Expected: CustomStringConvertible {
  var description: String {
    switch self {
    case .json(let json): json.text
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .refusal(let words): "an error with \"\(words)\""
    case .fitting(let what, _): what
    case .anything: "anything"
    }
  }
}
