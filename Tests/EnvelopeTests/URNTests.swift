import Envelope
import Testing

@Suite("URNs")
struct URNTests {
  @Test(arguments: [
    ("urn:discord:channel:duck:1234567890", ["discord", "channel", "duck", "1234567890"]),
    ("urn:bluesky:actor:my-bsky:did:plc:abcd", ["bluesky", "actor", "my-bsky", "did:plc:abcd"]),
    ("urn:reddit:sub:err:programming", ["reddit", "sub", "err", "programming"]),
    ("urn:x:y:z::", ["x", "y", "z", ":"]),
    ("urn:x:y:z:\u{301}", ["x", "y", "z", "\u{301}"]),
    ("urn:x:y:z:é/日", ["x", "y", "z", "é/日"]),
  ])
  func `a URN has its parts, and its text comes back`(text: String, parts: [String]) throws {
    let urn = try URN(text)
    #expect([urn.provider, urn.kind, urn.tenant, urn.id] == parts)
    #expect(urn.description == text)
    #expect(try URN(provider: parts[0], kind: parts[1], tenant: parts[2], id: parts[3]) == urn)
  }

  @Test(arguments: [
    ("", "urn:<provider>"), ("urn:a:b:c", "urn:<provider>"), ("URN:a:b:c:d", "urn:<provider>"),
    ("urn::b:c:d", "a provider"), ("urn:A:b:c:d", "a provider"), ("urn:a::c:d", "a kind"), ("urn:a:b b:c:d", "a kind"),
    ("urn:a:b::d", "a tenant"), ("urn:a:b:*:d", "a tenant"), ("urn:a:b:c:", "an id"), ("urn:a:b:c:d e", "spaces"),
    ("urn:a:b:c:d\u{0}", "control"), ("urn:a:b:c:d\u{A0}", "spaces"), ("urn:a:b:c:\u{85}", "spaces"),
  ])
  func `text that is no URN is refused with what was expected`(text: String, expected: String) {
    let error = #expect(throws: URNError.self) { try URN(text) }
    #expect(error?.reason.contains(expected) == true)
  }

  @Test func `the limit is exact`() throws {
    #expect(try URN("urn:a:b:c:" + String(repeating: "x", count: 1014)).id.count == 1014)
    #expect(throws: URNError.self) { try URN("urn:a:b:c:" + String(repeating: "x", count: 1015)) }
  }

  @Test(arguments: [("did:plc:a_b-C", "did%3Aplc%3Aa_b-C"), ("a.b>c%", "a%2Eb%3Ec%25"), ("é", "%C3%A9")])
  func `an id is one token of a topic`(id: String, token: String) throws {
    let urn = try URN(provider: "p", kind: "k", tenant: "t", id: id)
    #expect(urn.topicToken == token)
    #expect(try Topic(provider: "p", tenant: "t", area: "events", name: urn.topicToken).name == token)
  }
}
