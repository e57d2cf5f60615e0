internal import PluginKit

/// Whose documents are to be erased, and how far that has come.
struct DocumentErasure {
  /// What of it one request does, in this order: each takes some milliseconds, so that others have their turn between.
  enum Stage: Equatable {
    /// Documents of the author, and those that are named.
    case documents
    /// What others' documents say of the author, behind this row.
    case mentions(after: Int64)
    /// Blobs that nothing refers to any more.
    case blobs
    /// What the search index has of what is gone.
    case index
    /// What the file has; whether that has begun.
    case file(isBegun: Bool)
  }

  /// An id that is as long is looked for anywhere; a shorter one, which may be a part of others or a word, as the whole of
  /// a text in JSON.
  static let rareBytes = 16
  /// The most foreign ids of one request.
  static let foreignIDsMax = 256

  /// The author's names: the id, and the URN if that was given.
  let names: [String]
  /// Those by which the author is told where it is not said whose name it is: who is called as the provider or the tenant
  /// would be named by everything.
  private let telling: [String]
  /// Documents of the author's that may not be here yet.
  let foreignIDs: [String]
  let stage: Stage

  init(names: [String], foreignIDs: [String] = [], stage: Stage = .documents) {
    (self.names, telling, self.foreignIDs, self.stage) = (names, names, foreignIDs, stage)
  }

  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: ["author", "foreign_ids", "cursor"])
    let author = try fields.required("author", fields.name("author"))
    if let urn = try? URN(author) {
      names = [urn.id, author]
      telling = urn.id == urn.provider || urn.id == urn.tenant ? [author] : names
    } else {
      (names, telling) = ([author], [author])
    }
    if fields.json("foreign_ids") == nil {
      foreignIDs = []
    } else {
      _ = try fields.list("foreign_ids")
      foreignIDs = try DocumentDeletion.list(["foreign_ids": fields.json("foreign_ids") ?? .null], now: 0)
        .map(\.foreignID)
    }
    guard foreignIDs.count <= Self.foreignIDsMax else {
      throw StorageError("foreign_ids: expected at most \(Self.foreignIDsMax), found \(foreignIDs.count)")
    }
    guard let cursor = try fields.text("cursor") else {
      stage = .documents
      return
    }
    guard let stage = Stage(cursor) else { throw fields.expected("what an answer gave as next", "cursor") }
    self.stage = stage
  }

  /// The author's names as they are found in JSON.
  var needles: [String] {
    telling.map { name in
      let text = JSON.string(name).text
      return name.utf8.count >= Self.rareBytes ? String(text.dropFirst().dropLast()) : text
    }
  }
}

extension DocumentErasure.Stage: CustomStringConvertible {
  init?(_ text: String) {
    switch text {
    case "documents": self = .documents
    case "blobs": self = .blobs
    case "index": self = .index
    case "file": self = .file(isBegun: false)
    case "file.on": self = .file(isBegun: true)
    default:
      guard text.hasPrefix("mentions."), let row = Int64(text.dropFirst("mentions.".count)) else { return nil }
      self = .mentions(after: row)
    }
  }

  var description: String {
    switch self {
    case .documents: "documents"
    case .mentions(let row): "mentions.\(row)"
    case .blobs: "blobs"
    case .index: "index"
    case .file(let isBegun): isBegun ? "file.on" : "file"
    }
  }
}

/// What one step of an erasure has done.
struct ErasureStep {
  var documents = 0
  var vectors = 0
  /// Others' documents of which something was left out.
  var redacted = 0
  /// Blobs whose files nothing is left for.
  var files: [BlobDigest] = []
  /// Nil: it is done.
  var next: DocumentErasure.Stage?

  var json: JSON {
    var object: JSONObject = [
      "erased": .int(Int64(documents)), "vectors": .int(Int64(vectors)), "redacted": .int(Int64(redacted)),
      "blobs": .int(Int64(files.count)),
    ]
    object["next"] = next.map { .string($0.description) }
    return .object(object)
  }
}
