import PluginKit
import TestSupport
import Testing

/// What stands in the document of one attachment.
@Suite(.timeLimit(.minutes(Patience.minutes)))
struct FindingTests {
  private static let url = "https://cdn.example.com/a/b.bin?hm=secret"
  private static let gif = Array("GIF89a".utf8) + [16, 0, 9, 0, 0, 0, 0]

  /// What the document says of bytes that were fetched.
  private func document(
    _ bytes: [UInt8],
    served: String? = nil,
    url: String = url,
    config: JSON = [:],
    _ declared: JSONObject = [:]
  ) async throws -> JSON {
    let fixture = try await AttachmentFixture(config: config)
    fixture.serve(url, bytes, type: served)
    let event = AttachmentFixture.event([AttachmentFixture.attachment("a1", url, declared)])
    #expect(await fixture.host.handle(event) == .ack)
    try await fixture.host.stop()
    let stored = fixture.withWorld { ($0.documents["m1:a1"], !$0.blobs.isEmpty) }
    let document = try #require(stored.0)
    #expect((document["body"]?["state"] == "stored") == stored.1)
    return document
  }

  @Test func `a lie about the type is recorded, and the truth beside it`() async throws {
    let lie = try await document(Self.gif, ["content_type": "image/png; a=b"])["body"]
    #expect(lie?["declared_type"] == "image/png; a=b" && lie?["type"] == "image/gif" && lie?["mislabelled"] == true)
    #expect(lie?["width"] == 16 && lie?["height"] == 9)
    // Without a claim of the message's the server's is taken.
    let server = try await document(Array("%PDF-1.7".utf8), served: "image/gif")["body"]
    #expect(server?["declared_type"] == "image/gif" && server?["mislabelled"] == true)
    let nobody = try await document(Array("%PDF-1.7".utf8))["body"]
    #expect(nobody?["declared_type"] == .null && nobody?["mislabelled"] == .null)
  }

  @Test func `a text is found by how it begins, whole characters of it`() async throws {
    let long = String(repeating: "ä", count: 511) + "xä" + String(repeating: "never found ", count: 10)
    let document = try await document(Array(long.utf8), ["content_type": "text/plain; charset=utf-8"])
    #expect(document["text"]?.stringValue == String(repeating: "ä", count: 511) + "x")
    #expect(document["body"]?["mislabelled"] == false)
    #expect(try await self.document(Self.gif)["text"] == nil)
    #expect(try await self.document(Array("\u{feff}marked".utf8))["text"] == "marked")
  }

  @Test(
    arguments: [
      ([:], ["size": 11], "expected at most 10 bytes, declared are 11"),
      ([:], [:], "expected at most 10 bytes, found 13"),
      (["types": ["image/*"]], ["content_type": "text/html"], "its declared type is none of config.types"),
      (["bytes_max": "1KiB", "types": ["image/png"]], [:], "image/gif is none of config.types"),
      (
        ["bytes_max": "1KiB", "types": ["image/png"]], ["content_type": "IMAGE/PNG"],
        "image/gif is none of config.types"
      ),
    ] as [(JSONObject, JSONObject, String)]
  )
  func `what is not wanted is refused, and not kept`(
    config: JSONObject,
    declared: JSONObject,
    reason: String
  ) async throws {
    var config = config
    config["bytes_max"] = config["bytes_max"] ?? "10B"
    let body = try await document(Self.gif, config: .object(config), declared)["body"]
    #expect(body?["state"] == "refused" && body?["reason"]?.stringValue == reason)
  }

  @Test(
    arguments: [
      ("https://cdn.example.com/a/b%20c.png?ex=1&hm=2", "https://cdn.example.com/a/b%20c.png", "b c.png"),
      ("https://cdn.example.com:8443", "https://cdn.example.com:8443/", nil),
      ("http://cdn.example.com/%2e%2e%2fetc%00%0a", "http://cdn.example.com/%2e%2e%2fetc%00%0a", "..etc"),
      ("https://cdn.example.com/%ff", "https://cdn.example.com/%ff", nil),
      ("https://user:secret@cdn.example.com/x", nil, nil),
      ("file:///etc/passwd", nil, nil),
    ] as [(String, String?, String?)]
  )
  func `of a link stands where it led, and none of its secrets`(url: String, kept: String?, name: String?) async throws
  {
    let document = try await document([1], url: url)
    #expect(document["body"]?["url"] == (kept.map { .string($0) } ?? .null))
    #expect(document["body"]?["filename"] == (name.map { .string($0) } ?? .null))
    #expect(!document.text.contains("secret") && !document.text.contains("hm="))
    if kept == nil { #expect(document["body"]?["state"] == "refused") }
  }

  @Test func `an id that is too long is digested`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(Self.url, [1])
    let id = String(repeating: "m", count: 1_020)
    let event = AttachmentFixture.event([AttachmentFixture.attachment("a123", Self.url)], id: id)
    #expect(await fixture.host.handle(event) == .ack)
    let sha256 = Hex.encode(SHA256.digest(Array("\(id):a123".utf8)))
    #expect(fixture.body("sha256:\(sha256)")?["attachment_id"] == "a123")
    try await fixture.host.stop()
  }
}
