internal import PluginKit
internal import ProviderKit

/// Gets the files of a wish from the Fetch service, as the grant `http.fetch` allows.
///
/// A file that cannot be had holds back nothing: the message goes without it, and a loss says why. A URL is not written
/// into the text instead, since it may hold a credential.
@PluginActor
struct AttachmentLoader {
  /// The most files of a message.
  static let countMax = 10
  /// The most bytes of a message's files together: they are in memory, twice while they are sent.
  static let totalMax = 32 << 20

  let context: Context
  let account: Account
  /// The most bytes of one file.
  let fileMax: Int

  /// What was to be had, and what was not.
  struct Loaded {
    var files: [PostFile] = []
    var losses: [Loss] = []
  }

  /// Why a file does not go along.
  private struct Missing: Error {
    let reason: String
  }

  /// Gets the files of a wish, at most so many.
  ///
  /// - Throws: `CancellationError` if the instance stops.
  func load(_ attachments: [PostMessage.Attachment], at most: Int) async throws -> Loaded {
    var loaded = Loaded()
    for (index, attachment) in attachments.enumerated() {
      do throws(Missing) {
        guard loaded.files.count < most else { throw Missing(reason: "expected at most \(most) files of a message") }
        let file = try await file(attachment)
        guard loaded.files.reduce(file.bytes.count, { $0 + $1.bytes.count }) <= Self.totalMax else {
          throw Missing(reason: "expected at most \(Self.totalMax) bytes of all files of a message, found more")
        }
        loaded.files.append(file)
      } catch {
        try Task.checkCancellation()
        loaded.losses.append(Loss("attachments[\(index)]", error.reason))
      }
    }
    return loaded
  }

  private func file(_ attachment: PostMessage.Attachment) async throws(Missing) -> PostFile {
    guard let text = attachment.url else {
      throw Missing(reason: "expected a url beside the urn: a file is read by the grant for where it came from")
    }
    guard let url = WebURL(text) else { throw Missing(reason: "url: expected http or https, of printable ASCII") }
    if let blob = attachment.urn, blob.kind == "blob" {
      guard blob.provider == account.provider, blob.tenant == account.tenant else {
        throw Missing(reason: "urn: expected a blob of \(account), found one of \(blob.provider)/\(blob.tenant)")
      }
      if let bytes = try await read(blob.id, of: url) { return file(bytes, url, attachment.contentType ?? "") }
    }
    return try await fetch(url, attachment.contentType)
  }

  private func fetch(_ url: WebURL, _ contentType: String?) async throws(Missing) -> PostFile {
    let response = try await asking(url) { () async throws(HostError) in
      try await context.fetch(FetchRequest("GET", url.description))
    }
    guard response.status == 200 else {
      throw Missing(reason: "\(url.origin): expected status 200, found \(response.status)")
    }
    if case .blob(let blob) = response.body { try check(blob.size) }
    let bytes = try await asking(url) { () async throws(HostError) in try await context.bytes(of: response) }
    try check(bytes.count)
    return file(bytes, url, contentType ?? response.header("content-type") ?? "")
  }

  private func asking<Value>(
    _ url: WebURL,
    _ body: () async throws(HostError) -> Value
  ) async throws(Missing) -> Value {
    do throws(HostError) {
      return try await body()
    } catch {
      let advice = error.kind == .denied ? "; grant http.fetch: \"GET \(url.origin)/*\" to \(context.pluginID)" : ""
      throw Missing(reason: "\(error.message)\(advice)")
    }
  }

  /// The bytes of a blob, piece by piece; nil if it is not there any more, and must be fetched again.
  private func read(_ sha256: String, of url: WebURL) async throws(Missing) -> [UInt8]? {
    var bytes: [UInt8] = []
    while true {
      var envelope = Envelope(topic: account.topic("http", "fetch.read"), intent: "fetch.read")
      envelope.resource = "GET \(url)"
      let piece: JSON = [
        "sha256": .string(sha256), "offset": .int(Int64(bytes.count)), "length": .int(Int64(Context.blobPieceMax)),
      ]
      envelope.payload = piece.bytes()
      guard let found = try? await context.request(envelope).payload else { return nil }
      bytes += found
      try check(bytes.count)
      if found.count < Context.blobPieceMax { return bytes }
    }
  }

  private func check(_ size: Int) throws(Missing) {
    guard size <= fileMax else {
      throw Missing(reason: "expected at most \(fileMax) bytes, which is config.file_max, found \(size)")
    }
  }

  private func file(_ bytes: [UInt8], _ url: WebURL, _ contentType: String) -> PostFile {
    PostFile(name: PostFile.name(of: url, contentType: contentType), contentType: contentType, bytes: bytes)
  }
}
