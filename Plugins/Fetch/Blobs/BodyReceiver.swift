internal import CURL
internal import PluginKit

/// Takes an answer as it comes: a short one into memory, a long one into a blob.
///
/// Of the thread of the transfers until the transfer has ended, and then of whoever waited for it.
final class BodyReceiver: TransferReceiver, @unchecked Sendable {
  /// What came of it.
  enum Content: Sendable, Hashable {
    case text(String)
    case base64(String)
    case blob(BlobWriter.Written)
  }

  /// Bytes of a body that are kept in memory; it may yet be too long for an answer once it is written as JSON.
  static let memoryMax = 48 << 10
  /// Bytes of an answer that are left for what stands around headers and body: status, URL, digest, media type.
  private static let frame = 4 << 10

  private let incoming: String
  private let quota: Int
  private var memory: [UInt8] = []
  private var writer: BlobWriter?
  private var headers: JSON = []
  private(set) var content = Content.text("")
  /// Bytes of the body.
  private(set) var size = 0

  /// Takes an answer whose blob, if it becomes one, is begun in a directory.
  init(incoming: String, quota: Int) {
    self.incoming = incoming
    self.quota = quota
  }

  func begin(_ head: ResponseHead) throws -> Bool {
    headers = Self.json(head.headers)
    // Whoever is sent on reads nothing here.
    return !((300...399).contains(head.status) && head.value(of: "location") != nil)
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    size += bytes.count
    if writer == nil, size <= Self.memoryMax { return unsafe memory.append(contentsOf: bytes) }
    let writer = try writer ?? spill()
    try unsafe writer.write(bytes)
  }

  func finish() throws {
    if writer == nil {
      let room = Envelope.payloadMax - Self.frame - headers.bytes().count
      guard room >= 0 else { throw FetchError("the head: expected one that fits an answer, found a larger") }
      if let text = String(validating: memory, as: UTF8.self) {
        content = .text(text)
        if JSON.string(text).bytes().count <= room { return }
      }
      if (memory.count + 2) / 3 * 4 <= room {
        content = .base64(Base64.encode(memory))
        return
      }
      _ = try spill()
    }
    guard let writer else { return }
    content = .blob(try writer.finish())
    self.writer = nil
  }

  /// Removes what has come, before anybody hears that it failed.
  func discard() {
    writer = nil
  }

  private func spill() throws -> BlobWriter {
    let begun = try BlobWriter(in: incoming, sizeMax: quota)
    try unsafe memory.withUnsafeBytes { try unsafe begun.write($0) }
    memory = []
    writer = begun
    return begun
  }

  static func json(_ headers: [Transfer.Header]) -> JSON {
    .array(headers.map { [.string($0.name.lowercased()), .string($0.value)] })
  }
}
