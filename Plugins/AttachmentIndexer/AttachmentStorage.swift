internal import PluginKit

/// The storage of the tenant whose event is handled, as far as attachments go.
@PluginActor
struct AttachmentStorage {
  /// The collection of documents and of blobs.
  nonisolated static let collection = "attachments"
  /// Documents in a page: what an answer holds ends it first.
  private static let pageMax: Int64 = 1_000

  /// A document that is there.
  struct Known: Sendable {
    let foreignID: String
    let state: String?
    let revision: Int64
  }

  private let context: Context
  private let topic: Topic

  init(_ context: Context, _ topic: Topic) {
    self.context = context
    self.topic = topic
  }

  /// Up to which revision a message was deleted; nil if it was not.
  func deletion(of messageID: String) async throws -> Int64? {
    try await ask("documents.get", ["foreign_id": .string(messageID)])["deleted"]?.intValue
  }

  /// What is known of a message's attachments.
  func known(of messageID: String) async throws -> [Known] {
    var known: [Known] = []
    var cursor: JSON?
    repeat {
      var query: JSONObject = ["thread": .string(messageID), "limit": .int(Self.pageMax), "order": "oldest"]
      query["cursor"] = cursor
      let page = try await ask("documents.query", .object(query))
      known += (page["documents"]?.arrayValue ?? []).compactMap { document in
        guard let foreignID = document["foreign_id"]?.stringValue else { return nil }
        let state = document["body"]?["state"]?.stringValue
        return Known(foreignID: foreignID, state: state, revision: document["revision"]?.intValue ?? 0)
      }
      cursor = page["next"].flatMap { $0.isNull ? nil : $0 }
    } while cursor != nil
    return known
  }

  /// Deletes documents, and with them what they refer to.
  func delete(_ foreignIDs: [String], revision: Int64) async throws {
    // One id has a kilobyte at most, and a request 64.
    let count = 48
    for start in stride(from: 0, to: foreignIDs.count, by: count) {
      let some = foreignIDs[start..<min(start + count, foreignIDs.count)].map { JSON.string($0) }
      _ = try await ask("documents.delete", ["foreign_ids": .array(some), "revision": .int(revision)])
    }
  }

  /// Writes a document.
  func put(_ document: JSON) async throws {
    _ = try await ask("documents.put", ["documents": [document]])
  }

  /// Has bytes kept for a document, and reads them only if they are not there.
  ///
  /// - Parameters:
  ///   - sha256: Their digest.
  ///   - size: How many.
  ///   - foreignID: The document's.
  ///   - revision: The document's: what deleted it before that has no say.
  ///   - piece: Reads some from a place on; none but at the end.
  /// - Throws: Why they are not kept, or what `piece` throws.
  func keep(
    _ sha256: String,
    size: Int,
    for foreignID: String,
    revision: Int64,
    _ piece: (Int) async throws(HostError) -> [UInt8]
  ) async throws(HostError) {
    let announced: JSON = [
      "sha256": .string(sha256), "size": .int(Int64(size)), "foreign_id": .string(foreignID),
      "revision": .int(revision),
    ]
    do throws(HostError) {
      try await send(announced, size, piece)
    } catch  where error.kind == .failed {
      // A storage that was started anew, or took the place of another, knows no upload of the one before.
      try await send(announced, size, piece)
    }
  }

  private func send(
    _ announced: JSON,
    _ size: Int,
    _ piece: (Int) async throws(HostError) -> [UInt8]
  ) async throws(HostError) {
    let begun = try await ask("blobs.begin", announced)
    guard let upload = begun["upload"] else { return }
    var offset = 0
    while offset < size {
      let bytes = try await piece(offset)
      guard !bytes.isEmpty else { throw HostError(.failed, "expected \(size) bytes, found \(offset)") }
      let payload: JSON = [
        "upload": upload, "offset": .int(Int64(offset)), "data": .string(Base64.encode(bytes)),
      ]
      _ = try await ask("blobs.append", payload)
      offset += bytes.count
    }
    _ = try await ask("blobs.commit", ["upload": upload])
  }

  private func ask(_ name: String, _ payload: JSON) async throws(HostError) -> JSON {
    let place = "promethean.p.\(topic.provider).t.\(topic.tenant).storage.\(name)"
    var request = Envelope(topic: place, intent: name, payload: payload.bytes())
    request.resource = Self.collection
    let answer = try await context.request(request)
    guard let json = try? JSON.parse(answer.payload) else {
      throw HostError(.failed, "\(name): expected JSON of the storage, found another answer")
    }
    return json
  }
}
