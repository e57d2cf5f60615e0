internal import PluginKit

/// Which documents of a collection: those that meet all conditions given.
struct DocumentFilter {
  static let keys: Set<String> = fieldKeys.union(["text", "match"])
  /// Those that a document's own fields meet or do not.
  static let fieldKeys: Set<String> = ["space", "author", "thread", "since", "until"]

  let search: SearchText?
  let space: String?
  let author: String?
  let thread: String?
  /// From this time on, in milliseconds since 1970.
  let since: Int64?
  /// Before this time.
  let until: Int64?

  /// Whether every document meets it.
  var isEmpty: Bool {
    search == nil && space == nil && author == nil && thread == nil && since == nil && until == nil
  }

  init(_ fields: RequestFields) throws(StorageError) {
    let text = try fields.text("text")
    let match = try fields.text("match").map(SearchText.Match.init(rawValue:)) ?? .all
    guard let match else { throw fields.expected("all or any", "match") }
    search = text.flatMap { SearchText($0, match) }
    if let text, search == nil {
      throw StorageError("text: expected a word to look for, found \(JSON.string(text).summary)")
    }
    space = try fields.name("space")
    author = try fields.name("author")
    thread = try fields.name("thread")
    since = try fields.time("since")
    until = try fields.time("until")
  }
}

/// A filter, and which part of what it finds.
struct DocumentQuery {
  enum Order: String, CaseIterable {
    case newest
    case oldest
    /// Those first that have the most of the words, and the rarest (BM25).
    case best
  }

  /// The most documents that an answer has; it has fewer when they are long.
  static let limitMax: Int64 = 1_000

  let filter: DocumentFilter
  let order: Order
  let limit: Int64
  let cursor: DocumentCursor?
  /// Whether the documents are told whole; else without their bodies, so that an answer holds more of them.
  let hasBodies: Bool

  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: DocumentFilter.keys.union(["limit", "cursor", "order", "body"]))
    filter = try DocumentFilter(fields)
    limit = try fields.int("limit") ?? 100
    guard (1...Self.limitMax).contains(limit) else {
      throw fields.expected("integer from 1 to \(Self.limitMax)", "limit")
    }
    order = try Order(fields)
    cursor = try DocumentCursor(fields)
    guard order != .best || filter.search != nil else { throw fields.expected("words to compare with", "text") }
    guard order != .best || cursor == nil else { throw fields.expected("none with order best", "cursor") }
    hasBodies = try fields.bool("body") ?? true
  }
}

extension DocumentQuery.Order {
  /// The order that a request names.
  init(_ fields: RequestFields) throws(StorageError) {
    let order = try fields.text("order").map(Self.init(rawValue:)) ?? .newest
    guard let order else { throw fields.expected("newest, oldest or best", "order") }
    self = order
  }
}

/// The place behind a document in the order of time.
struct DocumentCursor: CustomStringConvertible {
  let createdAt: Int64
  /// The document's row, which orders those of one moment.
  let row: Int64

  var description: String { "\(createdAt).\(row)" }

  init(createdAt: Int64, row: Int64) {
    self.createdAt = createdAt
    self.row = row
  }

  /// The place that a request names; nil if it begins at the beginning.
  init?(_ fields: RequestFields) throws(StorageError) {
    guard let text = try fields.text("cursor") else { return nil }
    guard let cursor = Self(text) else { throw fields.expected("what an answer gave as next", "cursor") }
    self = cursor
  }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let createdAt = Int64(parts[0]), let row = Int64(parts[1]) else { return nil }
    self.init(createdAt: createdAt, row: row)
  }
}
