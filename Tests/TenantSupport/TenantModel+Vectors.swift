import Envelope
import PluginKit
import TestSupport

extension TenantModel {
  private static let dimension = 8
  /// How far a score may be from what it should be: what floats of four bytes round.
  private static let rounding = 0.0001
  /// How far a tenant's vectors point in its own direction: far more than is rounded, and little beside the rest.
  private static let own: Float = 0.1

  /// The model that vectors are of: the same for all but for its checksum.
  private var model: JSON {
    ["name": "a model", "version": "1", "checksum": .string(canary), "dimension": .int(Int64(Self.dimension))]
  }

  private func elements(_ id: Int) -> [Float] {
    var random = SeededRandom(seed: UInt64(id))
    var elements = (0..<Self.dimension).map { _ in Float.random(in: -1...1, using: &random) }
    elements[number] += Self.own
    return elements
  }

  mutating func vector(_ collection: String, _ others: [TenantModel], _ random: inout SeededRandom) -> Exchange {
    let shelf = shelf(collection)
    switch Int.random(in: 0..<16, using: &random) {
    case 0..<6: return putVectors(collection, &random)
    case 6:
      let id = Self.id(&random)
      var counts: JSONObject = ["deleted": 0, "missing": 0]
      counts.count(shelves[collection]?.vectors.removeValue(forKey: id) == nil ? "missing" : "deleted")
      let ids: JSON = ["foreign_ids": [TenantShelf.name(id)]]
      return Exchange("vectors.delete", in: collection, ids, .json(.object(counts)))
    case 7..<9: return missing(collection, others, &random)
    case 9..<13: return search(collection, &random)
    case 13: return byAnother(collection, others, &random)
    case 14:
      let current: JSON = shelf.hasModel ? model : nil
      let expected = Exchange.Expected.fitting("its own model") { $0["current"] == current && $0["building"] == [] }
      return Exchange("vectors.models", in: collection, [:], expected)
    default:
      return Exchange("vectors.count", in: collection, [:], .json(["count": .int(Int64(shelf.vectors.count))]))
    }
  }

  private mutating func putVectors(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    var counts: JSONObject = ["written": 0, "unchanged": 0, "stale": 0]
    var vectors: [JSON] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let id = Self.id(&random)
      let right = shelf(collection).documents[id]?.text
      let text = Bool.random(using: &random) ? right ?? text(&random) : text(&random)
      counts.count(shelves[collection]?.put(vectorOf: id, text) ?? "")
      vectors.append([
        "foreign_id": TenantShelf.name(id), "content": Self.content(text), "vector": Self.base64(elements(id)),
      ])
    }
    let payload: JSON = ["model": model, "vectors": .array(vectors)]
    return Exchange("vectors.put", in: collection, payload, .json(.object(counts)))
  }

  /// What lacks a vector of the tenant's model, or of another's, of which it has none.
  private func missing(
    _ collection: String,
    _ others: [TenantModel],
    _ random: inout SeededRandom
  ) -> Exchange {
    let shelf = shelf(collection)
    let other = Bool.random(using: &random) ? others.randomElement(using: &random) : nil
    let ids = shelf.documents.keys.filter { other != nil || shelf.vectors[$0] == nil }
    let request: JSONObject = ["model": other?.model ?? model]
    return page("vectors.missing", collection, request, Set(ids), others, &random) { id in
      let text = shelf.documents[id]?.text ?? ""
      return ["foreign_id": TenantShelf.name(id), "text": .string(text), "content": Self.content(text)]
    }
  }

  private func search(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    let shelf = shelf(collection)
    // Along the tenant's own direction, or the direction of another.
    var query = (0..<Self.dimension).map { _ in Float.random(in: -0.1...0.1, using: &random) }
    query[Int.random(in: 0..<4, using: &random)] += 1
    let fields = fields(&random)
    let limit = Int.random(in: 1...12, using: &random)
    var payload = fields
    payload["vector"] = Self.base64(query)
    payload["limit"] = .int(Int64(limit))
    let found = shelf.documents.filter { shelf.vectors[$0.key] != nil && $0.value.meets(fields, $0.key) }.keys
    let scores = Dictionary(uniqueKeysWithValues: found.map { ("m\($0)", Self.cosine(query, elements($0))) })
    let best = scores.values.sorted(by: >).prefix(limit)
    let model: JSON = shelf.hasModel ? model : nil
    let expected = Exchange.Expected.fitting("the nearest of \(scores)") { answer in
      guard answer["model"] == model, let matches = answer["matches"]?.arrayValue, matches.count == best.count else {
        return false
      }
      return zip(matches, best).allSatisfy { match, score in
        guard let id = match["foreign_id"]?.stringValue, let own = scores[id], let given = match["score"]?.doubleValue
        else { return false }
        return abs(given - score) < Self.rounding && abs(given - own) < Self.rounding
      }
    }
    return Exchange("vectors.search", in: collection, .object(payload), expected)
  }

  /// A question by the name of another tenant's model.
  private func byAnother(
    _ collection: String,
    _ others: [TenantModel],
    _ random: inout SeededRandom
  ) -> Exchange {
    let other = others.randomElement(using: &random)?.model ?? model
    if Bool.random(using: &random) {
      return Exchange("vectors.count", in: collection, ["model": other], .refusal("model: expected"))
    }
    let query: JSON = ["vector": Self.base64(elements(0)), "model": other]
    return Exchange("vectors.search", in: collection, query, .refusal("model: expected"))
  }

  // MARK: - Numbers

  private static func content(_ text: String) -> JSON { .string(Hex.encode(SHA256.digest(Array(text.utf8)))) }

  private static func base64(_ elements: [Float]) -> JSON {
    let bytes = elements.flatMap { element in
      (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) }
    }
    return .string(Base64.encode(bytes))
  }

  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    func product(_ left: [Float], _ right: [Float]) -> Double {
      zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return product(left, right) / (product(left, left) * product(right, right)).squareRoot()
  }
}
