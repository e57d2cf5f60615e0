import Foundation
import PluginKit
import TestSupport

@testable import Storage

/// What tests do with blobs.
extension StorageFixture {
  static let pieceMax = BlobOperation.pieceMax

  /// The digest of bytes, as requests name it.
  static func sha256(_ bytes: [UInt8]) -> JSON { .string(Hex.encode(SHA256.digest(bytes))) }

  /// Has a blob come whole; returns the answer of what ended it.
  @discardableResult
  func upload(
    _ bytes: [UInt8],
    for foreignID: String? = nil,
    tenant: String = "demo",
    collection: String = "messages"
  ) async throws -> JSON {
    var announced: JSONObject = ["sha256": Self.sha256(bytes), "size": .int(Int64(bytes.count))]
    announced["foreign_id"] = foreignID.map { .string($0) }
    let begun = try await ask("blobs.begin", .object(announced), tenant: tenant, collection: collection)
    guard let upload = begun["upload"] else { return begun }
    try await append(bytes, to: upload, tenant: tenant, collection: collection)
    return try await ask("blobs.commit", ["upload": upload], tenant: tenant, collection: collection)
  }

  /// Sends the pieces of a blob.
  func append(
    _ bytes: [UInt8],
    to upload: JSON,
    tenant: String = "demo",
    collection: String = "messages"
  ) async throws {
    for start in stride(from: 0, to: bytes.count, by: Self.pieceMax) {
      let piece = Array(bytes[start..<min(start + Self.pieceMax, bytes.count)])
      let payload: JSON = [
        "upload": upload, "offset": .int(Int64(start)), "data": .string(Base64.encode(piece)),
      ]
      try await ask("blobs.append", payload, tenant: tenant, collection: collection)
    }
  }

  /// The bytes that a `get` is answered with; nil if it is refused.
  func bytes(
    of bytes: [UInt8],
    at offset: Int = 0,
    count: Int = BlobOperation.pieceMax,
    tenant: String = "demo",
    collection: String = "messages"
  ) async -> [UInt8]? {
    let payload: JSON = [
      "sha256": Self.sha256(bytes), "offset": .int(Int64(offset)), "length": .int(Int64(count)),
    ]
    let request = Self.request("blobs.get", payload, tenant: tenant, collection: collection)
    guard case .response(let response) = await host.handle(request), !response.flags.contains(.error) else {
      return nil
    }
    return response.payload
  }

  /// How many documents refer to a blob; nil if there is none.
  func references(to bytes: [UInt8], collection: String = "messages") async throws -> Int64? {
    let answer = try await ask("blobs.stat", ["sha256": Self.sha256(bytes)], collection: collection)
    return answer["blob"]?["references"]?.intValue
  }

  /// The names of the files of a tenant's blobs; of what is coming with its directory.
  func blobFiles(tenant: String = "demo") -> Set<String> {
    let place = directory.file("echo.\(tenant).blobs")
    // What is not in a directory of these is one.
    let paths = (FileManager.default.subpaths(atPath: place) ?? []).filter { $0.contains("/") }
    return Set(paths.map { $0.hasPrefix("incoming") ? "incoming" : String($0.dropFirst(3)) })
  }
}
