internal import Envelope
internal import PluginKit
internal import VectorIndex

/// A vector to write.
struct VectorPut {
  let model: VectorModel
  let foreignID: String
  /// Of what the vector was made of.
  let content: VectorContent
  /// Nil: the model makes none of it, and is not to be asked again.
  let vector: UnitVector?

  /// Reads what a request wants written.
  static func list(_ payload: JSON) throws(StorageError) -> [VectorPut] {
    let fields = try RequestFields(payload, keys: ["model", "vectors"])
    let model = try VectorModel(fields.required("model", fields.json("model")), at: "model.")
    var puts: [VectorPut] = []
    for (index, json) in try fields.list("vectors").enumerated() {
      puts.append(try VectorPut(json, at: "vectors[\(index)].", model))
    }
    return puts
  }

  private init(_ json: JSON, at path: String, _ model: VectorModel) throws(StorageError) {
    let fields = try RequestFields(json, at: path, keys: ["foreign_id", "content", "vector"])
    self.model = model
    foreignID = try fields.required("foreign_id", fields.name("foreign_id"))
    guard let content = try fields.text("content").flatMap(VectorContent.init) else {
      throw fields.expected("the SHA-256 of the text in 64 lower-case digits", "content")
    }
    self.content = content
    vector = fields.isNull("vector") ? nil : try fields.vector("vector", dimension: model.dimension)
  }
}

/// Which documents lack a vector.
struct VectorGap {
  /// The most documents that an answer has; it has fewer when they are long.
  static let limitMax: Int64 = 1_000

  let model: VectorModel
  let limit: Int64
  let order: DocumentQuery.Order
  let cursor: DocumentCursor?

  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(payload, keys: ["model", "limit", "order", "cursor"])
    model = try VectorModel(fields.required("model", fields.json("model")), at: "model.")
    limit = try fields.int("limit") ?? 100
    guard (1...Self.limitMax).contains(limit) else {
      throw fields.expected("integer from 1 to \(Self.limitMax)", "limit")
    }
    order = try DocumentQuery.Order(fields)
    cursor = try DocumentCursor(fields)
    guard order != .best else { throw fields.expected("newest or oldest", "order") }
  }
}

/// What is looked for by nearness.
struct VectorQuery {
  /// The most matches that an answer has.
  static let limitMax: Int64 = 100

  /// What is to be near.
  enum Place {
    /// The bytes of a vector, whose dimension is the model's.
    case vector([UInt8])
    /// The vector of the document of a foreign id.
    case document(String)
  }

  let place: Place
  /// Nil: the collection's current one.
  let model: VectorModel?
  let limit: Int
  /// How many the graph is kept looking for.
  let effort: Int
  let filter: DocumentFilter

  init(_ payload: JSON) throws(StorageError) {
    let fields = try RequestFields(
      payload,
      keys: DocumentFilter.fieldKeys.union(["vector", "like", "model", "limit", "ef"])
    )
    if let like = try fields.name("like") {
      guard fields.json("vector") == nil else { throw fields.expected("nothing beside vector", "like") }
      place = .document(like)
    } else {
      place = .vector(try fields.bytes("vector"))
    }
    let json = fields.json("model")
    if let json { model = try VectorModel(json, at: "model.") } else { model = nil }
    let limit = try fields.int("limit") ?? 10
    guard (1...Self.limitMax).contains(limit) else {
      throw fields.expected("integer from 1 to \(Self.limitMax)", "limit")
    }
    self.limit = Int(limit)
    let effort = try fields.int("ef") ?? Int64(VectorIndex.searchEffort)
    guard (1...Int64(VectorIndex.searchEffortMax)).contains(effort) else {
      throw fields.expected("integer from 1 to \(VectorIndex.searchEffortMax)", "ef")
    }
    self.effort = Int(effort)
    filter = try DocumentFilter(fields)
  }
}

/// What is asked for about vectors.
enum VectorOperation {
  case put([VectorPut])
  case delete([String])
  case missing(VectorGap)
  case search(VectorQuery)
  case models
  /// Of a model; nil: the current one.
  case count(VectorModel?)

  /// Reads the operation of a name, such as `put`.
  init(_ name: Substring, _ payload: JSON) throws(StorageError) {
    switch name {
    case "put": self = .put(try VectorPut.list(payload))
    case "delete":
      _ = try RequestFields(payload, keys: ["foreign_ids"])
      self = .delete(try DocumentDeletion.list(payload, now: 0).map(\.foreignID))
    case "missing": self = .missing(try VectorGap(payload))
    case "search": self = .search(try VectorQuery(payload))
    case "models":
      _ = try RequestFields(payload, keys: [])
      self = .models
    case "count":
      let model = try RequestFields(payload, keys: ["model"]).json("model")
      guard let model else {
        self = .count(nil)
        return
      }
      self = .count(try VectorModel(model, at: "model."))
    default:
      throw StorageError(
        "topic: expected vectors.put, delete, missing, search, models or count, found vectors.\(name)"
      )
    }
  }
}

extension RequestFields {
  /// Bytes in base64.
  fileprivate func bytes(_ key: String) throws(StorageError) -> [UInt8] {
    guard let text = try text(key), let bytes = Base64.decode(text) else {
      throw expected("little-endian floats in base64", key)
    }
    return bytes
  }

  /// A vector in base64.
  fileprivate func vector(_ key: String, dimension: Int) throws(StorageError) -> UnitVector {
    let bytes = try bytes(key)
    do {
      return try UnitVector(littleEndian: bytes, dimension: dimension)
    } catch {
      throw StorageError("\(name(of: key)): \(error)")
    }
  }
}
