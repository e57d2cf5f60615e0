internal import PluginKit
internal import SQLite

extension BlobService {
  /// Answers with a piece of a blob.
  func get(_ digest: BlobDigest, _ offset: Int64, _ count: Int, _ scope: DocumentScope) throws -> Response {
    let found: BlobStore.Stored? = try stores.with(scope) { (store) throws(SQLiteError) in
      try store.blobs.find(digest, in: scope.collection)
    }
    guard let found else { throw Self.unknown(digest, scope) }
    let wanted = Int(min(Int64(count), max(0, found.size - offset)))
    guard let bytes = try BlobFiles(in: directory, scope).read(digest, at: offset, count: wanted), bytes.count == wanted
    else { throw StorageError("blob \(digest): its file is gone or not whole; put it again") }
    return Response(payload: bytes, contentType: "application/octet-stream")
  }

  /// Answers with what there is to be known about a blob, or about all that the tenant has.
  func stat(_ digest: BlobDigest?, _ scope: DocumentScope) throws(StorageError) -> JSON {
    try stores.with(scope) { (store) throws(SQLiteError) in
      guard let digest else {
        let usage = try store.blobs.usage()
        return ["bytes": .int(usage.bytes), "count": .int(usage.count), "quota": .int(quota)]
      }
      guard let found = try store.blobs.find(digest, in: scope.collection) else { return ["blob": nil] }
      let references = try store.blobs.references(to: found, in: scope.collection)
      return [
        "blob": [
          "sha256": .string("\(digest)"), "size": .int(found.size), "created_at": .int(found.createdAt),
          "references": .int(references),
        ]
      ]
    }
  }
}
