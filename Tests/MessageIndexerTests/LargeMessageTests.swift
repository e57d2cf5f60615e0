import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import MessageIndexer

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct LargeMessageTests {
  private let message: JSONObject = [
    "message_id": "m1", "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
    "created_at": "1970-01-01T00:00:07Z", "provider": "echo", "tenant": "demo",
  ]

  /// The document that the indexer makes of a message with some members more, and what it records of its loss.
  private func indexed(_ members: JSONObject, as intent: String = "SocialMessageCreated") async throws
    -> (document: JSON, record: HostRecord)
  {
    var payload = message
    for (key, value) in members { payload[key] = value }
    let envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.\(intent)",
      intent: intent,
      payload: JSON.object(payload).bytes()
    )
    try #require(envelope.payload.count <= Envelope.payloadMax)
    let host = FakeHost(MessageIndexer.self, answer: { _ in .response(["written": 1]) })
    try await host.boot()
    #expect(await host.handle(envelope) == .ack)
    try await host.stop()
    let request = try #require(host.record.requested.first?.envelope)
    #expect(request.payload.count <= FittedDocument.sizeMax + #"{"documents":[]}"#.utf8.count)
    let document = try #require(try JSON.parse(request.payload)["documents"]?.arrayValue?.first)
    let lost = host.record.measured.filter { $0.name == "messages_cut_total" }.count
    #expect(lost == (document["body"]?["truncated"] == nil ? 0 : 1))
    return (document, host.record)
  }

  private func long(_ count: Int, of text: String = "x") -> JSON {
    .string(String(repeating: text, count: count))
  }

  @Test func `a text that does not fit twice stands once, where it is searched`() async throws {
    let (document, record) = try await indexed(["text": long(60_000)])
    #expect(document["text"] == long(60_000))
    #expect(document["body"]?["text"] == .null)
    #expect(document["body"]?["message_id"] == "m1")
    #expect(record.logged.isEmpty)
  }

  @Test func `the provider's own part stays where there is room for it beside one text`() async throws {
    let (document, _) = try await indexed(["text": long(25_000), "provider_payload": long(25_000)])
    #expect(document["text"] == long(25_000))
    #expect(document["body"]?["provider_payload"] == long(25_000))
  }

  @Test func `what else is missed least goes first, and the document says so`() async throws {
    let attachments: JSON = [["urn": "urn:echo:file:demo:1", "url": "https://example.org/1"]]
    let (document, record) = try await indexed(
      ["text": long(30_000), "provider_payload": long(33_000), "attachments": attachments]
    )
    #expect(document["text"] == long(30_000))
    #expect(document["body"]?["attachments"] == attachments)
    // Null takes away what an earlier event has stored; absent would keep it.
    #expect(document["body"]?["provider_payload"] == .null)
    #expect(document["body"]?["truncated"] == ["revision": 7_000, "members": ["provider_payload"]])
    #expect(record.logged.map(\.message) == ["a message was too large to be stored whole"])
  }

  @Test func `attachments that do not fit are left out, the text is not`() async throws {
    let attachments = JSON.array(
      (0..<950).map { ["urn": "urn:echo:file:demo:\($0)", "url": "https://example.org/\($0)"] }
    )
    let (document, _) = try await indexed(["text": "hello", "attachments": attachments])
    #expect(document["text"] == "hello")
    #expect(document["body"]?["attachments"] == .null)
    #expect(document["body"]?["truncated"] == ["revision": 7_000, "members": ["attachments"]])
  }

  @Test(arguments: ["x", "\"", "é", "🦆"])
  func `a text that does not fit even alone is cut where the room ends`(letter: String) async throws {
    let each = JSON.string(letter).bytes().count - 2
    let count = 65_000 / each
    let (document, _) = try await indexed(["text": long(count, of: letter)])
    let text = try #require(document["text"]?.stringValue)
    #expect(!text.isEmpty && text.count < count)
    #expect(text == String(repeating: letter, count: text.count))
    #expect(document.bytes().count + each > FittedDocument.sizeMax)
    #expect(document["body"]?["truncated"] == ["revision": 7_000, "members": ["text"]])
  }

  @Test func `an edit that is too large is cut as well`() async throws {
    let edited: JSONObject = ["edited_at": "1970-01-01T00:00:08Z", "text": long(64_000)]
    let (document, _) = try await indexed(edited, as: "SocialMessageUpdated")
    #expect(document["body"]?["truncated"] == ["revision": 8_000, "members": ["text"]])
    #expect(document["body"]?["text"] == .null)
  }

  @Test func `a message whose names alone are too large goes to the dead letters`() async throws {
    var payload = message
    payload["message_id"] = long(40_000)
    let host = FakeHost(MessageIndexer.self)
    try await host.boot()
    let topic = "promethean.p.echo.t.demo.events.SocialMessageCreated"
    guard case .reject(let reason) = await host.handle(Envelope(topic: topic, payload: JSON.object(payload).bytes()))
    else {
      Issue.record("expected a rejection")
      return
    }
    #expect(reason.hasPrefix("payload: expected names and ids of at most 61440 bytes, found 80"))
    try await host.stop()
  }
}
