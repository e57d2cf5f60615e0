internal import FileType
internal import PluginKit

/// Has one attachment fetched, looks at its first bytes, and has it kept.
///
/// It holds one piece of it at a time. Only first bytes are looked at: nothing is decoded, and decompressed is what the
/// server has compressed for the way, within the cap of the grant.
@PluginActor
final class AttachmentFetcher {
  /// Bytes of a text that its document has, to be found by.
  private static let textMax = 1_024

  private let context: Context
  private let settings: Settings
  private let places: ConcurrencyLimit

  init(context: Context, settings: Settings) {
    self.context = context
    self.settings = settings
    places = ConcurrencyLimit(settings.concurrency)
  }

  /// Fetches an attachment and has it kept for its document.
  ///
  /// - Throws: When the event is to come again, since nothing can be said of the attachment now.
  func find(
    _ attachment: Attachment,
    _ place: AttachmentPlace,
    revision: Int64,
    _ storage: AttachmentStorage
  ) async throws -> Finding {
    guard WebURL(attachment.url) != nil else {
      return .not(.refused, "expected an http or https URL of printable ASCII without a user")
    }
    if let size = attachment.size, size > settings.bytesMax {
      return .not(.refused, "expected at most \(settings.bytesMax) bytes, declared are \(size)")
    }
    if let declared = attachment.contentType, !settings.allows(FileType.essence(of: declared)) {
      return .not(.refused, "its declared type is none of config.types")
    }
    try await enter()
    defer { places.leave() }
    let timeout = Int64(settings.timeout / .nanoseconds(1))
    let end = context.clock.now.nanoseconds + timeout
    var isAgain = false
    while true {
      do throws(HostError) {
        let left = end - context.clock.now.nanoseconds
        let request = FetchRequest("GET", attachment.url, timeout: .nanoseconds(left))
        return try await look(at: context.fetch(request), place, revision: revision, storage)
      } catch {
        switch error.kind {
        // A service that ends fails what it has under way, and is not there when it is asked again. What was slow is not
        // asked again: half of the time would not do.
        case .failed where !isAgain && end - context.clock.now.nanoseconds > timeout / 2: isAgain = true
        // Nobody serves it now, or the instance is stopping: nothing of that is the attachment's.
        case .unavailable, .cancelled: throw error
        case .denied: return .not(.refused, error.message)
        case .timeout: return .not(.failed, "expected an answer within \(settings.timeout), found none")
        case .failed, .invalid, .notFound, .conflict: return .not(.failed, error.message)
        }
      }
    }
  }

  private func look(
    at response: FetchResponse,
    _ place: AttachmentPlace,
    revision: Int64,
    _ storage: AttachmentStorage
  ) async throws(HostError) -> Finding {
    var finding = Finding()
    switch response.status {
    case 200...299: break
    case 401, 403, 404, 410:
      finding.end(.gone, "answered with status \(response.status)")
      return finding
    default:
      finding.end(.failed, "answered with status \(response.status)")
      return finding
    }
    finding.servedType = response.header("content-type")
    let head: [UInt8]
    let size: Int
    switch response.body {
    case .bytes(let bytes):
      (head, size) = (bytes, bytes.count)
      finding.sha256 = Hex.encode(SHA256.digest(bytes))
    case .blob(let blob):
      (head, size) = (try await context.read(blob, at: 0), blob.size)
      finding.sha256 = blob.sha256
    }
    finding.size = size
    let type = FileType(head: head, isWhole: head.count == size)
    finding.type = type
    finding.image = ImageSize(head: head, type: type)
    guard size <= settings.bytesMax else {
      finding.end(.refused, "expected at most \(settings.bytesMax) bytes, found \(size)")
      return finding
    }
    guard settings.allows(type.mediaType) else {
      finding.end(.refused, "\(type.mediaType) is none of config.types")
      return finding
    }
    do throws(HostError) {
      let sha256 = finding.sha256 ?? ""
      try await storage.keep(sha256, size: size, for: place.foreignID, revision: revision) {
        (offset) throws(HostError) in
        switch response.body {
        case .bytes(let bytes): Array(bytes[offset..<min(offset + Context.blobPieceMax, bytes.count)])
        case .blob(let blob): offset == 0 ? head : try await context.read(blob, at: offset)
        }
      }
    } catch {
      guard error.kind == .failed else { throw error }
      // What it is, is known.
      finding.end(.failed, error.message)
      return finding
    }
    finding.state = .stored
    if type == .text { finding.text = Self.beginning(of: head) }
    return finding
  }

  /// Returns when it is the attachment's turn.
  ///
  /// - Throws: When that takes too long; the event comes again, and others have theirs meanwhile.
  private func enter() async throws {
    let isIn = try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask { try await self.turn() }
      group.addTask { try await self.patience() }
      let isIn = try await group.next() ?? false
      group.cancelAll()
      // It may have come in between, and then goes in.
      var isLate = false
      while let other = await group.nextResult() { if case .success(true) = other { isLate = true } }
      return isIn || isLate
    }
    if !isIn { throw HostError(.unavailable, "no turn to fetch within \(settings.timeout): too many others are slow") }
  }

  /// True when it is the next one's turn.
  private func turn() async throws -> Bool {
    try await places.enter()
    return true
  }

  /// False when it has waited for long enough.
  private func patience() async throws -> Bool {
    try await context.clock.sleep(for: settings.timeout)
    return false
  }

  /// The first words of a text, up to a whole character.
  private static func beginning(of head: [UInt8]) -> String {
    let bytes = head.prefix(textMax)
    for cut in 0...3 {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) {
        return text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text
      }
    }
    return ""
  }
}
