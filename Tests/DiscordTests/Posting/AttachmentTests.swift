import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct AttachmentTests {
  /// More than one piece of a blob.
  private static let large = (0..<80_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }
  private static let sha256 = String(repeating: "ab", count: 32)

  /// The Fetch service, as far as it matters here.
  private static func serve(_ request: Envelope) -> FakeHost.Answer {
    let payload = (try? JSON.parse(request.payload)) ?? .null
    if request.topic.hasSuffix("http.fetch.read") {
      guard payload["sha256"]?.stringValue == sha256 else { return .error("blob: fetch it again") }
      let (offset, length) = (Int(payload["offset"]?.intValue ?? 0), Int(payload["length"]?.intValue ?? 0))
      return .bytes(Array(large.dropFirst(offset).prefix(length)))
    }
    func answer(_ status: Int64, _ key: String, _ value: JSON) -> FakeHost.Answer {
      .response(["status": .int(status), "url": "x", "headers": [["content-type", "image/png"]], key: value])
    }
    switch request.resource {
    case "GET https://a.example/cat.png": return answer(200, "body", "meow")
    case "GET https://a.example/gone.png": return answer(404, "body", "")
    case "GET https://a.example/large.png":
      return answer(200, "blob", ["sha256": .string(sha256), "size": 80_000, "content_type": "image/png"])
    case "GET https://a.example/secret?token=1":
      return .failure(PROMETHEAN_DENIED, "http.fetch: not granted")
    default: return .failure(PROMETHEAN_UNAVAILABLE, "nobody serves it")
    }
  }

  private func fixture(_ config: JSONObject = [:]) async throws -> PostingFixture {
    try await PostingFixture(config, answer: Self.serve)
  }

  private static let cat: JSON = ["url": "https://a.example/cat.png"]

  @Test func `files are fetched and go along with the last part`() async throws {
    let fixture = try await fixture()
    let text = (1...200).map { "Sentence number \($0). " }.joined()
    let files: JSON = [Self.cat, ["url": "https://a.example/large.png", "content_type": "image/x"]]
    let answer = try await fixture.post(text, ["attachments": files])
    #expect(answer.lost == [])
    #expect(fixture.channel.messages.map(\.files) == [[], [], [Array("meow".utf8), Self.large]])
    #expect(
      fixture.channel.posts.map { $0["attachments"] }
        == [nil, nil, [["id": "0", "filename": "cat.png"], ["id": "1", "filename": "large.png"]]]
    )
    #expect(fixture.channel.calls.map { $0.contentType.hasPrefix("multipart/form-data; ") } == [false, false, true])
    try await fixture.host.stop()
  }

  @Test func `a blob is read in pieces, and fetched again if it is gone`() async throws {
    let fixture = try await fixture()
    let urn = "urn:discord:blob:demo:"
    let kept: JSON = ["urn": .string(urn + Self.sha256), "url": "https://a.example/large.png"]
    let gone: JSON = ["urn": .string(urn + "00"), "url": "https://a.example/cat.png"]
    try await fixture.post("", ["attachments": [kept, gone]])
    #expect(fixture.channel.messages.map(\.files) == [[Self.large, Array("meow".utf8)]])
    #expect(fixture.channel.posts[0]["content"] == nil)
    let asked = fixture.host.record.requested.map(\.envelope)
    #expect(asked.map { $0.topic.hasSuffix(".read") } == [true, true, true, true, false])
    #expect(asked[0].resource == "GET https://a.example/large.png")
    #expect(asked[0].topic == "promethean.p.discord.t.demo.http.fetch.read")
    try await fixture.host.stop()
  }

  @Test(
    arguments: [
      (["url": "https://a.example/gone.png"], "https://a.example: expected status 200, found 404"),
      (
        ["url": "https://a.example/secret?token=1"],
        #"http.fetch: not granted; grant http.fetch: "GET https://a.example/*" to posting"#
      ),
      (["url": "https://b.example/x"], "nobody serves it"),
      (["url": "file:///etc/passwd"], "url: expected http or https, of printable ASCII"),
      (
        ["urn": "urn:discord:attachment:demo:5"],
        "expected a url beside the urn: a file is read by the grant for where it came from"
      ),
      (
        ["urn": "urn:discord:blob:other:5", "url": "https://a.example/cat.png"],
        "urn: expected a blob of discord/demo, found one of discord/other"
      ),
      (
        ["url": "https://a.example/large.png"],
        "expected at most 65536 bytes, which is config.file_max, found 80000"
      ),
      (
        ["urn": .string("urn:discord:blob:demo:\(sha256)"), "url": "https://a.example/large.png"],
        "expected at most 65536 bytes, which is config.file_max, found 80000"
      ),
    ] as [(JSON, String)]
  )
  func `a file that cannot be had is a loss, and the rest is posted`(file: JSON, reason: String) async throws {
    let fixture = try await fixture(["file_max": "64KiB"])
    let answer = try await fixture.post("look", ["attachments": [Self.cat, file, Self.cat]])
    #expect(answer["losses"] == [["field": "attachments[1]", "reason": .string(reason)]])
    #expect(fixture.channel.contents == ["look"])
    #expect(fixture.channel.messages[0].files == [Array("meow".utf8), Array("meow".utf8)])
    let line = fixture.host.record.logged.first { $0.message == "not expressed" }
    #expect(line?.fields.contains("attachments[1]") == true && line?.fields.contains("token") == false)
    try await fixture.host.stop()
  }

  @Test func `of more than ten files the first ten go along, and nine beside the rest of a text`() async throws {
    let many = JSON.array(Array(repeating: Self.cat, count: 11))
    for (text, count) in [("short", 10), (String(repeating: "word ", count: 900), 10)] {
      let fixture = try await fixture(["parts_max": 2])
      let answer = try await fixture.post(text, ["attachments": many])
      #expect(fixture.channel.messages.last?.files.count == count)
      let isLong = text.count > 2000
      #expect(answer.lost == (isLong ? ["text", "attachments[9]", "attachments[10]"] : ["attachments[10]"]))
      try await fixture.host.stop()
    }
  }

  @Test func `without text and file nothing is posted, and it is tried again`() async throws {
    let fixture = try await fixture()
    let outcome = await fixture.deliver(" ", ["attachments": [["url": "https://a.example/gone.png"]]])
    let words =
      "nothing to post: there is no text, and no file could be had: "
      + "attachments[0]: https://a.example: expected status 200, found 404"
    #expect(outcome == .retry(words))
    #expect(fixture.channel.calls.isEmpty)
    try await fixture.host.stop()
  }
}
