internal import FileType
internal import PluginKit

/// What came of one attachment.
struct Finding {
  /// How it ended.
  enum State: String {
    /// Its bytes are in the storage.
    case stored
    /// The operator does not want it, or does not allow it.
    case refused
    /// It is no longer where it was.
    case gone
    /// It could not be had, and may be the next time.
    case failed
  }

  /// Bytes of a reason that are kept: a line or two.
  private static let reasonMax = 512

  var state = State.failed
  /// Why it is not stored.
  var reason: String?
  /// By its first bytes.
  var type: FileType?
  /// What its server calls it.
  var servedType: String?
  var size: Int?
  var sha256: String?
  var image: ImageSize?
  /// How it begins, if it is text.
  var text: String?

  /// Something that is not stored, and why.
  static func not(_ state: State, _ reason: String) -> Finding {
    var finding = Finding()
    finding.end(state, reason)
    return finding
  }

  /// Ends without it being stored.
  mutating func end(_ state: State, _ reason: String) {
    self.state = state
    self.reason = String(reason.prefix(Self.reasonMax))
  }

  /// The document, in which each member is named, so that none stays of what was found before.
  func document(of attachment: Attachment, _ place: AttachmentPlace, _ event: MessageEvent) -> JSON {
    let declaredType = attachment.contentType ?? servedType
    let isLie = declaredType.flatMap { declared in type.map { !$0.isCalled(declared) } }
    var document: JSONObject = [
      "foreign_id": .string(place.foreignID), "revision": .int(event.revision), "space": .string(event.space),
      "thread": .string(event.messageID),
      // What it looks like can be found; of all else there is nothing to be seen, whatever words it has.
      "content": Self.json(state == .stored && type?.isPicture == true ? sha256 : nil),
      "body": [
        "message_id": .string(event.messageID), "attachment_id": .string(attachment.urn.id),
        "urn": .string(attachment.urn.description), "url": Self.json(place.url),
        "filename": Self.json(place.filename), "state": .string(state.rawValue), "reason": Self.json(reason),
        "declared_type": Self.json(declaredType.map { String($0.prefix(Self.reasonMax)) }),
        "type": Self.json(type?.mediaType), "mislabelled": isLie.map { .bool($0) } ?? .null,
        "declared_size": attachment.size.map { .int($0) } ?? .null,
        "size": size.map { .int(Int64($0)) } ?? .null, "declared_sha256": Self.json(attachment.sha256),
        "sha256": Self.json(sha256), "width": image.map { .int(Int64($0.width)) } ?? .null,
        "height": image.map { .int(Int64($0.height)) } ?? .null,
      ],
    ]
    document["author"] = event.author.map { .string($0) }
    document["created_at"] = event.createdAt.map { .int($0) }
    document["text"] = text.map { .string($0) }
    return .object(document)
  }

  private static func json(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
