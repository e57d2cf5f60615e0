import Envelope
import TestSupport

/// An erasure under way, and what came of it.
struct TenantErasure {
  let collection: String
  let expected: (documents: Int64, vectors: Int64)
  var found: (documents: Int64, vectors: Int64) = (0, 0)
  var cursor: String?
}

extension TenantModel {
  func shelf(_ collection: String) -> TenantShelf { shelves[collection] ?? TenantShelf() }

  /// A text that others have too, with a word or without that they do not have.
  func text(_ random: inout SeededRandom) -> String {
    let text = ["reindeer eat moss", "whales eat krill", "owls eat mice"].randomElement(using: &random) ?? ""
    return Bool.random(using: &random) ? text : "\(text) \(canary)"
  }

  static func id(_ random: inout SeededRandom) -> Int { .random(in: TenantShelf.ids, using: &random) }

  mutating func document(
    _ collection: String,
    _ others: [TenantModel],
    _ random: inout SeededRandom
  ) -> Exchange {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<9: return put(collection, &random)
    case 9..<11: return delete(collection, &random)
    case 11..<13: return get(collection, Self.id(&random))
    case 13..<18: return query(collection, others, &random)
    default:
      let (filter, ids) = filter(collection, others, &random)
      return Exchange("documents.count", in: collection, .object(filter), .json(["count": .int(Int64(ids.count))]))
    }
  }

  private mutating func put(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    var counts: JSONObject = ["written": 0, "unchanged": 0, "stale": 0]
    var documents: [JSON] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let id = Self.id(&random)
      let space = Bool.random(using: &random) ? "lobby" : "attic"
      let note = Bool.random(using: &random) ? canary : "the same"
      let document = TenantShelf.Document(text: text(&random), space: space, note: note)
      counts.count(shelves[collection]?.put(id, document) ?? "")
      documents.append([
        "foreign_id": TenantShelf.name(id), "space": .string(space), "author": .string(TenantShelf.author(id)),
        "created_at": .int(TenantShelf.time(id)), "text": .string(document.text), "body": ["note": .string(note)],
      ])
    }
    return Exchange("documents.put", in: collection, ["documents": .array(documents)], .json(.object(counts)))
  }

  private mutating func delete(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    let id = Self.id(&random)
    var counts: JSONObject = ["deleted": 0, "missing": 0, "stale": 0]
    counts.count(shelves[collection]?.delete(id) ?? "")
    return Exchange("documents.delete", in: collection, ["foreign_ids": [TenantShelf.name(id)]], .json(.object(counts)))
  }

  private func get(_ collection: String, _ id: Int) -> Exchange {
    let shelf = shelf(collection)
    var answer: JSONObject = ["document": shelf.json(id)]
    if shelf.marks.contains(id) || shelf.erased.contains(id) { answer["deleted"] = .int(.max) }
    return Exchange("documents.get", in: collection, ["foreign_id": TenantShelf.name(id)], .json(.object(answer)))
  }

  // MARK: - Queries

  /// Conditions, and the ids of the documents that meet them.
  private func filter(
    _ collection: String,
    _ others: [TenantModel],
    _ random: inout SeededRandom
  ) -> (JSONObject, Set<Int>) {
    var documents = shelf(collection).documents
    var filter: JSONObject = [:]
    if Bool.random(using: &random) {
      let words = ["eat", "moss", "whales", canary] + others.map(\.canary)
      let word = words.randomElement(using: &random) ?? ""
      filter["text"] = .string(word)
      documents = documents.filter { $0.value.text.split(separator: " ").contains { $0 == word } }
    }
    let fields = fields(&random)
    for (key, value) in fields { filter[key] = value }
    return (filter, Set(documents.filter { $0.value.meets(fields, $0.key) }.keys))
  }

  /// Conditions that a document's own fields meet or do not.
  func fields(_ random: inout SeededRandom) -> JSONObject {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: ["space": "lobby"]
    case 1: ["author": .string(TenantShelf.author(Self.id(&random)))]
    default: [:]
    }
  }

  private func query(_ collection: String, _ others: [TenantModel], _ random: inout SeededRandom) -> Exchange {
    var (query, ids) = filter(collection, others, &random)
    let hasBody = Bool.random(using: &random)
    query["body"] = .bool(hasBody)
    let shelf = shelf(collection)
    return page("documents.query", collection, query, ids, others, &random) { shelf.json($0, hasBody: hasBody) }
  }

  /// A request for the first or next of some documents, by a cursor of the tenant's own or of another's.
  func page(
    _ operation: String,
    _ collection: String,
    _ request: JSONObject,
    _ ids: Set<Int>,
    _ others: [TenantModel],
    _ random: inout SeededRandom,
    _ json: @escaping (Int) -> JSON
  ) -> Exchange {
    var request = request
    let limit = Int.random(in: 1...6, using: &random)
    let isNewest = Bool.random(using: &random)
    request["limit"] = .int(Int64(limit))
    request["order"] = isNewest ? "newest" : "oldest"
    var sorted = ids.sorted { ($0 > $1) == isNewest }
    var tie: Int?
    let known = Bool.random(using: &random) ? cursors : others.flatMap(\.cursors)
    if Bool.random(using: &random), let cursor = known.randomElement(using: &random) {
      request["cursor"] = .string(cursor)
      let time = Int64(cursor.prefix { $0 != "." }) ?? 0
      // Which of one moment come behind a cursor is up to their rows, which the model does not have.
      tie = sorted.first { TenantShelf.time($0) == time }
      sorted.removeAll { isNewest ? TenantShelf.time($0) >= time : TenantShelf.time($0) <= time }
    }
    let pages = [sorted] + (tie.map { [[$0] + sorted] } ?? [])
    let expected = "one of the pages \(pages.map { $0.prefix(limit) }) of documents of its own"
    var exchange = Exchange(
      operation,
      in: collection,
      .object(request),
      .fitting(expected) { answer in
        pages.contains { page in
          answer["documents"] == .array(page.prefix(limit).map(json)) && (answer["next"] != nil) == (page.count > limit)
        }
      }
    )
    exchange.lesson = .cursor
    return exchange
  }

  // MARK: - Erasing

  mutating func beginErasure(_ collection: String) -> Exchange {
    let expected = shelves[collection]?.erase(TenantShelf.erasable) ?? (0, 0)
    let begun = TenantErasure(collection: collection, expected: expected)
    erasure = begun
    return erase(begun, cursor: nil)
  }

  func erase(_ erasure: TenantErasure, cursor: String?) -> Exchange {
    var payload: JSONObject = ["author": .string(TenantShelf.erasable)]
    payload["cursor"] = cursor.map { .string($0) }
    let expected = Exchange.Expected.fitting("a step of an erasure") { $0["erased"] != nil }
    var exchange = Exchange("documents.erase", in: erasure.collection, .object(payload), expected)
    exchange.lesson = .erasure
    return exchange
  }

  /// Has an erasure of somebody who has written nothing go on where another tenant's was.
  func replay(_ collection: String, erasure cursor: String?) -> Exchange {
    var payload: JSONObject = ["author": "somebody who is not there"]
    payload["cursor"] = cursor.map { .string($0) }
    let expected = Exchange.Expected.fitting("an erasure of nothing") { $0["erased"] == 0 && $0["vectors"] == 0 }
    return Exchange("documents.erase", in: collection, .object(payload), expected)
  }

  /// Notes how far the erasure has come; in the end returns what is wrong with it.
  mutating func erased(_ answer: JSON, _ next: String?) -> String? {
    guard var erasure else { return nil }
    erasure.found.documents += answer["erased"]?.intValue ?? 0
    erasure.found.vectors += answer["vectors"]?.intValue ?? 0
    erasure.cursor = next
    self.erasure = next == nil ? nil : erasure
    guard next == nil, !isWild, erasure.found != erasure.expected else { return nil }
    return "expected \(erasure.expected) to be erased, found \(erasure.found)"
  }
}

extension JSONObject {
  /// Counts one more.
  mutating func count(_ key: String) { self[key] = .int((self[key]?.intValue ?? 0) + 1) }
}
