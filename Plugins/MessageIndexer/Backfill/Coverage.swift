internal import PluginKit

/// The ledgers of spaces, kept as documents by the storage: there are as many as spaces, and an operator can look at them.
///
/// Two jobs that walk one space at the same time may write over what the other has just proven, which costs fetching it
/// again and nothing else.
@PluginActor
struct Coverage {
  /// The collection of the storage.
  static let collection = "coverage"

  let context: Context
  let provider: String
  let tenant: String

  /// What is known of a space.
  ///
  /// - Throws: What the storage says.
  func ledger(of space: URN) async throws -> CoverageLedger {
    let answer = try await ask("get", ["foreign_id": .string(space.description)])
    guard let body = try JSON.parse(answer.payload)["document"]?["body"] else { return CoverageLedger() }
    return CoverageLedger(json: body) ?? CoverageLedger()
  }

  /// Writes what is known of a space; returns when it is durable.
  func keep(_ ledger: CoverageLedger, of space: URN) async throws {
    let document: JSON = [
      "foreign_id": .string(space.description), "space": .string(space.id), "body": ledger.json,
    ]
    _ = try await ask("put", ["documents": [document]])
  }

  private func ask(_ operation: String, _ payload: JSON) async throws -> Envelope {
    let name = "documents.\(operation)"
    let topic = try Topic(provider: provider, tenant: tenant, area: "storage", name: name)
    var request = Envelope(topic: topic.description, intent: name, payload: payload.bytes())
    request.resource = Self.collection
    return try await context.request(request)
  }
}
