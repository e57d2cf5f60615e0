internal import PluginKit

/// What a search is answered with.
struct SearchAnswer {
  /// Bytes of the results, less what stands around them.
  private static let sizeMax = Envelope.payloadMax - 4_096
  /// What a result tells of its document.
  private static let told = ["space", "author", "thread", "created_at"]

  private var results: [JSON] = []
  private var room = sizeMax

  var count: Int { results.count }

  /// Adds a message; false: there is no room for it.
  mutating func add(_ result: Ranking.Result, _ document: JSON, explains: Bool) -> Bool {
    var json = Self.result(result.foreignID, result.score, document)
    json["text"] = document["text"]
    if explains {
      var why: JSONObject = [:]
      why["word_rank"] = result.wordRank.map { .int(Int64($0)) }
      why["vector_rank"] = result.vectorRank.map { .int(Int64($0)) }
      why["similarity"] = result.similarity.map { .double($0) }
      json["explain"] = .object(why)
    }
    return add(json)
  }

  /// Adds an attachment; false: there is no room for it.
  mutating func add(attachment foreignID: String, score: Double, _ document: JSON) -> Bool {
    var json = Self.result(foreignID, score, document)
    for key in ["message_id", "filename", "type", "sha256"] { json[key] = document["body"]?[key] }
    return add(json)
  }

  private static func result(_ foreignID: String, _ score: Double, _ document: JSON) -> JSONObject {
    var json: JSONObject = ["foreign_id": .string(foreignID), "score": .double(score)]
    for key in told { json[key] = document[key] }
    return json
  }

  private mutating func add(_ json: JSONObject) -> Bool {
    let size = JSON.object(json).bytes().count + 1
    // The first always goes: a stored document is smaller than an answer.
    guard results.isEmpty || size <= room else { return false }
    room -= size
    results.append(.object(json))
    return true
  }

  /// The answer; `model` is what the meaning was compared by, `without` why it was not.
  func json(model: JSON?, without: String?) -> JSON {
    var answer: JSONObject = ["results": .array(results), "model": model ?? .null]
    answer["without_vectors"] = without.map { .string($0) }
    return .object(answer)
  }
}
