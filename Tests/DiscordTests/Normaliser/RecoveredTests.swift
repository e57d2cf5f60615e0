import Envelope
import Foundation
import Testing

@testable import Discord

@Suite("Messages that were missed")
struct RecoveredTests {
  private func message(_ edited: String, _ more: String = "") -> String {
    #"{"id":"1300","channel_id":"20","timestamp":"2026-11-21T00:00:00.123000+00:00","edited_timestamp":\#(edited),"#
      + #""type":0,"content":"hi","pinned":false,"flags":0,"embeds":[],"author":{"id":"40"},"#
      + #""attachments":[{"id":"7","url":"u\#(more.count)"}]\#(more)}"#
  }

  @Test func `a message is the same as live but for its origin`() throws {
    var normaliser = try Normaliser.test()
    let live = try #require(normaliser.take("MESSAGE_CREATE", message("null", #","guild_id":"10""#)).envelopes.first)
    let result = normaliser.recover(Array(message("null").utf8), receivedAt: receivedAt)
    #expect(result.problems == [] && result.envelopes.count == 1)
    var backfilled = try #require(result.envelopes.first)
    #expect(backfilled.origin == .backfill)
    #expect(try faults(backfilled) == [])
    var files = try #require(live.canonical["attachments"]?.arrayValue)
    files[0] = ["urn": "urn:discord:attachment:demo:7", "url": "u0"]
    var object = try #require(live.canonical.objectValue)
    object["attachments"] = .array(files)
    #expect(backfilled.canonical == .object(object))
    backfilled.origin = .live
    backfilled.payload = live.payload
    #expect(backfilled == live)
  }

  @Test func `one that was edited is an edit too, the same as live`() throws {
    var normaliser = try Normaliser.test()
    let edited = #""2026-11-21T00:00:09.5+00:00""#
    let live = normaliser.take("MESSAGE_UPDATE", message(edited, #","guild_id":"10","member":{}"#)).envelopes
    let result = normaliser.recover(Array(message(edited).utf8), receivedAt: receivedAt)
    #expect(result.envelopes.map(\.intent) == [SocialMessageCreated.intent, SocialMessageUpdated.intent])
    #expect(result.envelopes.map(\.id) == ["discord:demo:SocialMessageCreated:1300"] + live.map(\.id))
    #expect(result.envelopes.allSatisfy { $0.origin == .backfill })
    #expect(result.envelopes.last?.json["edited_at"] == "2026-11-21T00:00:09.500Z")
  }

  @Test func `what is no message says so`() throws {
    var normaliser = try Normaliser.test()
    for text in ["{", "[]", "{}", #"{"id":"5"}"#, #"{"id":5,"channel_id":"20","author":{"id":"40"}}"#] {
      let result = normaliser.recover(Array(text.utf8), receivedAt: receivedAt)
      #expect(result.envelopes.isEmpty && !result.problems.isEmpty, "\(text)")
    }
  }
}

/// Messages that people wrote, one JSON object a line; not part of the package, so tested where they are found.
private let messages: [UInt8]? = {
  let package = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
  let given = ProcessInfo.processInfo.environment["PROMETHEAN_SHARED"].map { URL(filePath: $0) }
  let folder = given ?? package.deletingLastPathComponent().appending(path: "shared")
  return (try? Data(contentsOf: folder.appending(path: "data/messages.ndjson"))).map { [UInt8]($0) }
}()

@Suite("Real messages", .enabled(if: messages != nil, "needs ../shared/data/messages.ndjson, or PROMETHEAN_SHARED"))
struct RealMessagesTests {
  @Test func `every one comes out of its event and of the history as it is`() throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    let lines = try #require(messages).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == 1739)
    for (index, line) in lines.enumerated() {
      let value = try JSON.parse(line)
      let time = Timestamp(nanoseconds: try #require(value["created_at"]?.intValue) * 1_000_000_000)
      let data: JSON = [
        "id": .string("\(1_300_000_000_000_000_000 + index)"), "channel_id": "20", "type": 0,
        "timestamp": .string(time.description.replacing("Z", with: "+00:00")), "edited_timestamp": nil,
        "content": value["text"] ?? nil, "author": ["id": "40", "username": value["author"] ?? nil], "attachments": [],
      ]
      let live = normaliser.take("MESSAGE_CREATE", data.text, sequence: Int64(index))
      let recovered = normaliser.recover(data.bytes(), receivedAt: receivedAt)
      #expect(live.problems == [] && live.envelopes.count == 2 && live.omissions == 0)
      let message = try #require(live.envelopes.first)
      #expect(message.json["text"] == value["text"])
      #expect(message.json["created_at"] == .string(time.description))
      #expect(message.json["provider_payload"] == data)
      #expect(live.envelopes.last?.json["data"] == data)
      #expect(try faults(message) == [])
      #expect(recovered.envelopes.first?.payload == message.payload && recovered.envelopes.first?.id == message.id)
    }
  }
}
