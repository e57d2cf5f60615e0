import Envelope
import Testing

@Suite("Payloads")
struct PayloadTests {
  @Test func `a payload with every key comes back`() throws {
    #expect(try SocialMessageCreated(json: created).json.text == created.text)
    #expect(try SocialMessageUpdated(json: updated).json.text == updated.text)
    #expect(try SocialMessageDeleted(json: deleted).json.text == deleted.text)
    #expect(try PostMessage(json: post).json.text == post.text)
  }

  @Test func `a payload with only what it must have comes back`() throws {
    let message = SocialMessageCreated(
      messageID: "m1",
      authorURN: try URN("urn:echo:actor:demo:ann"),
      spaceURN: try URN("urn:echo:space:demo:hall"),
      text: "hi",
      createdAt: Timestamp(nanoseconds: 0),
      provider: "echo",
      tenant: "demo"
    )
    #expect(
      message.json == [
        "message_id": "m1", "author_urn": "urn:echo:actor:demo:ann", "space_urn": "urn:echo:space:demo:hall",
        "text": "hi",
        "created_at": "1970-01-01T00:00:00Z", "provider": "echo", "tenant": "demo",
      ]
    )
    #expect(try SocialMessageCreated(json: message.json) == message)
  }

  @Test func `a key that is not known is ignored`() throws {
    var more = deleted.objectValue
    more?["colour"] = "red"
    #expect(try SocialMessageDeleted(json: .object(#require(more))).json == deleted)
  }

  @Test(
    arguments: [
      ("message_id", nil, "string that is not empty", "null"),
      ("message_id", "", "string that is not empty", "string \"\""),
      ("message_id", 7, "string that is not empty", "integer 7"),
      ("author_urn", "ann", "urn:<provider>", "string \"ann\""),
      ("space_urn", [], "urn:<provider>", "empty array"), ("text", ["a": 1], "string", "object"),
      ("created_at", 1_134_399_035, "RFC 3339 time", "integer 1134399035"),
      ("created_at", "yesterday", "RFC 3339 time", "string \"yesterday\""),
      ("provider", "Echo", "name of", "string \"Echo\""),
      ("tenant", "*", "name of", "string \"*\""), ("attachments", "a.png", "array", "string \"a.png\""),
      ("attachments[0]", ["a.png"], "object", "string \"a.png\""),
      ("attachments[0].urn", [["url": "x"]], "urn:", "nothing"),
      ("attachments[0].url", [["urn": "urn:a:b:c:d"]], "string that is not empty", "nothing"),
      ("attachments[1].size", [good, ["urn": "urn:a:b:c:d", "url": "x", "size": -1]], "integer from 0", "integer -1"),
      ("attachments[0].size", [["urn": "urn:a:b:c:d", "url": "x", "size": 1.5]], "integer from 0", "number 1.5"),
      ("attachments[0].sha256", [["urn": "urn:a:b:c:d", "url": "x", "sha256": "AB"]], "64 digits", "string \"AB\""),
      ("attachments[0].content_type", [["urn": "urn:a:b:c:d", "url": "x", "content_type": 1]], "string", "integer 1"),
    ] as [(String, JSON, String, String)]
  )
  func `a wrong value is refused by its key`(key: String, value: JSON, expected: String, found: String) throws {
    var object = try #require(created.objectValue)
    object[String(key.prefix { $0 != "[" })] = value
    let error = #expect(throws: PayloadError.self) { try SocialMessageCreated(json: .object(object)) }
    #expect(error?.key == key)
    #expect(error?.expected.hasPrefix(expected) == true)
    #expect(error?.found == found)
    #expect(error?.description == "\(key): expected \(error?.expected ?? ""), found \(found)")
  }

  @Test func `what is no object is refused as a whole`() {
    let error = #expect(throws: PayloadError.self) { try PostMessage(json: [1]) }
    #expect(error?.description == "payload: expected object, found array")
  }

  @Test func `an attachment to post says where it is`() throws {
    var object = try #require(post.objectValue)
    object["attachments"] = [["content_type": "image/png"]]
    let error = #expect(throws: PayloadError.self) { try PostMessage(json: .object(object)) }
    #expect(error?.description == "attachments[0]: expected urn or url, found neither")
  }

  @Test(arguments: [(257, "at most 256 bytes, found 257"), (0, #"string that is not empty, found string """#)])
  func `a key that makes wishes one is no longer than a field holds, and not empty`(length: Int, words: String) throws {
    var object = try #require(post.objectValue)
    object["idempotency_key"] = .string(String(repeating: "k", count: length))
    let error = #expect(throws: PayloadError.self) { try PostMessage(json: .object(object)) }
    #expect(error?.description == "idempotency_key: expected \(words)")
  }
}

private let good: JSON = ["urn": "urn:a:b:c:d", "url": "x"]
private let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

let created: JSON = [
  "message_id": "t1_c81", "thread_id": "t3_17913", "author_urn": "urn:echo:actor:demo:ann",
  "space_urn": "urn:echo:space:demo:hall", "in_reply_to": "t1_c74", "text": "hello",
  "attachments": [
    [
      "urn": "urn:echo:file:demo:1", "url": "https://example.org/a.png", "content_type": "image/png", "size": 12,
      "sha256": .string(digest),
    ]
  ],
  "created_at": "2026-11-21T00:00:00.123Z", "provider": "echo", "tenant": "demo", "provider_payload": ["flair": nil],
]

let updated: JSON = [
  "message_id": "t1_c81", "thread_id": "t3_17913", "author_urn": "urn:echo:actor:demo:ann",
  "space_urn": "urn:echo:space:demo:hall", "in_reply_to": "t1_c74", "text": "hello, world",
  "attachments": [["urn": "urn:echo:file:demo:1", "url": "https://example.org/a.png"]],
  "created_at": "2026-11-21T00:00:00.123Z", "edited_at": "2026-11-21T00:01:00Z", "provider": "echo", "tenant": "demo",
  "provider_payload": nil,
]

let deleted: JSON = [
  "message_id": "t1_c81", "space_urn": "urn:echo:space:demo:hall", "deleted_at": "2026-11-21T00:02:00Z",
  "provider": "echo", "tenant": "demo", "provider_payload": 1,
]

let post: JSON = [
  "provider": "echo", "tenant": "demo", "space_urn": "urn:echo:space:demo:hall", "in_reply_to": "t1_c81", "text": "",
  "attachments": [["urn": "urn:echo:file:demo:1"], ["url": "https://example.org/b.png", "content_type": "image/png"]],
  "idempotency_key": "t1_c81", "provider_payload": ["tts": true],
]

let reacted: JSON = [
  "message_id": "t1_c81", "thread_id": "t3_17913", "author_urn": "urn:echo:actor:demo:ann",
  "space_urn": "urn:echo:space:demo:hall", "reaction": "👍", "created_at": "2026-11-21T00:02:00Z", "provider": "echo",
  "tenant": "demo", "provider_payload": ["burst": false],
]

let unreacted: JSON = [
  "message_id": "t1_c81", "thread_id": "t3_17913", "author_urn": "urn:echo:actor:demo:ann",
  "space_urn": "urn:echo:space:demo:hall", "reaction": "👍", "deleted_at": "2026-11-21T00:03:00Z", "provider": "echo",
  "tenant": "demo", "provider_payload": [],
]

let typing: JSON = [
  "thread_id": "t3_17913", "author_urn": "urn:echo:actor:demo:ann", "space_urn": "urn:echo:space:demo:hall",
  "started_at": "2026-11-21T00:00:00Z", "provider": "echo", "tenant": "demo", "provider_payload": "…",
]
