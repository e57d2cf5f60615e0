import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct PosterTests {
  @Test func `a wish becomes a message that notifies nobody`() async throws {
    let fixture = try await PostingFixture()
    let answer = try await fixture.post("Hello @everyone, <@1>")
    let id = try #require(fixture.channel.messages.first?.id)
    #expect(answer == ["message_id": .string("\(id)"), "message_ids": [.string("\(id)")], "losses": []])
    let call = try #require(fixture.channel.calls.first)
    #expect((call.method, call.path) == ("POST", "/channels/100/messages"))
    #expect((call.requester, call.contentType, call.isRepeatable) == ("worker", "application/json", true))
    let nonce = PostIdentity(PostingFixture.wish(""), key: nil).nonce(0)
    #expect(
      fixture.channel.posts == [
        [
          "nonce": .string(nonce), "enforce_nonce": true, "content": "Hello @everyone, <@1>",
          "allowed_mentions": ["parse": [], "replied_user": false],
        ]
      ]
    )
    try await fixture.host.stop()
  }

  @Test func `a long text becomes messages in their order, the first of which is the reply`() async throws {
    let fixture = try await PostingFixture()
    let text = (1...400).map { "Sentence number \($0). " }.joined()
    let answer = try await fixture.post(
      text,
      ["in_reply_to": "7", "provider_payload": ["embeds": [[:]], "tts": true]]
    )
    #expect(answer.count == 5)
    #expect(answer.lost == [])
    #expect(fixture.channel.contents.joined(separator: " ") == text.trimmed)
    let posts = fixture.channel.posts
    #expect(posts.map { $0["message_reference"] != nil } == [true, false, false, false, false])
    #expect(posts[0]["message_reference"] == ["message_id": "7", "fail_if_not_exists": false])
    #expect(posts.map { $0["embeds"] != nil } == [false, false, false, false, true])
    #expect(posts.allSatisfy { $0["tts"] == true })
    #expect(Set(posts.compactMap { $0["nonce"]?.stringValue }).count == 5)
    try await fixture.host.stop()
  }

  @Test func `what does not fit the messages that are allowed goes along as a file`() async throws {
    let fixture = try await PostingFixture(["parts_max": 2])
    let text = (1...400).map { "Sentence number \($0). " }.joined()
    let answer = try await fixture.post(text)
    #expect(answer.count == 2)
    #expect(answer.lost == ["text"])
    let last = try #require(fixture.channel.messages.last)
    let whole = fixture.channel.contents.joined(separator: " ") + " " + String(decoding: last.files[0], as: UTF8.self)
    #expect(whole == text)
    #expect(fixture.channel.posts[1]["attachments"] == [["id": "0", "filename": "rest.txt"]])
    try await fixture.host.stop()
  }

  @Test(arguments: [
    ("gone", ChannelDouble.Step.perform, "8", "the message is gone; posted as no reply"),
    (
      "refused",
      .answer(
        400,
        [
          "code": 50035, "message": "Invalid Form Body",
          "errors": ["message_reference": ["_errors": [["message": "Cannot reply to a system message"]]]],
        ]
      ),
      "7",
      "message cannot be answered: Discord answered 400 Invalid Form Body (50035); "
        + "message_reference: Cannot reply to a system message; posted as no reply"
    ),
    ("no id", .perform, "today", #"expected the id of a message, found "today": posted as no reply"#),
  ])
  func `what cannot be answered is posted all the same, and a loss says so`(
    name: String,
    step: ChannelDouble.Step,
    answered: String,
    reason: String
  ) async throws {
    let fixture = try await PostingFixture()
    fixture.channel.script(step)
    let answer = try await fixture.post("yes", ["in_reply_to": .string(answered)])
    #expect(fixture.channel.contents == ["yes"])
    #expect(answer["losses"] == [["field": "in_reply_to", "reason": .string(reason)]])
    #expect(fixture.host.record.logged.contains { $0.message == "not expressed" && $0.fields.contains("in_reply_to") })
    try await fixture.host.stop()
  }

  @Test(arguments: [
    ("text", "", "text: expected something to say, or a file to send, found white space alone"),
    ("text", " \n\t", "text: expected something to say, or a file to send, found white space alone"),
    ("tenant", "other", "provider, tenant: expected discord/demo, found discord/other"),
    (
      "space_urn", "urn:discord:channel:other:100",
      "space_urn: expected urn:discord:channel:demo:<id>, found urn:discord:channel:other:100"
    ),
    (
      "space_urn", "urn:discord:user:demo:100",
      "space_urn: expected urn:discord:channel:demo:<id>, found urn:discord:user:demo:100"
    ),
    (
      "space_urn", "urn:discord:channel:demo:1/../2",
      "space_urn: expected urn:discord:channel:demo:<id>, found urn:discord:channel:demo:1/../2"
    ),
    (
      "space_urn", "urn:discord:channel:demo:101",
      """
      space_urn: expected a channel that the tenant's `allow` in plugins.yml covers, found 101: add it to `channels`, \
      or its guild to `guilds`
      """
    ),
  ])
  func `a wish that is wrong is rejected with what was expected and what was found`(
    key: String,
    value: String,
    words: String
  ) async throws {
    let fixture = try await PostingFixture()
    #expect(await fixture.deliver("hello", [key: .string(value)]) == .reject(words))
    #expect(fixture.channel.calls.isEmpty)
    try await fixture.host.stop()
  }

  /// What becomes of a wish when a call ends in some way.
  private static let endings: [(ChannelDouble.Step, HostRecord.Outcome)] = [
    (
      .answer(403, ["code": 50013, "message": "Missing Permissions"]),
      .reject(
        "POST /channels/100/messages: Discord answered 403 Missing Permissions (50013): "
          + "give the bot the permission Send Messages"
      )
    ),
    (
      .answer(404, ["code": 10003, "message": "Unknown Channel"]),
      .reject("POST /channels/100/messages: Discord answered 404 Unknown Channel (10003)")
    ),
    (
      .answer(
        400,
        [
          "code": 50035, "message": "Invalid Form Body",
          "errors": ["embeds": ["0": ["title": ["_errors": [["message": "Too long"]]]]]],
        ]
      ),
      .reject("POST /channels/100/messages: Discord answered 400 Invalid Form Body (50035); embeds.0.title: Too long")
    ),
    (
      .answer(404, ["code": 10008, "message": "Unknown Message"]),
      .reject(
        "POST /channels/100/messages: Discord answered 404 Unknown Message (10008): "
          + "it was posted before, and has been deleted since"
      )
    ),
    (.answer(401, ["message": "401: Unauthorized"]), .release),
    (.answer(429, ["message": "You are being rate limited."]), .release),
    (.answer(502, .null), .retry("POST /channels/100/messages: Discord answered 502")),
    (
      .answer(200, ["id": .null]),
      .retry("POST /channels/100/messages: expected a message with an id, found another answer of Discord's")
    ),
    (.fail(.unreachable("gone")), .release),
    (.fail(.refused("the breaker is open")), .release),
    (.fail(.queueFull("full")), .release),
    (.fail(.deadline("too late")), .retry("too late")),
    (.fail(.unknown("broken")), .retry("broken")),
  ]

  @Test(arguments: endings.indices)
  func `what Discord will never take goes to the dead letters, all else is delivered again`(index: Int) async throws {
    let (step, outcome) = Self.endings[index]
    let fixture = try await PostingFixture()
    fixture.channel.script(step)
    #expect(await fixture.deliver("hello") == outcome)
    #expect(fixture.channel.calls.count == 1)
    try await fixture.host.stop()
  }

  @Test func `provider_payload is taken over as far as the table goes, and the rest is told`() async throws {
    let fixture = try await PostingFixture()
    let answer = try await fixture.post(
      "mine",
      [
        "provider_payload": [
          "content": "theirs", "nonce": "1", "enforce_nonce": false, "message_reference": ["message_id": "7"],
          "attachments": [], "components": [["type": 1]], "embeds": [["title": "t"]], "sticker_ids": ["5"],
          "poll": "when?", "tts": .null, "flags": 4100, "thread_name": "x",
        ]
      ]
    )
    let post = try #require(fixture.channel.posts.first)
    #expect(post["content"] == "mine")
    #expect(post["nonce"]?.stringValue == PostIdentity(PostingFixture.wish(""), key: nil).nonce(0))
    #expect(post["enforce_nonce"] == true)
    #expect(post["message_reference"] == nil && post["attachments"] == nil && post["poll"] == nil)
    #expect(post["components"] == [["type": 1]] && post["embeds"] == [["title": "t"]])
    #expect(post["sticker_ids"] == ["5"] && post["flags"] == 4100)
    let keys = ["content", "nonce", "enforce_nonce", "message_reference", "attachments", "poll", "thread_name"]
    #expect(answer.lost == keys.map { "provider_payload.\($0)" })
    try await fixture.host.stop()
  }

  @Test func `of a wish full of what nobody knows the first losses are told, and how many there are`() async throws {
    let fixture = try await PostingFixture()
    let keys = (0..<3000).map { ("unknown-key-\($0)" + String(repeating: "x", count: $0 == 0 ? 500 : 0), JSON.int(1)) }
    let answer = try await fixture.post("x", ["provider_payload": .object(JSONObject(keys))])
    #expect(answer.lost.count == Loss.countMax + 1)
    #expect(answer.lost.allSatisfy { $0.count <= 80 })
    #expect(answer["losses"]?.arrayValue?.last?["reason"] == "2968 more are not told")
    try await fixture.host.stop()
  }

  @Test func `no part waits longer than its nonce is sure to be known, or than anybody waits for the answer`()
    async throws
  {
    let fixture = try await PostingFixture()
    try await fixture.post("never", id: "a")
    for (id, left) in [("b", 5_000_000_000), ("c", 600_000_000_000)] as [(String, Int64)] {
      var wish = PostingFixture.wish(id, id: id)
      wish.deadline = FakeHost.epoch + left
      _ = try await fixture.host.request(wish)
    }
    #expect(
      fixture.channel.calls.map { $0.deadline - FakeHost.epoch } == [Poster.patience, 5_000_000_000, Poster.patience]
    )
    try await fixture.host.stop()
  }

  @Test func `flags that change what a message is are left out`() async throws {
    let fixture = try await PostingFixture()
    let answer = try await fixture.post("x", ["provider_payload": ["flags": .int(1 << 15 | 4)]])
    #expect(fixture.channel.posts[0]["flags"] == 4)
    #expect(answer.lost == ["provider_payload.flags"])
    try await fixture.host.stop()
  }

  private static let all: JSON = [
    "parse": ["everyone", "roles", "users"], "users": ["1"], "roles": ["2"], "replied_user": true,
  ]

  @Test(
    arguments: [
      (
        [], all, ["parse": [], "replied_user": false],
        [".parse", ".parse", ".parse", ".users", ".roles", ".replied_user"]
      ),
      (["users"], all, ["parse": ["users"], "replied_user": true], [".parse", ".parse", ".roles"]),
      (["users"], ["users": ["1", "2"]], ["parse": [], "replied_user": false, "users": ["1", "2"]], []),
      (["roles"], ["roles": ["2"]], ["parse": [], "replied_user": false, "roles": ["2"]], []),
      (["roles"], ["roles": [2], "x": 1], ["parse": [], "replied_user": false], [".roles", ".x"]),
      (["users", "roles", "everyone"], all, ["parse": ["everyone", "roles", "users"], "replied_user": true], []),
      (["everyone"], "all", ["parse": [], "replied_user": false], [""]),
      (["everyone"], ["parse": ["here"]], ["parse": [], "replied_user": false], [".parse"]),
    ] as [([String], JSON, JSON, [String])]
  )
  func `a wish has notified whom the operator lets it, and no more`(
    allowed: [String],
    wanted: JSON,
    sent: JSON,
    lost: [String]
  ) async throws {
    let fixture = try await PostingFixture(["mentions": .array(allowed.map { .string($0) })])
    let answer = try await fixture.post("x", ["provider_payload": ["allowed_mentions": wanted]])
    #expect(fixture.channel.posts[0]["allowed_mentions"] == sent)
    #expect(answer.lost == lost.map { "provider_payload.allowed_mentions\($0)" })
    try await fixture.host.stop()
  }

  @Test(
    arguments: [
      ("mentions", ["here"], #"config.mentions: expected of users, roles, everyone, found "here""#),
      ("parts_max", 0, "config.parts_max: expected integer from 1 to 32, found 0"),
      ("file_max", "much", #"config.file_max: expected bytes such as "64MiB", found string "much""#),
    ] as [(String, JSON, String)]
  )
  func `settings that are wrong are told by their key`(key: String, value: JSON, words: String) {
    let error = #expect(throws: (any Error).self) { try PostSettings(Config([key: value])) }
    #expect(error.map { "\($0)" } == words)
  }
}
