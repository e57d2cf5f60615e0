import Envelope
import PluginKit
import TestSupport
import Testing
import VectorIndex

@testable import Storage

/// What tests of vectors use.
enum Vectors {
  static let model = model("first")
  static let other = model("second")

  static func model(_ name: String, dimension: Int = 3) -> JSON {
    ["name": .string(name), "version": "1", "checksum": "c0ffee", "dimension": .int(Int64(dimension))]
  }

  static func content(_ text: String) -> JSON { .string(VectorContent(of: text).text) }

  static func base64(_ elements: [Float]) -> JSON {
    .string(
      Base64.encode(
        elements.flatMap { element in (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) } }
      )
    )
  }

  /// A vector of a text for a put.
  static func vector(_ id: String, _ text: String, _ elements: [Float]) -> JSON {
    ["foreign_id": .string(id), "content": content(text), "vector": base64(elements)]
  }

  static func written(_ written: Int64, unchanged: Int64 = 0, stale: Int64 = 0) -> JSON {
    ["written": .int(written), "unchanged": .int(unchanged), "stale": .int(stale)]
  }
}

extension StorageFixture {
  func put(
    vectors: JSON...,
    model: JSON = Vectors.model,
    tenant: String = "demo",
    collection: String = "messages"
  ) async throws -> JSON {
    try await ask(
      "vectors.put",
      ["model": model, "vectors": .array(vectors)],
      tenant: tenant,
      collection: collection
    )
  }

  /// The foreign ids of what is near, the nearest first.
  func near(
    _ elements: [Float],
    _ query: JSONObject = [:],
    tenant: String = "demo",
    collection: String = "messages"
  ) async throws -> [String] {
    var query = query
    query["vector"] = Vectors.base64(elements)
    let answer = try await ask("vectors.search", .object(query), tenant: tenant, collection: collection)
    return answer["matches"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
  }

  /// The foreign ids of the documents that lack a vector.
  func missing(_ model: JSON = Vectors.model, _ more: JSONObject = [:]) async throws -> [String] {
    var request = more
    request["model"] = model
    let answer = try await ask("vectors.missing", .object(request))
    return answer["documents"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
  }

  /// Asks until there is an answer that is wanted: what is done in steps is done between requests.
  func until(_ operation: String, _ payload: JSON = [:], _ isWanted: (JSON) -> Bool) async throws -> JSON {
    while true {
      let answer = try await ask(operation, payload)
      if isWanted(answer) { return answer }
    }
  }
}
