import Envelope
import TestSupport

/// A tenant that has with all others in common what tenants can have in common, and says what it may ever be answered.
///
/// The foreign ids are the same, and half of the texts and blobs; the rest has the tenant's canary in it. The vectors
/// differ by little, and each tenant's in a direction of its own.
package struct TenantModel {
  package let provider: String
  package let tenant: String
  /// A word that nobody else has.
  package let canary: String
  /// Which of the tenants it is.
  let number: Int
  /// Whether its requests are spoilt on the way, so that nobody knows what is right.
  package let isWild: Bool

  /// By name; one that only looks like a path of another.
  var shelves = ["messages": TenantShelf(), "messages__attic": TenantShelf()]
  var uploads: [TenantUpload] = []
  /// What came of an erasure so far, if one is under way.
  var erasure: TenantErasure?
  /// What answers gave as `next`, which others try too.
  var cursors: [String] = []
  var erasureCursors: [String] = []

  package init(_ provider: String, _ tenant: String, number: Int, isWild: Bool = false, seed: UInt64) {
    (self.provider, self.tenant, self.number, self.isWild) = (provider, tenant, number, isWild)
    var random = SeededRandom(seed: seed &+ UInt64(number))
    canary = "canary" + String(random.next() | 1 << 63, radix: 36)
  }

  /// The storage has ended and is there again: what was coming is gone.
  package mutating func restart() { uploads = [] }

  // MARK: - Requests

  /// The next request, of any kind, with what others' answers gave where that may be tried.
  mutating func next(_ others: [TenantModel], _ random: inout SeededRandom) -> Exchange {
    if let erasure { return erase(erasure, cursor: erasure.cursor) }
    let collection = shelves.keys.sorted().randomElement(using: &random) ?? "messages"
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<40: return document(collection, others, &random)
    case 40..<65: return vector(collection, others, &random)
    case 65..<95: return blob(collection, others, &random)
    case 95..<97: return hostile(&random)
    case 97..<99:
      let cursor = others.flatMap(\.erasureCursors).randomElement(using: &random)
      return replay(collection, erasure: cursor)
    default: return beginErasure(collection)
    }
  }

  /// A collection that is none, however much it looks like one.
  private func hostile(_ random: inout SeededRandom) -> Exchange {
    let other = "\(provider).\(tenant)"
    let names = [
      "../messages", "messages/../messages", "..", ".", "/", "", "messages/", "%6dessages", "messages%00", "Messages",
      "MESSAGES", "m\u{435}ssages", "messages\u{301}", "\u{ff4d}essages", "messages\u{200b}", "_messages", "__", "a.b",
      other, "\(other).messages", "\(other).blobs", "messages\n", "messages'--",
    ]
    let operation = ["documents.query", "vectors.count", "blobs.stat"].randomElement(using: &random) ?? ""
    return Exchange(operation, in: names.randomElement(using: &random) ?? "", [:], .refusal(""))
  }

  // MARK: - Answers

  /// Takes an answer; returns why it is not what it must be, nil if it is.
  mutating func heard(_ answer: TenantAnswer, to exchange: Exchange, _ others: [TenantModel]) -> String? {
    if let other = others.first(where: { answer.text.contains($0.canary) && !exchange.says($0.canary) }) {
      return "the canary of \(other.provider)/\(other.tenant) is in \(answer)"
    }
    let complaint = exchange.complaint(about: answer)
    guard case .json(let json) = answer else {
      if isWild { erasure = nil }
      return complaint
    }
    let next = json["next"]?.stringValue
    switch exchange.lesson {
    case .nothing: break
    case .cursor: if let next { cursors = cursors.suffix(20) + [next] }
    case .upload(var upload):
      if let name = json["upload"]?.stringValue {
        upload.name = name
        uploads.append(upload)
      }
    case .erasure:
      if let next { erasureCursors = erasureCursors.suffix(20) + [next] }
      return complaint ?? erased(json, next)
    }
    return complaint
  }
}
