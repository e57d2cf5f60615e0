import Envelope

/// What a tenant has in one collection, as anybody would keep it: in dictionaries, all of them gone through each time.
struct TenantShelf {
  /// How many foreign ids there are, the same for all tenants.
  static let ids = 0..<12
  /// The author of every fourth, and the only one who is ever erased.
  static let erasable = "author 3"

  struct Document {
    let text: String
    let space: String
    let note: String

    /// Whether it is one of those that were asked for, by its fields.
    func meets(_ fields: JSONObject, _ id: Int) -> Bool {
      (fields["space"] ?? .string(space)) == .string(space)
        && (fields["author"] ?? .string(author(id))) == .string(author(id))
    }
  }

  var documents: [Int: Document] = [:]
  /// Foreign ids that were deleted, and are not there again.
  var marks: Set<Int> = []
  var erased: Set<Int> = []
  /// The texts of which vectors are.
  var vectors: [Int: String] = [:]
  var hasModel = false
  /// The documents that refer to a blob, by its content.
  var blobs: [Int: Set<Int>] = [:]

  static func name(_ id: Int) -> JSON { .string("m\(id)") }
  static func author(_ id: Int) -> String { "author \(id % 4)" }
  /// Milliseconds since 1970, another for each id.
  static func time(_ id: Int) -> Int64 { 1_700_000_000_000 + Int64(id) * 1_000 }

  /// The document of an id, as an answer has it.
  func json(_ id: Int, hasBody: Bool = true) -> JSON {
    guard let document = documents[id] else { return nil }
    var json: JSONObject = [
      "foreign_id": Self.name(id), "revision": 0, "space": .string(document.space),
      "author": .string(Self.author(id)), "created_at": .int(Self.time(id)), "text": .string(document.text),
    ]
    if hasBody { json["body"] = ["note": .string(document.note)] }
    return .object(json)
  }

  // MARK: - Changes

  /// Puts a document; returns the count in which it is.
  mutating func put(_ id: Int, _ document: Document) -> String {
    if erased.contains(id) { return "stale" }
    let old = documents[id]
    if let old, old.text == document.text, old.space == document.space, old.note == document.note {
      return "unchanged"
    }
    documents[id] = document
    marks.remove(id)
    if vectors[id] != document.text { vectors[id] = nil }
    return "written"
  }

  mutating func delete(_ id: Int) -> String {
    if erased.contains(id) { return "missing" }
    marks.insert(id)
    vectors[id] = nil
    for content in blobs.keys { blobs[content]?.remove(id) }
    return documents.removeValue(forKey: id) == nil ? "missing" : "deleted"
  }

  mutating func put(vectorOf id: Int, _ text: String) -> String {
    if erased.contains(id) || marks.contains(id) || documents[id].map({ $0.text != text }) == true { return "stale" }
    hasModel = true
    if vectors[id] == text { return "unchanged" }
    vectors[id] = text
    return "written"
  }

  /// Erases an author; returns how many documents and vectors that are.
  mutating func erase(_ author: String) -> (documents: Int64, vectors: Int64) {
    let ids = documents.keys.filter { Self.author($0) == author }
    let vectors = ids.count { self.vectors.removeValue(forKey: $0) != nil }
    for id in ids {
      erased.insert(id)
      documents[id] = nil
      for (content, references) in blobs where references.contains(id) {
        // What nobody else refers to is gone with it.
        let others = references.subtracting([id])
        blobs[content] = others.isEmpty ? nil : others
      }
    }
    return (Int64(ids.count), Int64(vectors))
  }

  /// Has a document refer to a blob; returns what is answered.
  mutating func refer(_ id: Int, to content: Int) -> String {
    if marks.contains(id) { return "stale" }
    return blobs[content]?.insert(id).inserted == true ? "written" : "unchanged"
  }
}
