import AttachmentIndexer
import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct AttachmentIndexerTests {
  private let url = "https://cdn.example.com/a/b.bin?hm=secret"

  @Test(arguments: try Golden.all(beside: #filePath))
  func `an envelope in makes exactly these envelopes out`(golden: Golden) async throws {
    let host = FakeHost(AttachmentIndexer.self) { request in
      let topic = try? Topic(request.topic)
      return golden.answer[topic.map { "\($0.area).\($0.name)" } ?? ""].map { .response($0) } ?? .error("unexpected")
    }
    try await host.boot()
    _ = await host.handle(golden.input)
    #expect(Golden.output(of: host.record).bytes(pretty: true) == golden.output.bytes(pretty: true))
    try await host.stop()
  }

  @Test func `one that is large comes in pieces, and the same content is kept once`() async throws {
    let fixture = try await AttachmentFixture()
    let bytes = WebServer.noise(100_000)
    fixture.serve(url, bytes)
    let attachments = ["a1", "a2"].map { AttachmentFixture.attachment($0, url) }
    #expect(await fixture.host.handle(AttachmentFixture.event(.array([attachments[0]]))) == .ack)
    #expect(fixture.requests("blobs.append") == 4)
    #expect(await fixture.host.handle(AttachmentFixture.event(.array(attachments), id: "m2")) == .ack)
    #expect(fixture.requests("blobs.append") == 4)
    let sha256 = Hex.encode(SHA256.digest(bytes))
    fixture.withWorld { world in
      #expect(world.blobs == [sha256: bytes])
      #expect(world.references == ["m1:a1": sha256, "m2:a1": sha256, "m2:a2": sha256])
    }
    #expect(fixture.body("m2:a2")?["size"] == 100_000)
    try await fixture.host.stop()
  }

  @Test func `what is stored stays when the event comes again, and what failed is tried again`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(url, [1, 2, 3])
    let other = "https://cdn.example.com/other"
    fixture.serve(other, status: 503)
    let list: JSON = [AttachmentFixture.attachment("a1", url), AttachmentFixture.attachment("a2", other)]
    #expect(await fixture.host.handle(AttachmentFixture.event(list)) == .ack)
    #expect(fixture.body("m1:a1")?["state"] == "stored" && fixture.body("m1:a2")?["state"] == "failed")
    // The first link has expired meanwhile, and the second works.
    fixture.serve(url, status: 404)
    fixture.serve(other, [4])
    #expect(await fixture.host.handle(AttachmentFixture.event(list)) == .ack)
    #expect(fixture.body("m1:a1")?["state"] == "stored" && fixture.body("m1:a2")?["state"] == "stored")
    #expect(fixture.body("m1:a2")?["reason"] == .null)
    #expect(fixture.requests("http.fetch") == 3)
    try await fixture.host.stop()
  }

  @Test func `what an edit takes away goes, and what it does not say stays`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(url, [1])
    let list = ["a1", "a2"].map { AttachmentFixture.attachment($0, url) }
    func edit(_ time: String, _ attachments: JSON?) -> Envelope {
      AttachmentFixture.event(attachments, as: "SocialMessageUpdated", at: time)
    }
    _ = await fixture.host.handle(AttachmentFixture.event(.array(list)))
    #expect(await fixture.host.handle(edit("2026-01-01T00:01:00Z", nil)) == .ack)
    #expect(fixture.body("m1:a1") != nil && fixture.body("m1:a2") != nil)
    #expect(await fixture.host.handle(edit("2026-01-01T00:02:00Z", [list[1]])) == .ack)
    #expect(fixture.body("m1:a1") == nil && fixture.body("m1:a2") != nil)
    // An older one that comes late knows nothing of what came after it.
    #expect(await fixture.host.handle(edit("2025-12-31T00:00:00Z", [])) == .ack)
    #expect(fixture.body("m1:a2") != nil)
    #expect(await fixture.host.handle(edit("2026-01-01T00:03:00Z", [])) == .ack)
    #expect(fixture.withWorld { $0.documents.isEmpty && $0.references.isEmpty })
    try await fixture.host.stop()
  }

  @Test func `with a message all of it goes, and a late copy of the message brings nothing back`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(url, [1])
    let created = AttachmentFixture.event([AttachmentFixture.attachment("a1", url)])
    _ = await fixture.host.handle(created)
    let deleted = AttachmentFixture.event(nil, as: "SocialMessageDeleted", at: "2026-01-01T00:05:00Z")
    #expect(await fixture.host.handle(deleted) == .ack)
    #expect(fixture.withWorld { $0.documents.isEmpty && $0.references.isEmpty })
    #expect(await fixture.host.handle(created) == .ack)
    #expect(fixture.withWorld(\.documents.isEmpty) && fixture.requests("http.fetch") == 1)
    try await fixture.host.stop()
  }

  @Test(
    arguments: [
      // Nobody is there now: the event comes again, and counts no try.
      (FakeHost.Answer.failure(PROMETHEAN_UNAVAILABLE, "no fetch"), HostRecord.Outcome.release, nil),
      (.failure(PROMETHEAN_DENIED, "not granted"), .ack, "refused"),
      (.failure(PROMETHEAN_TIMEOUT, "late"), .ack, "failed"),
      (.error("https://cdn.example.com: expected an answer to the end, found: less"), .ack, "failed"),
    ] as [(FakeHost.Answer, HostRecord.Outcome, String?)]
  )
  func `what fetching fails with decides what becomes of it`(
    answer: FakeHost.Answer,
    outcome: HostRecord.Outcome,
    state: String?
  ) async throws {
    let fixture = try await AttachmentFixture()
    fixture.withWorld { $0.web[url] = answer }
    fixture.serve("https://cdn.example.com/good", [1])
    let list: JSON = [
      AttachmentFixture.attachment("a1", url), AttachmentFixture.attachment("a2", "https://cdn.example.com/good"),
    ]
    #expect(await fixture.host.handle(AttachmentFixture.event(list)) == outcome)
    #expect(fixture.body("m1:a1")?["state"]?.stringValue == state)
    #expect(fixture.body("m1:a2")?["state"] == "stored")
    try await fixture.host.stop()
  }

  @Test func `an event comes again when the storage does not take its document`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(url, [1])
    fixture.withWorld { $0.refusal = "disk full" }
    let event = AttachmentFixture.event([AttachmentFixture.attachment("a1", url)])
    #expect(await fixture.host.handle(event) == .retry("disk full (failed)"))
    try await fixture.host.stop()
  }

  @Test func `what fails at once is fetched once more, as a service may have ended, and what is late is not`()
    async throws
  {
    let fixture = try await AttachmentFixture()
    for (answer, count) in [(FakeHost.Answer.error("it ended"), 2), (.failure(PROMETHEAN_TIMEOUT, "late"), 3)] {
      fixture.withWorld { $0.web[url] = answer }
      let event = AttachmentFixture.event([AttachmentFixture.attachment("a1", url)])
      #expect(await fixture.host.handle(event) == .ack)
      #expect(fixture.requests("http.fetch") == count)
    }
    try await fixture.host.stop()
  }

  @Test func `an upload that the storage has lost begins again, once`() async throws {
    let fixture = try await AttachmentFixture()
    fixture.serve(url, [1])
    fixture.withWorld { $0.lostUploads = 1 }
    let event = AttachmentFixture.event([AttachmentFixture.attachment("a1", url)])
    #expect(await fixture.host.handle(event) == .ack)
    #expect(fixture.body("m1:a1")?["state"] == "stored")
    fixture.serve(url, [2])
    fixture.withWorld { $0.lostUploads = 2 }
    let other = AttachmentFixture.event([AttachmentFixture.attachment("a1", url)], id: "m2")
    #expect(await fixture.host.handle(other) == .ack)
    let body = fixture.body("m2:a1")
    #expect(body?["state"] == "failed" && body?["reason"] == "upload: begin again" && body?["size"] == 1)
    try await fixture.host.stop()
  }

  @Test func `who waits too long for a turn comes again, and who is slow is given up`() async throws {
    let fixture = try await AttachmentFixture(config: ["concurrency": 1, "timeout": "5s"])
    fixture.withWorld { $0.web[url] = .later }
    fixture.serve("https://cdn.example.com/good", [1])
    let slow = await fixture.host.deliver(AttachmentFixture.event([AttachmentFixture.attachment("a1", url)]))
    let request = await fixture.host.until { $0.requested.first { $0.envelope.topic.hasSuffix("http.fetch") } }
    // Whoever is asked knows when the answer is of no use any more.
    #expect(request.envelope.deadline == FakeHost.epoch + 5_000_000_000)
    let good: JSON = [AttachmentFixture.attachment("a1", "https://cdn.example.com/good")]
    let next = await fixture.host.deliver(AttachmentFixture.event(good, id: "m2"))
    await fixture.host.settle()
    await fixture.host.advance(by: .seconds(5))
    #expect(await fixture.host.outcome(of: next) == .release)
    await fixture.host.complete(request, .failure(PROMETHEAN_TIMEOUT, "late"))
    #expect(await fixture.host.outcome(of: slow) == .ack)
    #expect(fixture.body("m1:a1")?["reason"] == "expected an answer within 5.0 seconds, found none")
    #expect(await fixture.host.handle(AttachmentFixture.event(good, id: "m2")) == .ack)
    #expect(fixture.body("m2:a1")?["state"] == "stored")
    try await fixture.host.stop()
  }

  @Test(arguments: [
    ("SocialMessageCreated", "created_at: expected RFC 3339 time, found string \"now\""),
    ("SocialMessageDeleted", "deleted_at: expected RFC 3339 time, found string \"now\""),
    ("Typing", "topic: expected SocialMessageCreated, Updated or Deleted, found Typing"),
  ])
  func `an event that is none goes to the dead letters`(name: String, reason: String) async throws {
    let fixture = try await AttachmentFixture()
    #expect(await fixture.host.handle(AttachmentFixture.event([], as: name, at: "now")) == .reject(reason))
    #expect(fixture.host.record.requested.isEmpty)
    try await fixture.host.stop()
  }
}
