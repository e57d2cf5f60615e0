import Envelope
import PluginKit
import TestSupport

/// A blob that is coming.
struct TenantUpload {
  var name = ""
  let collection: String
  let content: Int
  /// The document that is to refer to it.
  let referrer: Int?
  var received = 0
}

extension TenantModel {
  /// How many blobs of one tenant come at once.
  private static let uploadsMax = 16
  /// Bytes of a piece.
  private static let pieceMax = 32 << 10
  /// The contents; all tenants have the first of them, and each has its own last.
  private static let contents = 0..<4

  /// The bytes of a content: one of them comes in two pieces.
  private func bytes(_ content: Int) -> [UInt8] {
    guard content != Self.contents.upperBound else { return Array("what belongs to \(canary)".utf8) }
    return [UInt8](repeating: UInt8(content), count: [1, 300, 40_000, 5][content])
  }

  private func digest(_ content: Int) -> JSON { .string(Hex.encode(SHA256.digest(bytes(content)))) }

  private static func content(_ random: inout SeededRandom) -> Int {
    .random(in: contents.lowerBound...contents.upperBound, using: &random)
  }

  mutating func blob(_ collection: String, _ others: [TenantModel], _ random: inout SeededRandom) -> Exchange {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<5: begin(collection, &random)
    case 5..<12: goOn(&random) ?? begin(collection, &random)
    case 12: replay(collection, others, &random)
    case 13: reference(collection, &random)
    case 14: release(collection, &random)
    case 15..<18: get(collection, others, &random)
    default: stat(collection, &random)
    }
  }

  // MARK: - Coming

  private mutating func begin(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    let content = Self.content(&random)
    // One who may be erased would take a blob away that is still coming.
    let id = Self.id(&random)
    let referrer = TenantShelf.author(id) == TenantShelf.erasable ? nil : id
    var payload: JSONObject = ["sha256": digest(content), "size": .int(Int64(bytes(content).count))]
    payload["foreign_id"] = referrer.map(TenantShelf.name)
    let expected: Exchange.Expected
    if shelf(collection).blobs[content] != nil {
      var answer: JSONObject = ["stored": true]
      answer["reference"] = refer(referrer, to: content, collection)
      expected = .json(.object(answer))
    } else if uploads.count >= Self.uploadsMax {
      expected = .refusal("expected at most \(Self.uploadsMax) uploads at once")
    } else {
      expected = .fitting("an upload that begins") { $0["stored"] == false && $0["offset"] == 0 }
    }
    var exchange = Exchange("blobs.begin", in: collection, .object(payload), expected)
    exchange.lesson = .upload(TenantUpload(collection: collection, content: content, referrer: referrer))
    return exchange
  }

  private mutating func refer(_ id: Int?, to content: Int, _ collection: String) -> JSON? {
    guard let id, let outcome = shelves[collection]?.refer(id, to: content) else { return nil }
    return .string(outcome)
  }

  /// The next piece of what is coming, or its end.
  private mutating func goOn(_ random: inout SeededRandom) -> Exchange? {
    guard let index = uploads.indices.randomElement(using: &random) else { return nil }
    let upload = uploads[index]
    let bytes = bytes(upload.content)
    let name = JSON.string(upload.name)
    guard upload.received == bytes.count else {
      if Int.random(in: 0..<10, using: &random) == 0 {
        return Exchange("blobs.commit", in: upload.collection, ["upload": name], .refusal("bytes before the commit"))
      }
      let piece = Array(bytes[upload.received..<min(upload.received + Self.pieceMax, bytes.count)])
      uploads[index].received += piece.count
      let payload: JSON = [
        "upload": name, "offset": .int(Int64(upload.received)), "data": .string(Base64.encode(piece)),
      ]
      let expected: JSON = ["offset": .int(Int64(uploads[index].received))]
      return Exchange("blobs.append", in: upload.collection, payload, .json(expected))
    }
    uploads.remove(at: index)
    var answer: JSONObject = ["sha256": digest(upload.content), "size": .int(Int64(bytes.count))]
    if shelf(upload.collection).blobs[upload.content] == nil {
      shelves[upload.collection]?.blobs[upload.content] = []
    }
    answer["reference"] = refer(upload.referrer, to: upload.content, upload.collection)
    return Exchange("blobs.commit", in: upload.collection, ["upload": name], .json(.object(answer)))
  }

  /// Has what comes for another tenant go on, or for another collection.
  private func replay(
    _ collection: String,
    _ others: [TenantModel],
    _ random: inout SeededRandom
  ) -> Exchange {
    let foreign = others.flatMap(\.uploads) + uploads.filter { $0.collection != collection }
    let upload = foreign.randomElement(using: &random) ?? TenantUpload(collection: "", content: 0, referrer: nil)
    let name = JSON.string(upload.name.isEmpty ? "none" : upload.name)
    let refusal = Exchange.Expected.refusal("upload: expected one that has begun")
    if Bool.random(using: &random) { return Exchange("blobs.commit", in: collection, ["upload": name], refusal) }
    let payload: JSON = ["upload": name, "offset": .int(Int64(upload.received)), "data": "AAAA"]
    return Exchange("blobs.append", in: collection, payload, refusal)
  }

  // MARK: - There

  private mutating func reference(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    let (id, content) = (Self.id(&random), Self.content(&random))
    let payload: JSON = ["foreign_id": TenantShelf.name(id), "sha256": digest(content)]
    // Of what was erased nobody says when the blob goes.
    guard shelf(collection).blobs[content] != nil, !shelf(collection).erased.contains(id) else {
      return stat(collection, &random)
    }
    let expected: JSON = ["reference": refer(id, to: content, collection) ?? nil]
    return Exchange("blobs.reference", in: collection, payload, .json(expected))
  }

  private mutating func release(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    let id = Self.id(&random)
    let one = Bool.random(using: &random) ? Self.content(&random) : nil
    var payload: JSONObject = ["foreign_id": TenantShelf.name(id)]
    payload["sha256"] = one.map(digest)
    var count: Int64 = 0
    for content in shelf(collection).blobs.keys where (one ?? content) == content {
      if shelves[collection]?.blobs[content]?.remove(id) != nil { count += 1 }
    }
    return Exchange("blobs.release", in: collection, .object(payload), .json(["released": .int(count)]))
  }

  /// The bytes of a blob, or of one that only another tenant has.
  private func get(_ collection: String, _ others: [TenantModel], _ random: inout SeededRandom) -> Exchange {
    let foreign = Int.random(in: 0..<4, using: &random) == 0 ? others.randomElement(using: &random) : nil
    let content = foreign == nil ? Self.content(&random) : Self.contents.upperBound
    let digest = (foreign ?? self).digest(content)
    guard foreign == nil, shelf(collection).blobs[content] != nil else {
      return Exchange("blobs.get", in: collection, ["sha256": digest], .refusal("has none of this digest"))
    }
    let all = bytes(content)
    let offset = Int.random(in: 0...all.count, using: &random)
    let piece = Array(all[offset..<min(offset + Self.pieceMax, all.count)])
    let payload: JSON = ["sha256": digest, "offset": .int(Int64(offset))]
    return Exchange("blobs.get", in: collection, payload, .bytes(piece))
  }

  private func stat(_ collection: String, _ random: inout SeededRandom) -> Exchange {
    guard Bool.random(using: &random) else {
      let contents = Set(shelves.values.flatMap(\.blobs.keys))
      let size = contents.reduce(0) { $0 + bytes($1).count }
      let expected = Exchange.Expected.fitting("\(contents.count) blobs of \(size) bytes") {
        $0["bytes"] == .int(Int64(size)) && $0["count"] == .int(Int64(contents.count))
      }
      return Exchange("blobs.stat", in: collection, [:], expected)
    }
    let content = Self.content(&random)
    let references = shelf(collection).blobs[content].map { JSON.int(Int64($0.count)) }
    let expected = Exchange.Expected.fitting("\(references?.text ?? "no blob and its") references") {
      $0["blob"]?["references"] == references
    }
    return Exchange("blobs.stat", in: collection, ["sha256": digest(content)], expected)
  }
}
