import TestSupport
import Envelope
import Foundation

/// A line of the file of messages that the proofs are held on.
struct Message: Sendable, Hashable {
  let id: String
  let author: String
  let space: String
  let thread: String?
  let text: String
  /// Seconds since 1970.
  let createdAt: Int64
  let json: JSON

  init?(_ json: JSON) {
    guard let id = json["id"]?.stringValue, let author = json["author"]?.stringValue,
      let space = json["space"]?.stringValue, let text = json["text"]?.stringValue,
      let createdAt = json["created_at"]?.intValue
    else { return nil }
    (self.id, self.author, self.space, self.text, self.createdAt) = (id, author, space, text, createdAt)
    thread = json["thread"]?.stringValue
    self.json = json
  }

  /// The words of the text, as a person would find them: runs of letters and digits, in lower case.
  var words: Set<String> {
    Set(text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
  }

  /// Where real messages are, which do not belong to the repository.
  private static let file = "\(Products.package)/../shared/data/messages.ndjson"

  /// Real messages; where they are not to be had, as many that are made up.
  static let all: [Message] = {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      Products.say("\(file) is not there, so the messages are made up")
      return (0..<1739).compactMap(made)
    }
    return text.split(separator: "\n").compactMap { (try? JSON.parse(String($0))).flatMap(Message.init) }
  }()

  /// A message that nobody wrote; of those of one number there is only one.
  static func made(_ number: Int) -> Message? {
    let words = ["the", "editor", "emacs", "vi", "café", "is", "(written)", "in", "Lisp", "100%"]
    let text = (0..<7).map { words[(number * 7 + $0 * $0 + number / 3) % words.count] }.joined(separator: " ")
    return Message([
      "id": .string("m\(number)"), "author": .string("author\(number % 41)"), "space": .string("space\(number % 17)"),
      "thread": number % 5 == 0 ? .null : .string("t\(number % 97)"), "text": .string(text),
      "created_at": .int(1_134_399_035 + Int64(number * 320_000)),
    ])
  }

  /// Writes messages to a file, one a line.
  static func write(_ messages: some Sequence<Message>, to path: String) throws {
    try Data(messages.flatMap { $0.json.bytes() + [UInt8(ascii: "\n")] }).write(to: URL(filePath: path))
  }
}
