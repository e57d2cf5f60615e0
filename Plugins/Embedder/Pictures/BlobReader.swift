internal import PluginKit

/// Reads blobs of a tenant's from the storage.
@PluginActor
struct BlobReader {
  /// Bytes of a piece, as many as the storage gives at once.
  private static let pieceMax = 32 << 10

  let context: Context

  /// How many bytes a blob has; nil: the tenant's collection has none of that name.
  func size(of blob: BlobName, for tenant: TenantName) async throws(HostError) -> Int? {
    let answer = try await context.ask(
      "storage.blobs.stat",
      for: tenant,
      resource: blob.collection,
      ["sha256": .string(blob.sha256)]
    )
    return (answer["blob"]?["size"]?.intValue).map(Int.init)
  }

  /// All bytes of a blob.
  func bytes(of blob: BlobName, size: Int, for tenant: TenantName) async throws(HostError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while bytes.count < size {
      let piece: JSON = [
        "sha256": .string(blob.sha256), "offset": .int(Int64(bytes.count)),
        "length": .int(Int64(min(Self.pieceMax, size - bytes.count))),
      ]
      let topic = "promethean.p.\(tenant.provider).t.\(tenant.tenant).storage.blobs.get"
      var request = Envelope(topic: topic, intent: "storage.blobs.get", payload: piece.bytes())
      request.resource = blob.collection
      let found = try await context.request(request).payload
      guard !found.isEmpty else { throw HostError(.failed, "expected \(size) bytes, found \(bytes.count)") }
      bytes += found
    }
    return bytes
  }
}
