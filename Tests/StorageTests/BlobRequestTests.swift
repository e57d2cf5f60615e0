import Glibc
import PluginKit
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct BlobRequestTests {
  private static let digest = JSON.string(String(repeating: "ab", count: 32))
  private static let noDigest = "sha256: expected a SHA-256 in 64 lower-case digits, found string"
  private static let noUpload =
    "upload: expected one that has begun and was not abandoned, found another; begin again"

  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
  }

  @Test(
    arguments: [
      ("begin", [], "payload: expected object, found empty array"),
      ("begin", [:], "sha256: expected a value, found nothing"),
      ("begin", ["sha256": digest], "size: expected a value, found nothing"),
      ("begin", ["sha256": digest, "size": -1], "size: expected integer from 0, found integer -1"),
      ("begin", ["sha256": "../../etc", "size": 1], "\(noDigest) \"../../etc\""),
      ("begin", ["sha256": "AB", "size": 1], "\(noDigest) \"AB\""),
      (
        "begin", ["sha256": digest, "size": 1, "tenant": "b"],
        "tenant: unknown; known are foreign_id, revision, sha256, size"
      ),
      (
        "begin", ["sha256": digest, "size": .int(.max)],
        "size: expected room for 9223372036854775807 bytes in blobs_quota 1073741824, found 0 bytes stored and 0 coming"
      ),
      ("append", ["upload": "x", "offset": 0, "data": "AA=="], noUpload),
      (
        "append", ["upload": "x", "offset": 0, "data": "?"],
        "data: expected 1 to 32768 bytes in base64, found string \"?\""
      ),
      (
        "append", ["upload": "x", "offset": 0, "data": ""],
        "data: expected 1 to 32768 bytes in base64, found string \"\""
      ),
      ("append", ["upload": "../x", "offset": -1], "offset: expected integer from 0, found integer -1"),
      ("commit", ["upload": "x"], noUpload),
      ("reference", ["sha256": digest], "foreign_id: expected a value, found nothing"),
      ("release", [:], "foreign_id: expected a value, found nothing"),
      ("get", ["sha256": digest, "length": 32_769], "length: expected integer from 1 to 32768, found integer 32769"),
      ("get", ["sha256": digest, "offset": -1], "offset: expected integer from 0, found integer -1"),
      ("stat", ["sha256": 7], "sha256: expected string, found integer 7"),
      (
        "put", [:],
        "topic: expected blobs.begin, append, commit, reference, release, get or stat, found blobs.put"
      ),
    ] as [(String, JSON, String)]
  )
  func `a request that is wrong is answered with what is wrong`(
    operation: String,
    payload: JSON,
    message: String
  ) async throws {
    #expect(await storage.refusal("blobs.\(operation)", payload) == message)
    #expect(storage.blobFiles().isEmpty)
    try await storage.host.stop()
  }

  @Test func `pieces come in their order, as many as were announced, and are what was announced`() async throws {
    let announced: JSON = ["sha256": StorageFixture.sha256([1, 2, 3]), "size": 3]
    let upload = try #require(try await storage.ask("blobs.begin", announced)["upload"])
    func append(_ offset: Int64, _ bytes: [UInt8]) -> JSON {
      ["upload": upload, "offset": .int(offset), "data": .string(Base64.encode(bytes))]
    }
    #expect(try await storage.ask("blobs.append", append(0, [1])) == ["offset": 1])
    #expect(await storage.refusal("blobs.append", append(0, [1])) == "offset: expected 1, found 0")
    #expect(await storage.refusal("blobs.append", append(2, [1])) == "offset: expected 1, found 2")
    #expect(
      await storage.refusal("blobs.append", append(1, [2, 3, 4])) == "data: expected at most 2 bytes more, found 3"
    )
    #expect(
      await storage.refusal("blobs.commit", ["upload": upload]) == "expected 3 bytes before the commit, found 1"
    )
    // Nobody else goes on with it, or ends it.
    #expect(await storage.refusal("blobs.append", append(1, [2]), collection: "files") == Self.noUpload)
    #expect(await storage.refusal("blobs.commit", ["upload": upload], collection: "files") == Self.noUpload)
    #expect(try await storage.ask("blobs.append", append(1, [9, 9])) == ["offset": 3])
    let refusal = await storage.refusal("blobs.commit", ["upload": upload])
    #expect(refusal?.hasPrefix("sha256: expected ") == true && refusal?.hasSuffix("; the upload is gone") == true)
    #expect(await storage.refusal("blobs.commit", ["upload": upload]) == Self.noUpload)
    #expect(storage.blobFiles().isEmpty)
    try await storage.host.stop()
  }

  @Test func `so many come at once, and no more`() async throws {
    for number in 0..<BlobUploads.countMax {
      let bytes = [UInt8(number)]
      try await storage.ask("blobs.begin", ["sha256": StorageFixture.sha256(bytes), "size": 1])
    }
    let one: JSON = ["sha256": StorageFixture.sha256([99]), "size": 1]
    #expect(
      await storage.refusal("blobs.begin", one) == "expected at most 16 uploads at once, found 16; ask again later"
    )
    #expect(try await storage.ask("blobs.begin", one, tenant: "other")["stored"] == false)
    try await storage.host.stop()
  }

  @Test func `a directory that cannot be written is answered, and documents go on`() async throws {
    // Where the directory should be there is a file.
    try storage.directory.write("echo.demo.blobs", [])
    let one: JSON = ["sha256": StorageFixture.sha256([1]), "size": 1]
    #expect(await storage.refusal("blobs.begin", one) == "no blob can be kept: Not a directory")
    #expect(try await storage.put(["foreign_id": "a"])["written"] == 1)
    #expect(try await storage.ask("blobs.begin", one, tenant: "other")["stored"] == false)
    try await storage.host.stop()
  }
}
