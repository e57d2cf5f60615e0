internal import PluginKit

/// Which documents of a collection: those that meet all conditions given.
struct DocumentFilter {
  static let keys: Set<String> = ["text", "space", "author", "thread", "since", "until"]

  let search: SearchText?
  let space: String?
  let author: String?
  let thread: String?
  /// From this time on, in milliseconds since 1970.
  let since: Int64?
  /// Before this time.
  let until: Int64?

  init(_ fields: RequestFields) throws(StorageError) {
    let text = try fields.text("text")
    search = text.flatMap(SearchText.init)
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
  }

  /// The most documents that an answer has; it has fewer when they are long.
  static let limitMax: Int64 = 1_000

  let filter: DocumentFilter
  let order: Order
  let limit: Int64
  let cursor: DocumentCursor?

  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: DocumentFilter.keys.union(["limit", "cursor", "order"]))
    filter = try DocumentFilter(fields)
    limit = try fields.int("limit") ?? 100
    guard (1...Self.limitMax).contains(limit) else {
      throw fields.expected("integer from 1 to \(Self.limitMax)", "limit")
    }
    let order = try fields.text("order").map(Order.init(rawValue:)) ?? .newest
    guard let order else { throw fields.expected("newest or oldest", "order") }
    self.order = order
    let text = try fields.text("cursor")
    cursor = text.flatMap(DocumentCursor.init)
    if text != nil, cursor == nil { throw fields.expected("what an answer gave as next", "cursor") }
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

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let createdAt = Int64(parts[0]), let row = Int64(parts[1]) else { return nil }
    self.init(createdAt: createdAt, row: row)
  }
}
