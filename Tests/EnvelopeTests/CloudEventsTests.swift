import Envelope
import TestSupport
import Testing

@Suite("CloudEvents")
struct CloudEventsTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `any envelope comes back as it was`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<50 {
      var envelope = random.envelope()
      if random.chance(50) {
        envelope.contentType =
          ["", "application/json", "application/x+json; charset=utf-8"].randomElement(using: &random) ?? ""
        envelope.payload = random.json().bytes()
      }
      let event = envelope.cloudEvent
      #expect(try Envelope(cloudEvent: event).isIdentical(to: envelope))
      #expect(try Envelope(cloudEvent: JSON.parse(event.bytes())).isIdentical(to: envelope))
    }
  }

  @Test func `every field has its attribute`() throws {
    var envelope = golden
    envelope.topic = "promethean.p.echo.t.demo.rest.request"
    envelope.src = "client:a b"
    envelope.ts = 1_795_219_200_000_000_000
    #expect(
      envelope.cloudEvent == [
        "specversion": "1.0", "id": "id-1", "source": "urn:promethean:client:a%20b", "type": "promethean.rest.Ping",
        "time": "2026-11-21T00:00:00Z", "datacontenttype": "a/b", "topic": "promethean.p.echo.t.demo.rest.request",
        "providerid": "echo", "tenantid": "demo", "partitionkey": "k", "traceparent": "t", "correlationid": "c",
        "replyto": "r", "resource": "é", "build": "b", "models": "[]", "configrev": "r1", "kind": "error",
        "origin": "replay", "hops": 2_147_483_649, "attempt": 3, "expirytime": "1969-12-31T23:59:59.999999999Z",
        "data_base64": "AAH+/w==",
      ]
    )
  }

  @Test func `an envelope with nothing in it has only what an event must have`() {
    #expect(
      Envelope().cloudEvent == [
        "specversion": "1.0", "id": "", "source": "urn:promethean:", "type": "promethean.any", "kind": "event",
        "origin": "live",
      ]
    )
  }

  @Test func `attributes are named as CloudEvents asks`() throws {
    var envelope = golden
    envelope.payload = [1]
    for name in try #require(envelope.cloudEvent.objectValue).keys where !name.hasPrefix("data") {
      #expect(name.utf8.count <= 20)
      #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) })
    }
  }

  @Test(arguments: [
    ("", "{\"a\" : 1}", "{\"a\":1}"), ("application/json", "[1e2]", "[100.0]"), ("text/json", "\"\\u0041\"", "\"A\""),
    ("Application/Problem+JSON ;x=y", " null", "null"),
  ])
  func `JSON is data, and comes back as the same value`(contentType: String, payload: String, back: String) throws {
    var envelope = Envelope(payload: Array(payload.utf8))
    envelope.contentType = contentType
    let event = envelope.cloudEvent
    #expect(event["data"] == (try JSON.parse(payload)))
    #expect(event["data_base64"] == nil)
    #expect(try Envelope(cloudEvent: event).payload == Array(back.utf8))
  }

  @Test(arguments: [
    ("", "{"), ("", "{\"a\":1,\"a\":2}"), ("", "18446744073709551615"), ("text/plain", "null"),
    ("", String(repeating: "[", count: 49) + String(repeating: "]", count: 49)),
    ("audio/L16;rate=48000", "1"),
    ("application/jsonl", "1"),
  ])
  func `what JSON would not keep is base64, and comes back byte for byte`(contentType: String, payload: String) throws {
    var envelope = Envelope(payload: Array(payload.utf8))
    envelope.contentType = contentType
    let event = envelope.cloudEvent
    #expect(event["data"] == nil)
    #expect(event["data_base64"] != nil)
    #expect(try Envelope(cloudEvent: event) == envelope)
  }

  @Test func `an event of somebody else's is an envelope`() throws {
    let event: JSON = [
      "specversion": "1.0", "id": "A234-1234", "source": "https://github.com/cloudevents", "type": "com.example.some",
      "subject": "123", "time": "2018-04-05T17:31:00Z", "comexampleother": 5, "datacontenttype": "text/xml",
      "data": "<much wow=\"xml\"/>",
    ]
    let envelope = try Envelope(cloudEvent: event)
    #expect(envelope.id == "A234-1234")
    #expect(envelope.src == "https://github.com/cloudevents")
    #expect(envelope.intent == "com.example.some")
    #expect(envelope.ts == 1_522_949_460_000_000_000)
    #expect(envelope.contentType == "text/xml")
    #expect(envelope.payload == Array("<much wow=\"xml\"/>".utf8))
    #expect(envelope.origin == .live && envelope.flags == [])
  }

  @Test(
    arguments: [
      ("specversion", "0.3", "specversion: expected \"1.0\", found string \"0.3\""),
      ("id", 1, "id: expected string, found integer 1"),
      ("source", nil, "source: expected string, found null"),
      ("type", "", "type: expected string that is not empty, found string \"\""),
      ("time", "now", "time: expected RFC 3339 time, found string \"now\""),
      ("topic", 1, "topic: expected string, found integer 1"),
      ("kind", "reply", "kind: expected event, request, response or error, found string \"reply\""),
      ("origin", "dead", "origin: expected live, backfill or replay, found string \"dead\""),
      ("hops", -1, "hops: expected integer from 0 to 4294967295, found integer -1"),
      ("attempt", "1", "attempt: expected integer from 0 to 4294967295, found string \"1\""),
      ("expirytime", 5, "expirytime: expected RFC 3339 time, found integer 5"),
      ("data_base64", "AA", "data_base64: expected base64 text, found string \"AA\""),
      ("data_base64", "AAAA", "data_base64: expected one of data and data_base64, found both"),
    ] as [(String, JSON, String)]
  )
  func `a wrong attribute is refused by its name`(name: String, value: JSON, message: String) throws {
    var event = try #require(Envelope(topic: "t", intent: "i", payload: [0x31]).cloudEvent.objectValue)
    event[name] = value
    let error = #expect(throws: PayloadError.self) { try Envelope(cloudEvent: .object(event)) }
    #expect(error?.description == message)
  }

  @Test(arguments: ["specversion", "id", "source", "type"])
  func `an attribute that an event must have is missed by its name`(name: String) throws {
    var event = try #require(golden.cloudEvent.objectValue)
    event[name] = nil
    let error = #expect(throws: PayloadError.self) { try Envelope(cloudEvent: .object(event)) }
    #expect(error?.key == name)
    #expect(error?.found == "nothing")
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `base64 is that of RFC 4648`(text: String, encoded: String) throws {
    var envelope = Envelope(payload: Array(text.utf8))
    envelope.contentType = "text/plain"
    #expect(envelope.cloudEvent["data_base64"]?.stringValue ?? "" == encoded)
    #expect(try Envelope(cloudEvent: envelope.cloudEvent) == envelope)
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm 9v", "=Zm9", "Zm=v",
  ])
  func `base64 has one spelling`(encoded: String) throws {
    var event = try #require(Envelope(intent: "i").cloudEvent.objectValue)
    event["data_base64"] = .string(encoded)
    #expect(throws: PayloadError.self) { try Envelope(cloudEvent: .object(event)) }
  }
}
