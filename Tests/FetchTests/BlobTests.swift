import Foundation
import PluginKit
import TestSupport
import Testing

@testable import Fetch

@Suite(.timeLimit(.minutes(Patience.minutes))) struct BlobTests {
  /// More than an envelope holds.
  private static let size = 200_000

  private func digest(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.digest(bytes)) }

  @Test(arguments: [
    // As text, as base64 for its bytes, as base64 for its escapes, and as a blob.
    ("/text?n=0", "body"), ("/noise?n=40000", "body_base64"), ("/text?n=40000", "body_base64"),
    ("/noise?n=48000", "blob"), ("/noise?n=49153", "blob"),
  ])
  func `an answer is given whole where it fits`(path: String, key: String) async throws {
    let fetch = try await FetchFixture()
    let answer = try await fetch.get(path)
    #expect(answer[key] != nil, "\(answer.objectValue?.keys ?? [])")
    #expect(fetch.files.count == (key == "blob" ? 1 : 0))
    try await fetch.host.stop()
  }

  @Test func `what was fetched for a tenant is forgotten, and what for another is not`() async throws {
    let fetch = try await FetchFixture()
    let sha256 = digest(WebServer.noise(Self.size))
    for tenant in ["demo", "other"] { _ = try await fetch.get("/noise?n=\(Self.size)", tenant: tenant) }
    let forget = FetchFixture.request("", name: "fetch.forget")
    #expect(try await fetch.host.request(forget) == ["forgotten": 1])
    #expect(fetch.files == ["echo.other/\(sha256)"])
    #expect(try await fetch.host.request(forget) == ["forgotten": 0])
    _ = try await fetch.get("/noise?n=\(Self.size)")
    #expect(try await fetch.read(sha256).count == 32_768)
    try await fetch.host.stop()
  }

  @Test func `a large answer is kept under its digest and read in pieces, by its tenant alone`() async throws {
    let fetch = try await FetchFixture()
    let bytes = WebServer.noise(Self.size)
    let blob = try #require(try await fetch.get("/noise?n=\(Self.size)", on: "good")["blob"])
    let sha256 = digest(bytes)
    #expect(
      blob == ["sha256": .string(sha256), "size": .int(Int64(Self.size)), "content_type": "application/octet-stream"]
    )
    #expect(fetch.files == ["echo.demo/\(sha256)"])
    var read: [UInt8] = []
    while true {
      let piece = try await fetch.read(sha256, at: read.count)
      if piece.isEmpty { break }
      read += piece
    }
    #expect(read == bytes)

    let foreign = FetchFixture.request(
      "GET http://localhost/",
      ["sha256": .string(sha256), "offset": 0, "length": 1],
      name: "fetch.read",
      tenant: "other"
    )
    #expect(await fetch.refusal(foreign)?.hasPrefix("blob \(sha256): echo.other has none of this digest") == true)
    try await fetch.host.stop()
  }

  @Test(
    arguments: [
      (["sha256": "../demo/x", "offset": 0, "length": 1], "sha256: expected 64 digits of 0-9 and a-f"),
      (
        ["sha256": "a", "offset": -1, "length": 1], "payload: expected sha256, offset from 0 and length from 1 to 32768"
      ),
      (
        ["sha256": "a", "offset": 0, "length": 32_769],
        "payload: expected sha256, offset from 0 and length from 1 to 32768"
      ),
    ] as [(JSON, String)]
  )
  func `a piece of what is no blob is refused`(payload: JSON, message: String) async throws {
    let fetch = try await FetchFixture()
    #expect(await fetch.refusal(FetchFixture.request("GET http://localhost/", payload, name: "fetch.read")) == message)
    try await fetch.host.stop()
  }

  @Test func `the oldest go when the quota is spent, and each tenant has its own`() async throws {
    let fetch = try await FetchFixture(config: ["blob_quota": 250_000])
    var digests: [String] = []
    for size in [100_000, 100_001, 100_002] {
      digests.append(try #require(try await fetch.get("/noise?n=\(size)")["blob"]?["sha256"]?.stringValue))
    }
    _ = try await fetch.get("/noise?n=200000", tenant: "other")
    #expect(try await fetch.read(digests[0]).isEmpty)
    #expect(try await fetch.read(digests[1]).count == 32_768)
    #expect(try await fetch.read(digests[2]).count == 32_768)
    #expect(fetch.files.count == 3)

    let words = "the body: expected at most 250000 bytes, which is config.blob_quota, found more"
    #expect(await fetch.refusal("/noise?n=250001")?.hasSuffix(words) == true)
    #expect(fetch.files.count == 3)
    try await fetch.host.stop()
  }

  @Test func `what breaks off leaves nothing`() async throws {
    let fetch = try await FetchFixture()
    #expect(await fetch.refusal("/half?n=100000", limit: 1 << 30, within: 1_000_000_000)?.contains("in time") == true)
    #expect(fetch.files.isEmpty)
    try await fetch.host.stop()
  }

  @Test func `the next process removes what the last left unfinished, and has the rest`() async throws {
    let fetch = try await FetchFixture()
    let sha256 = try #require(try await fetch.get("/noise?n=100000")["blob"]?["sha256"]?.stringValue)
    try await fetch.host.stop()
    try fetch.directory.write("incoming/half", [1, 2, 3])
    let next = try await FetchFixture.boot(fetch.directory, fetch.server, ["blob_quota": 150_000])
    #expect(fetch.files == ["echo.demo/\(sha256)"])
    // It counts for the quota as if this process had fetched it.
    _ = try await next.request(FetchFixture.request("GET \(fetch.server.url("/noise?n=100001")) 200000"))
    #expect(fetch.files.count == 1 && fetch.files != ["echo.demo/\(sha256)"])
    try await next.stop()
  }
}
