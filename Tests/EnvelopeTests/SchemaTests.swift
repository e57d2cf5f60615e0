import Envelope
import Foundation
import Testing

/// The schemas are the contract for people who write plugins in other languages: these tests hold the code to them.
@Suite("JSON Schemas")
struct SchemaTests {
  @Test(arguments: [
    Contract(SocialMessageCreated.self, created), Contract(SocialMessageUpdated.self, updated),
    Contract(SocialMessageDeleted.self, deleted), Contract(PostMessage.self, post),
    Contract(SocialReactionAdded.self, reacted), Contract(SocialReactionRemoved.self, unreacted),
    Contract(SocialTyping.self, typing),
  ])
  func `a payload has the keys of its schema, and misses those that it must have`(contract: Contract) throws {
    let schema = try schema(contract.intent)
    let object = try #require(contract.full.objectValue)
    #expect(schema["title"]?.stringValue == contract.intent)
    #expect(Set(try keys(schema)) == Set(object.keys))
    for key in object.keys {
      var less = object
      less[key] = nil
      let isRequired = schema["required"]?.arrayValue?.contains(.string(key)) == true
      #expect(contract.accepts(.object(less)) == !isRequired, "\(key)")
    }
  }

  @Test func `an attachment has the keys of its schema`() throws {
    for intent in [SocialMessageCreated.intent, SocialMessageUpdated.intent] {
      let attachment = try #require(try schema(intent)["$defs"]?["attachment"])
      #expect(attachment["required"] == ["urn", "url"])
      #expect(try keys(attachment) == created["attachments"]?.arrayValue?.first?.objectValue?.keys)
    }
    let attachment = try #require(try schema(PostMessage.intent)["$defs"]?["attachment"])
    #expect(try keys(attachment) == ["urn", "url", "content_type"])
  }

  @Test func `an envelope has the attributes of its schema`() throws {
    let schema = try schema("envelope.cloudevents")
    var envelope = golden
    let binary = envelope.cloudEvent
    envelope.contentType = ""
    envelope.payload = Array("{}".utf8)
    let attributes = Set(binary.objectValue?.keys ?? []).union(envelope.cloudEvent.objectValue?.keys ?? [])
    #expect(attributes == Set(try keys(schema)))
    let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    // What the host always stamps is required beside what CloudEvents requires.
    #expect(required.subtracting(Envelope().cloudEvent.objectValue?.keys ?? []) == ["time", "topic"])
  }

  @Test func `patterns accept and refuse what the code does`() throws {
    let properties = try #require(try schema(SocialMessageCreated.intent)["properties"])
    let urn = try Regex(#require(properties["author_urn"]?["pattern"]?.stringValue))
    for text in [
      "urn:a:b:c:d", "urn:a:b:c:d:e", "urn:a:b:c:é", "urn:a:b:c:", "urn:A:b:c:d", "urn:a:b:c:d e", "urn:a:b:c",
    ] {
      #expect(((try? URN(text)) != nil) == (text.wholeMatch(of: urn) != nil), "\(text)")
    }
    let events = try schema("envelope.cloudevents")
    let topic = try Regex(#require(events["properties"]?["topic"]?["pattern"]?.stringValue))
    for text in [
      "promethean.p.a.t.b.events.x", "promethean.p.a.t.b.events.x.y%2F", "promethean.sys.health.x",
      "promethean.p.a.t.b.events",
      "promethean.p.A.t.b.events.x", "promethean.p.a.t.b.Events.x", "promethean.p.a.t.b.events.x.",
      "promethean.sys.health",
    ] {
      #expect(((try? Topic(text)) != nil) == (text.wholeMatch(of: topic) != nil), "\(text)")
    }
  }

  private func schema(_ name: String) throws -> JSON {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let schema = try JSON.parse([UInt8](Data(contentsOf: package.appending(path: "schemas/\(name).json"))))
    #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    return schema
  }

  private func keys(_ schema: JSON) throws -> [String] { try #require(schema["properties"]?.objectValue?.keys) }
}

/// A payload type and an example with every key.
struct Contract: Sendable, CustomTestStringConvertible {
  let intent: String
  let full: JSON
  let accepts: @Sendable (JSON) -> Bool
  var testDescription: String { intent }

  init<Payload: CanonicalPayload>(_ type: Payload.Type, _ full: JSON) {
    intent = Payload.intent
    self.full = full
    accepts = { (try? Payload(json: $0)) != nil }
  }
}
