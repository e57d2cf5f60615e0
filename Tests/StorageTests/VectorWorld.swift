import Envelope
import PluginKit
import SQLite
import TestSupport
import Testing
import VectorIndex

@testable import Storage

/// A store with documents, each with a vector but for some, and what was put there.
struct VectorWorld {
  static let dimension = 16
  /// A small number in place of 20,000, so that a graph is searched.
  static let scanMax = 500

  struct Entry {
    let id: String
    let space: String
    let author: String
    let createdAt: Int64
    let vector: UnitVector
  }

  let directory: TemporaryDirectory
  let store: DocumentStore
  var entries: [Entry] = []
  var latent = LatentVectors(dimension: VectorWorld.dimension, seed: 7)
  var random = SeededRandom(seed: 8)

  init(count: Int) throws {
    directory = try TemporaryDirectory()
    store = try DocumentStore(path: directory.file("echo.demo.sqlite"), synchronous: .normal)
    try add(0..<count)
  }

  mutating func add(_ numbers: Range<Int>) throws {
    var changes: [(String, DocumentChange)] = []
    let model = try VectorModel(Vectors.model("m", dimension: Self.dimension), at: "")
    for number in numbers {
      // One in 50 is in a rare space, and what is by its author is near nothing else.
      let space = number.isMultiple(of: 50) ? "rare" : "common"
      let entry = Entry(
        id: "\(number)",
        space: space,
        author: "author \(number % 3)",
        createdAt: Int64(number),
        vector: try UnitVector(latent.next())
      )
      let json: JSON = [
        "foreign_id": .string(entry.id), "space": .string(space), "author": .string(entry.author),
        "created_at": .int(entry.createdAt), "text": .string(entry.id),
      ]
      changes.append(("messages", .put(try DocumentPut(json, at: "", now: 0))))
      let put: JSON = [
        "model": model.json,
        "vectors": [
          [
            "foreign_id": .string(entry.id), "content": Vectors.content(entry.id),
            "vector": .string(Base64.encode(entry.vector.bytes)),
          ]
        ],
      ]
      changes.append(("messages", .putVector(try VectorPut.list(put)[0])))
      entries.append(entry)
    }
    _ = try store.apply(changes)
  }

  func model() throws -> StoredModel { try #require(try store.vectors.models(of: "messages").first) }

  /// An index of all, in memory and linked.
  func index() throws -> VectorIndex {
    let index = try VectorIndex(dimension: Self.dimension, scanMax: Self.scanMax)
    try store.vectors.forEachVector(of: model(), after: 0) { (id, vector) throws(DocumentStore.Failure) in
      (try? index.append(id, vector)) != nil
    }
    while index.wantsLinks { try index.link() }
    return index
  }

  func search(_ query: UnitVector, _ filter: JSONObject, _ limit: Int, _ index: VectorIndex?) throws
    -> VectorSearch.Result
  {
    try VectorSearch(
      store: store.vectors,
      collection: "messages",
      model: model(),
      vector: query,
      filter: DocumentFilter(RequestFields(.object(filter), keys: DocumentFilter.fieldKeys)),
      limit: limit,
      effort: VectorIndex.searchEffort
    ).run(in: index)
  }

  /// What should be found, by looking at everything that was put.
  func expected(_ query: UnitVector, _ filter: JSONObject, _ limit: Int) -> [String] {
    let matching = entries.filter { entry in
      (filter["space"].map { $0 == .string(entry.space) } ?? true)
        && (filter["author"].map { $0 == .string(entry.author) } ?? true)
        && (filter["since"].map { entry.createdAt >= $0.intValue ?? 0 } ?? true)
        && (filter["until"].map { entry.createdAt < $0.intValue ?? 0 } ?? true)
    }
    return matching.sorted { $0.vector.score(query) > $1.vector.score(query) }.prefix(limit).map(\.id)
  }
}
