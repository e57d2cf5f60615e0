import Envelope
import Foundation
import TestSupport

/// Tenants of two providers with the same ids, texts and blobs, who all ask at once, and one of whom spoils requests.
package struct TenantTrial {
  /// What was wrong, with what it takes to see it again.
  package struct Complaint: Error, CustomStringConvertible {
    package let description: String
  }

  /// The names are such that those of files could be taken for each other's.
  package static let names = [("north", "demo"), ("north", "demo-demo"), ("north-demo", "demo"), ("south", "demo")]

  package private(set) var tenants: [TenantModel]
  private let seed: UInt64
  private var random: SeededRandom
  private var steps = 0

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    tenants = Self.names.enumerated().map { number, name in
      TenantModel(name.0, name.1, number: number, isWild: number == Self.names.count - 1, seed: seed)
    }
  }

  /// Has some tenant ask something.
  ///
  /// - Parameter ask: Takes the request to the storage.
  /// - Throws: `Complaint` when the answer is not the one that the tenant must have.
  package mutating func step(
    _ ask: (_ tenant: TenantModel, _ request: Exchange) async throws -> TenantAnswer
  ) async throws {
    steps += 1
    let index = Int.random(in: tenants.indices, using: &random)
    let others = tenants.indices.filter { $0 != index }.map { tenants[$0] }
    var exchange = tenants[index].next(others, &random)
    if tenants[index].isWild { exchange.spoil(others, &random) }
    let answer = try await ask(tenants[index], exchange)
    guard let complaint = tenants[index].heard(answer, to: exchange, others) else { return }
    throw Complaint(
      description: """
        seed \(seed), step \(steps), \(tenants[index].provider)/\(tenants[index].tenant) asks \(exchange.operation) \
        in \(exchange.collection) with \(String(decoding: exchange.payload.prefix(1_000), as: UTF8.self)): \(complaint)
        """
    )
  }

  /// Whether the storage is to end now and to begin again, which is drawn.
  package mutating func restarts(every count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  /// Notes that the storage has ended and begun again.
  package mutating func restart() {
    for index in tenants.indices { tenants[index].restart() }
  }

  /// Looks through the files of the tenants.
  ///
  /// - Parameter directory: The storage's.
  /// - Throws: `Complaint` when another's canary is in one, or the tenant's own in none.
  package func check(_ directory: String) throws {
    let manager = FileManager.default
    let names = try manager.subpathsOfDirectory(atPath: directory).filter { name in
      try manager.attributesOfItem(atPath: "\(directory)/\(name)")[.type] as? FileAttributeType == .typeRegular
    }
    for tenant in tenants {
      let own = names.filter { $0.hasPrefix("\(tenant.provider).\(tenant.tenant).") }
      let texts = try own.map {
        (name: $0, text: String(decoding: try FileBytes.read("\(directory)/\($0)"), as: UTF8.self))
      }
      guard texts.contains(where: { $0.text.contains(tenant.canary) }) else {
        throw Complaint(description: "seed \(seed): \(tenant.provider)/\(tenant.tenant) has no file with its canary")
      }
      for other in tenants where other.number != tenant.number {
        guard let found = texts.first(where: { $0.text.contains(other.canary) }) else { continue }
        throw Complaint(
          description: "seed \(seed): the canary of \(other.provider)/\(other.tenant) is in \(found.name)"
        )
      }
    }
  }
}

extension Exchange {
  /// Makes something of a request that nobody meant: with other bytes, cut, with another's tokens, of another operation.
  fileprivate mutating func spoil(_ others: [TenantModel], _ random: inout SeededRandom) {
    expected = .anything
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        guard let place = payload.indices.randomElement(using: &random) else { break }
        payload[place] = UInt8.random(in: 0...255, using: &random)
      }
    case 1: payload.removeLast(Int.random(in: 0...payload.count, using: &random))
    case 2: payload = payload + payload
    case 3:
      operation =
        ["documents.query", "documents.erase", "vectors.missing", "vectors.search", "blobs.commit", "blobs.get"]
        .randomElement(using: &random) ?? operation
    case 4:
      guard var object = (try? JSON.parse(payload))?.objectValue else { break }
      let cursors = others.flatMap { $0.cursors + $0.erasureCursors }
      if let cursor = cursors.randomElement(using: &random) { object["cursor"] = .string(cursor) }
      let uploads = others.flatMap(\.uploads)
      if let upload = uploads.randomElement(using: &random) { object["upload"] = .string(upload.name) }
      payload = JSON.object(object).bytes()
    default: break
    }
  }
}
