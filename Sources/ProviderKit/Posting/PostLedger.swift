public import PluginKit

/// What has been begun and what is out, kept by the host, so that a wish that is delivered again is not posted again.
///
/// A wish is written down before its first part is sent, and again with the ids of its messages before it is answered.
/// Wishes of which nobody asks any more make room for others, those that are done first.
@PluginActor
public final class PostLedger {
  /// A wish that was begun.
  public struct Entry: Hashable, Sendable {
    let identity: String
    /// When it was begun, in milliseconds since 1970.
    public let began: Int64
    /// The id of the message that each part became, as far as that is known.
    public fileprivate(set) var messages: [String?]

    /// Whether all parts are out.
    public var isDone: Bool { messages.allSatisfy { $0 != nil } }
  }

  /// The most bytes of the document, which is what the host keeps in one.
  public nonisolated static let sizeMax = 32 << 10
  private static let version: Int64 = 1

  private let state: State
  private let document: String
  /// Oldest first.
  private(set) var entries: [Entry] = []
  /// Counts what changed, and how far it is written.
  private var changes = 0
  private var written = 0
  private var isWriting = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// A ledger that is kept in a document of that name.
  public init(_ state: State, document: String) {
    (self.state, self.document) = (state, document)
  }

  /// Reads what an earlier process wrote.
  ///
  /// - Throws: A `HostError`, or a `ProviderError` if the document is none of ours: nothing is posted before somebody has
  ///   looked, for what is out could be posted again.
  public func load() async throws {
    guard let found = try await state.get(document) else { return }
    guard let json = try? JSON.parse(found.bytes), json["version"]?.intValue == Self.version,
      let list = json["posts"]?.arrayValue
    else {
      throw ProviderError(
        "state \(document): expected version \(Self.version), found another; go back to the plugin that wrote it"
      )
    }
    entries = list.compactMap(Entry.init(json:))
  }

  /// What is known of a wish; nil if it is new.
  public func entry(_ identity: PostIdentity) -> Entry? { entries.first { $0.identity == identity.description } }

  /// Whether a message is known to be another wish's.
  public func isTaken(_ message: String, notBy identity: PostIdentity) -> Bool {
    entries.contains { $0.identity != identity.description && $0.messages.contains(message) }
  }

  /// Writes down that a wish is about to be sent; returns when that is durable.
  public func begin(_ identity: PostIdentity, parts: Int, at milliseconds: Int64) async throws(HostError) {
    let none = [String?](repeating: nil, count: parts)
    entries.append(Entry(identity: identity.description, began: milliseconds, messages: none))
    changes += 1
    do throws(HostError) {
      try await save()
    } catch {
      // Nothing is sent: what is forgotten here was not begun.
      entries.removeAll { $0.identity == identity.description }
      throw error
    }
  }

  /// Notes which message a part became; durable with the next `save`.
  public func note(_ identity: PostIdentity, part: Int, is message: String) {
    guard let index = entries.firstIndex(where: { $0.identity == identity.description }),
      entries[index].messages.indices.contains(part)
    else { return }
    entries[index].messages[part] = message
    changes += 1
  }

  /// Returns when all that was noted is durable; one write does for all who wait.
  public func save() async throws(HostError) {
    let wanted = changes
    while written < wanted {
      if isWriting {
        await withCheckedContinuation { waiting.append($0) }
        continue
      }
      isWriting = true
      defer {
        isWriting = false
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
      }
      let covered = changes
      try await state.put(document, bytes())
      written = max(written, covered)
    }
  }

  /// The document; if it is full, without an eighth of the wishes, those first that are done and long ago.
  private func bytes() -> [UInt8] {
    while true {
      let posts = JSON.array(entries.map(\.json))
      let bytes = JSON.object(["version": .int(Self.version), "posts": posts]).bytes()
      if bytes.count <= Self.sizeMax { return bytes }
      for _ in 0...(entries.count / 8) { entries.remove(at: entries.firstIndex(where: \.isDone) ?? 0) }
    }
  }
}

extension PostLedger.Entry {
  fileprivate init?(json: JSON) {
    guard let list = json.arrayValue, list.count > 2, let identity = list[0].stringValue, let began = list[1].intValue
    else { return nil }
    self.init(
      identity: identity,
      began: began,
      messages: list[2...].map { $0.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
    )
  }

  /// Identity, time and messages, an empty text where there is none.
  fileprivate var json: JSON {
    .array([.string(identity), .int(began)] + messages.map { .string($0 ?? "") })
  }
}
