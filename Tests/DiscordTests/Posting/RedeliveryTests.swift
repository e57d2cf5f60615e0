import Locking
import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RedeliveryTests {
  private static let long = (1...400).map { "Sentence number \($0). " }.joined()

  @Test
  func `point 18: nonces are the same for each delivery and process, and another's for each sender, wish and part`() {
    let wish = PostIdentity(PostingFixture.wish("x"), key: nil)
    // Of SHA-256 over `6:workerw1`, a zero byte and `0`, the first 128 bits in base 36.
    #expect(wish.nonce(0) == Self.known)
    var others = [wish, PostIdentity(PostingFixture.wish("x", id: "w2"), key: nil)]
    for (src, id) in [("other", "w1"), ("workerw", "1"), ("", "workerw1")] {
      var envelope = PostingFixture.wish("x", id: id)
      envelope.src = src
      others.append(PostIdentity(envelope, key: nil))
    }
    let nonces = others.flatMap { other in (0..<32).map { other.nonce($0) } }
    #expect(Set(nonces).count == nonces.count)
    #expect(nonces.allSatisfy { $0.utf8.count <= 25 })
  }

  private static let known = "df13adxizz443i4n2s89sg9u6"

  @Test func `point 18: an answer that was lost, and a second delivery, make one message`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.performAndFail(.unknown("the connection broke")))
    #expect(await fixture.deliver("once") == .retry("the connection broke"))
    let answer = try await fixture.post("once")
    #expect(fixture.channel.contents == ["once"])
    #expect(answer["message_id"]?.stringValue == fixture.channel.messages.first.map { "\($0.id)" })
    try await fixture.host.stop()
  }

  @Test(arguments: [Duration.seconds(1), .seconds(59), .seconds(61), .seconds(3600)])
  func
    `point 18: a process killed between Discord's accept and the answer posts nothing twice, however late it is back`(
      away: Duration
    ) async throws
  {
    let fixture = try await PostingFixture()
    fixture.channel.script(.performAndHang)
    _ = await fixture.host.deliver(PostingFixture.wish("once"))
    await fixture.channel.hung()
    try await fixture.killAndBoot()
    await fixture.pass(away)
    fixture.channel.say("once", as: Snowflake(5))
    let answer = try await fixture.post("once")
    #expect(answer["message_id"]?.stringValue == fixture.channel.messages.first.map { "\($0.id)" })
    #expect(fixture.channel.messages.count == 2)
    #expect(fixture.channel.calls.contains { $0.method == "GET" } == (away > .seconds(60)))
    try await fixture.host.stop()
  }

  @Test(arguments: 0..<5, [Duration.seconds(1), .seconds(600)])
  func `point 18: killed at any part of a long text, the rest follows and no part comes twice`(
    part: Int,
    away: Duration
  ) async throws {
    for isOut in [true, false] {
      let fixture = try await PostingFixture()
      for _ in 0..<part { fixture.channel.script(.perform) }
      fixture.channel.script(isOut ? .performAndHang : .hang)
      _ = await fixture.host.deliver(PostingFixture.wish(Self.long))
      await fixture.channel.hung()
      try await fixture.killAndBoot()
      await fixture.pass(away)
      let answer = try await fixture.post(Self.long)
      #expect(fixture.channel.contents.joined(separator: " ") == Self.long.trimmed)
      #expect(answer["message_ids"]?.arrayValue == fixture.channel.messages.map { .string("\($0.id)") })
      try await fixture.host.stop()
    }
  }

  @Test func `a wish that was answered is answered again, without a call`() async throws {
    let fixture = try await PostingFixture()
    let first = try await fixture.post("once")
    try await fixture.killAndBoot()
    await fixture.pass(.seconds(36_000))
    #expect(try await fixture.post("once") == first)
    #expect(fixture.channel.calls.count == 1)
    try await fixture.host.stop()
  }

  @Test func `two wishes in the same words are two messages, also when the first was looked for`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.hang, .hang)
    _ = await fixture.host.deliver(PostingFixture.wish("ok", id: "a"))
    _ = await fixture.host.deliver(PostingFixture.wish("ok", id: "b"))
    await fixture.channel.hung(2)
    try await fixture.killAndBoot()
    await fixture.pass(.seconds(600))
    let one = try await fixture.post("ok", id: "a")
    let other = try await fixture.post("ok", id: "b")
    #expect(one["message_id"] != other["message_id"])
    #expect(fixture.channel.contents == ["ok", "ok"])
    try await fixture.host.stop()
  }

  @Test func `a failure in the middle tells what is out, and the next delivery goes on from there`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.perform, .perform, .answer(502, .null))
    let words = await fixture.refusal(Self.long)
    let ids = fixture.channel.messages.map { "\($0.id)" }.joined(separator: ", ")
    #expect(words == "part 3 of 5, posted are [\(ids)]: POST /channels/100/messages: Discord answered 502")
    try await fixture.killAndBoot()
    try await fixture.post(Self.long)
    #expect(fixture.channel.contents.joined(separator: " ") == Self.long.trimmed)
    #expect(fixture.channel.calls.count == 6)
    try await fixture.host.stop()
  }

  @Test(
    arguments: [
      (403, ["code": 50001, "message": "Missing Access"], "403 Missing Access (50001)"),
      (200, [], "it shows no message"),
    ] as [(Int, JSON, String)]
  )
  func `where the past cannot be read a loss says that it may be there twice`(
    status: Int,
    answered: JSON,
    problem: String
  ) async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.performAndHang)
    _ = await fixture.host.deliver(PostingFixture.wish("once"))
    await fixture.channel.hung()
    try await fixture.killAndBoot()
    await fixture.pass(.seconds(600))
    fixture.channel.state.withLock { $0.history = (status, answered) }
    let answer = try await fixture.post("once")
    #expect(fixture.channel.messages.count == 2)
    #expect(
      answer["losses"]?.arrayValue?.first?["reason"]?.stringValue
        == "begun 600 s ago, and the channel's history cannot be read (\(problem)): "
        + "it may be there twice; give the bot the permission Read Message History"
    )
    try await fixture.host.stop()
  }

  @Test func `what was not sent is sent, also where nothing was said since`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.say("long ago", as: Snowflake(5))
    await fixture.pass(.seconds(600))
    fixture.channel.script(.hang)
    _ = await fixture.host.deliver(PostingFixture.wish("once"))
    await fixture.channel.hung()
    try await fixture.killAndBoot()
    await fixture.pass(.seconds(600))
    #expect(try await fixture.post("once").lost == [])
    #expect(fixture.channel.contents == ["long ago", "once"])
    try await fixture.host.stop()
  }

  @Test func `a part is found behind many messages of others`() async throws {
    let fixture = try await PostingFixture()
    for index in 0..<250 { fixture.channel.say("chatter \(index)", as: Snowflake(5)) }
    fixture.channel.script(.performAndHang)
    _ = await fixture.host.deliver(PostingFixture.wish("once"))
    await fixture.channel.hung()
    for index in 0..<250 { fixture.channel.say("more \(index)", as: Snowflake(5)) }
    try await fixture.killAndBoot()
    await fixture.pass(.seconds(600))
    try await fixture.post("once")
    #expect(fixture.channel.contents.count { $0 == "once" } == 1)
    try await fixture.host.stop()
  }

  @Test func `nothing is sent before it is written down that it will be`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.hang)
    _ = await fixture.host.deliver(PostingFixture.wish("once"))
    await fixture.channel.hung()
    let document = try #require(fixture.host.record.documents["discord/demo/\(Poster.document)"])
    let identity = PostIdentity(PostingFixture.wish("once"), key: nil)
    #expect(String(decoding: document.bytes, as: UTF8.self).contains("\(identity)"))
    await fixture.host.destroy()
  }

  @Test func `the ledger keeps within a document, and forgets those first that are done`() async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(.hang)
    _ = await fixture.host.deliver(PostingFixture.wish("stuck", id: "stuck"))
    await fixture.channel.hung()
    for index in 0..<500 { try await fixture.post("message", id: "id-\(index)") }
    let document = try #require(fixture.host.record.documents["discord/demo/\(Poster.document)"])
    #expect(document.bytes.count <= 32 << 10)
    let text = String(decoding: document.bytes, as: UTF8.self)
    func isKept(_ id: String) -> Bool { text.contains("\(PostIdentity(PostingFixture.wish("", id: id), key: nil))") }
    #expect(isKept("stuck") && isKept("id-499") && isKept("id-200") && !isKept("id-0"))
    await fixture.host.destroy()
  }
}
