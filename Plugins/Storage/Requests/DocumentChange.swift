internal import PluginKit

/// A change of one document, or of what belongs to it.
enum DocumentChange {
  case put(DocumentPut)
  case delete(DocumentDeletion)
  case putVector(VectorPut)
  /// All vectors of the document of a foreign id.
  case deleteVectors(String)

  enum Outcome: Hashable {
    /// The change was made.
    case written
    /// It is as the change wants it already.
    case unchanged
    /// A newer revision is there, and lacks nothing that this one has.
    case stale
    /// The document would be larger than an answer can be; it was not written.
    case tooLarge
    /// The vector is of a model that has been replaced, by this one; it was not written.
    case superseded(VectorModel)
  }
}

/// A document to write.
///
/// What is absent stays as it is stored, and so does each member of a stored body that the new one does not name. One
/// that comes after a newer one gives what that lacks.
struct DocumentPut {
  static let keys: Set<String> = [
    "foreign_id", "revision", "space", "author", "thread", "created_at", "text", "content", "body",
  ]

  let foreignID: String
  /// Orders the writes of one document, whatever it counts.
  ///
  /// Without one a write takes effect whenever it comes.
  let revision: Int64?
  let space: String?
  let author: String?
  let thread: String?
  let createdAt: Int64?
  let text: String?
  /// What its vectors are made of, if that is not the text.
  let content: StatedContent?
  let body: JSON?
  /// When the request was made, in milliseconds since 1970: what a new document's time is if it has none of its own.
  let now: Int64

  init(_ json: JSON, at path: String, now: Int64) throws(StorageError) {
    let fields = try RequestFields(json, at: path, keys: Self.keys)
    foreignID = try fields.required("foreign_id", fields.name("foreign_id"))
    revision = try fields.int("revision")
    space = try fields.name("space")
    author = try fields.name("author")
    thread = try fields.name("thread")
    createdAt = try fields.time("created_at")
    text = try fields.text("text")
    content = try fields.statedContent("content")
    body = fields.json("body")
    self.now = now
  }
}

/// A document to delete; a mark stays in its place, so that an older write that comes later does not bring it back.
struct DocumentDeletion {
  let foreignID: String
  /// Writes up to this revision are stale from now on; without one, all that have a revision.
  let revision: Int64?
  /// When the request was made, in milliseconds since 1970: since when its blobs have one reference less.
  let now: Int64

  static func list(_ payload: JSON, now: Int64) throws(StorageError) -> [DocumentDeletion] {
    let fields = try RequestFields(payload, keys: ["foreign_ids", "revision"])
    let revision = try fields.int("revision")
    var deletions: [DocumentDeletion] = []
    for (index, json) in try fields.list("foreign_ids").enumerated() {
      guard let id = json.stringValue, (1...RequestFields.nameMax).contains(id.utf8.count) else {
        throw StorageError(
          "foreign_ids[\(index)]: expected a string of 1 to \(RequestFields.nameMax) bytes, found \(json.summary)"
        )
      }
      deletions.append(DocumentDeletion(foreignID: id, revision: revision, now: now))
    }
    return deletions
  }
}
