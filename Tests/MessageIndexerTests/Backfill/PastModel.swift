import Envelope
import TestSupport

@testable import MessageIndexer

/// A space of a provider as it is: messages in the order in which they were written, several at the same time.
struct PastModel: Sendable {
  struct Message: Sendable, Hashable {
    let number: Int
    /// When it was written, in milliseconds.
    let time: Int64
  }

  /// Oldest first.
  private(set) var messages: [Message] = []
  private var last = (number: 0, time: Int64(1_000))
  /// What was fetched, and how often.
  private(set) var fetched: [Int: Int] = [:]
  /// How many are shown at most, the newest.
  var shownMax = Int.max

  /// Writes messages, of which about a half have the time of the one before.
  mutating func write(_ count: Int, _ random: inout SeededRandom) {
    for _ in 0..<count {
      last = (last.number + 1, last.time + Int64.random(in: 0...1, using: &random))
      messages.append(Message(number: last.number, time: last.time))
    }
  }

  /// Takes one of the messages away.
  mutating func delete(_ random: inout SeededRandom) {
    guard let index = messages.indices.randomElement(using: &random) else { return }
    messages.remove(at: index)
  }

  /// The page behind a cursor, which is the number of the oldest message of the page before.
  mutating func page(before cursor: String?, until: Int64? = nil, limit: Int) -> JSON {
    let shown = messages.suffix(shownMax).filter { message in
      (cursor.flatMap(Int.init).map { message.number < $0 } ?? true) && (until.map { message.time < $0 } ?? true)
    }
    let page = shown.suffix(limit)
    for message in page { fetched[message.number, default: 0] += 1 }
    let isLast = page.count == shown.count
    let isTruncated = isLast && messages.count > shownMax
    return [
      "messages": .int(Int64(page.count)), "newest": page.last.map { .int($0.time) } ?? .null,
      "oldest": page.first.map { .int($0.time) } ?? .null, "end": .bool(isLast && !isTruncated),
      "next": isLast ? .null : .string("\(page.first?.number ?? 0)"),
    ]
  }

  /// Numbers of messages that are there and were not fetched.
  var missing: [Int] { messages.filter { fetched[$0.number] == nil }.map(\.number) }

  /// Why an interval claims too much; nil: it does not.
  func objection(to interval: CoverageLedger.Interval) -> String? {
    let claimed = messages.filter { message in
      message.time < interval.newest && (interval.floor == .end || message.time > interval.oldest)
    }
    return claimed.first { fetched[$0.number] == nil }.map { "\(interval) claims \($0)" }
  }
}
