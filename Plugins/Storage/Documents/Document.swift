internal import PluginKit

/// A document as it is stored.
struct Document: Hashable {
  /// The largest document in an answer, in bytes of JSON: so one always fits, with room for what stands around it.
  static let sizeMax = Envelope.payloadMax - 512

  var foreignID: String
  var revision: Int64
  var space: String?
  var author: String?
  var thread: String?
  /// Milliseconds since 1970.
  var createdAt: Int64
  var text: String?
  var body: JSON

  /// The document that a write makes of what is stored.
  init(_ put: DocumentPut, over stored: Document?) {
    foreignID = put.foreignID
    revision = put.revision ?? stored?.revision ?? 0
    space = put.space ?? stored?.space
    author = put.author ?? stored?.author
    thread = put.thread ?? stored?.thread
    createdAt = put.createdAt ?? stored?.createdAt ?? put.now
    text = put.text ?? stored?.text
    body = (stored?.body ?? .null).merged(with: put.body)
  }

  init(
    foreignID: String,
    revision: Int64,
    space: String?,
    author: String?,
    thread: String?,
    createdAt: Int64,
    text: String?,
    body: JSON
  ) {
    self.foreignID = foreignID
    self.revision = revision
    self.space = space
    self.author = author
    self.thread = thread
    self.createdAt = createdAt
    self.text = text
    self.body = body
  }

  var json: JSON {
    var object: JSONObject = ["foreign_id": .string(foreignID), "revision": .int(revision)]
    object["space"] = space.map { .string($0) }
    object["author"] = author.map { .string($0) }
    object["thread"] = thread.map { .string($0) }
    object["created_at"] = .int(createdAt)
    object["text"] = text.map { .string($0) }
    object["body"] = body
    return .object(object)
  }
}

/// Some documents, and where the next ones are.
struct DocumentPage {
  var documents: [JSON] = []
  /// Nil: there are no more.
  var next: DocumentCursor?

  var json: JSON {
    var object: JSONObject = ["documents": .array(documents)]
    object["next"] = next.map { .string($0.description) }
    return .object(object)
  }
}

extension JSON {
  /// What is new, with those members of an object that it does not name.
  fileprivate func merged(with new: JSON?) -> JSON {
    guard let new else { return self }
    guard var members = objectValue, let changes = new.objectValue else { return new }
    for (key, value) in changes { members[key] = value }
    return .object(members)
  }
}
