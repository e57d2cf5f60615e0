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
  /// What its vectors are made of, if that is not its text.
  var content: StatedContent?
  var body: JSON

  /// The document that a write makes where there is none.
  init(_ put: DocumentPut) {
    foreignID = put.foreignID
    revision = put.revision ?? 0
    space = put.space
    author = put.author
    thread = put.thread
    createdAt = put.createdAt ?? put.now
    text = put.text
    content = put.content
    body = put.body ?? .null
  }

  /// The document that a write makes of this one.
  ///
  /// The newer of the two says what it says, and the older the rest; so it does not matter which comes first.
  func changed(by put: DocumentPut) -> Document {
    let other = Document(put)
    let isLate = put.revision.map { $0 < revision } ?? false
    var changed = isLate ? filled(from: other) : other.filled(from: self)
    changed.revision = put.revision.map { max($0, revision) } ?? revision
    changed.createdAt = createdAt(changedBy: put)
    return changed
  }

  /// When a document was created does not change, so of two times the earlier is right: the later may be that of an edit
  /// which knew no better.
  private func createdAt(changedBy put: DocumentPut) -> Int64 {
    guard let time = put.createdAt else { return createdAt }
    return put.revision == nil ? time : min(time, createdAt)
  }

  /// This document, with what it lacks taken from another.
  private func filled(from other: Document) -> Document {
    var filled = self
    filled.space = space ?? other.space
    filled.author = author ?? other.author
    filled.thread = thread ?? other.thread
    filled.text = text ?? other.text
    filled.content = content ?? other.content
    filled.body = body.filled(from: other.body)
    return filled
  }

  init(
    foreignID: String,
    revision: Int64,
    space: String?,
    author: String?,
    thread: String?,
    createdAt: Int64,
    text: String?,
    content: StatedContent? = nil,
    body: JSON
  ) {
    self.foreignID = foreignID
    self.revision = revision
    self.space = space
    self.author = author
    self.thread = thread
    self.createdAt = createdAt
    self.text = text
    self.content = content
    self.body = body
  }

  var json: JSON { json() }

  /// The document, with how well it matches what was looked for, if that was compared.
  func json(hasBody: Bool = true, score: Double? = nil) -> JSON {
    var object: JSONObject = ["foreign_id": .string(foreignID), "revision": .int(revision)]
    object["space"] = space.map { .string($0) }
    object["author"] = author.map { .string($0) }
    object["thread"] = thread.map { .string($0) }
    object["created_at"] = .int(createdAt)
    object["text"] = text.map { .string($0) }
    if let content { object["content"] = content.json }
    if hasBody { object["body"] = body }
    object["score"] = score.map { .double($0) }
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
  /// This value; of an object, with those members of another one that it does not name.
  fileprivate func filled(from other: JSON) -> JSON {
    if isNull { return other }
    guard let own = objectValue, var members = other.objectValue else { return self }
    for (key, value) in own { members[key] = value }
    return .object(members)
  }
}
