import Envelope
import Foundation
import Testing

/// Messages that people wrote, one JSON object a line; not part of the package, so tested where they are found.
private let messages: [UInt8]? = {
  let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let given = ProcessInfo.processInfo.environment["PROMETHEAN_SHARED"].map { URL(filePath: $0) }
  let folder = given ?? package.deletingLastPathComponent().appending(path: "shared")
  return (try? Data(contentsOf: folder.appending(path: "data/messages.ndjson"))).map { [UInt8]($0) }
}()

@Suite("Real messages", .enabled(if: messages != nil, "needs ../shared/data/messages.ndjson, or PROMETHEAN_SHARED"))
struct RealMessagesTests {
  @Test func `every line is read as Foundation reads it, and comes back`() throws {
    let lines = try #require(messages).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == 1739)
    for line in lines {
      let value = try JSON.parse(line)
      #expect(try JSON.parse(value.bytes()).bytes() == value.bytes())
      let theirs = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      #expect(Set(value.objectValue?.keys ?? []) == Set(theirs.keys))
      for key in ["id", "author", "space", "text"] { #expect(value[key]?.stringValue == theirs[key] as? String) }
      #expect(value["created_at"]?.intValue == theirs["created_at"] as? Int64)
    }
  }

  @Test func `every message is a payload and comes back in an envelope`() throws {
    for line in try #require(messages).split(separator: UInt8(ascii: "\n")) {
      let value = try JSON.parse(line)
      func text(_ key: String) throws -> String { try #require(value[key]?.stringValue) }
      let message = SocialMessageCreated(
        messageID: try text("id"),
        authorURN: try URN(provider: "echo", kind: "actor", tenant: "demo", id: text("author")),
        spaceURN: try URN(provider: "echo", kind: "sub", tenant: "demo", id: text("space")),
        text: try text("text"),
        createdAt: Timestamp(nanoseconds: try #require(value["created_at"]?.intValue) * 1_000_000_000),
        provider: "echo",
        tenant: "demo"
      )
      let topic = try Topic(provider: "echo", tenant: "demo", area: "events", name: SocialMessageCreated.intent)
      let envelope = Envelope(
        topic: topic.description,
        intent: SocialMessageCreated.intent,
        payload: message.json.bytes()
      )
      let back = try Envelope(cloudEvent: JSON.parse(Envelope(binary: envelope.binary()).cloudEvent.bytes()))
      #expect(back == envelope)
      #expect(try SocialMessageCreated(json: JSON.parse(back.payload)) == message)
    }
  }
}
