import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// The plugin for Reddit, in a real host, against what was recorded of Reddit itself.
  @Suite struct RedditReplayTests {
    static let recordings: [RedditRecording] = {
      let found = RedditRecording.all(in: RedditServer.recordings)
      if found.isEmpty { Products.say("Reddit's answers are not replayed: there are no recordings") }
      return found
    }()

    @Test(arguments: recordings)
    func `each thing that was recorded comes once, and as it was`(recording: RedditRecording) async throws {
      var options = RedditServer.Options()
      options.recordings = [recording.path]
      let config = ["history: \(recording.history)", "reread: 0s", "inbox: false", "streams: \(recording.streams)"]
      let reddit = try await RedditDeployment(
        tenants: ["duck"],
        config: config,
        options: options,
        subreddits: [],
        starts: false
      )
      // Whoever taps a host that runs misses nothing of what begins then.
      try reddit.host.write("version: 1\nhost: { http: { enabled: false } }\nplugins: {}\n")
      try reddit.host.start()
      let tap = try Tap(of: reddit.host, pattern: "promethean.p.reddit.t.duck.events.SocialMessageCreated")
      try reddit.host.write(reddit.manifest)
      let applied = try reddit.host.run("apply", "--approve")
      try #require(applied.end == .status(0), "\(applied.errors)")
      for post in recording.posts { try self.post(post.path, post.form, by: reddit) }
      let envelopes = try tap.envelopes(recording.things.count)
      var found: [String: RedditRecording.Thing] = [:]
      for envelope in envelopes {
        let thing = try #require(RedditRecording.Thing(envelope["data"] ?? .null), "\(envelope)")
        #expect(found.updateValue(thing, forKey: thing.name) == nil, "\(thing.name) came twice")
      }
      for (name, thing) in recording.things { #expect(found[name] == thing) }
      #expect(found.count == recording.things.count)
      #expect(try await reddit.server.violations() == [], "what was asked that is not recorded")
      #expect(try reddit.host.stop() == .status(0))
    }

    /// Has written what was written when it was recorded.
    private func post(_ path: String, _ form: [String: String], by reddit: RedditDeployment) throws {
      var wish: JSONObject = ["provider": "reddit", "tenant": "duck", "text": .string(form["text"] ?? "")]
      var space = "urn:reddit:sub:duck:\(form["sr"] ?? "")"
      if let parent = form["thing_id"] {
        space = "urn:reddit:submission:duck:\(parent.dropFirst("t3_".count))"
      } else {
        wish["provider_payload"] = [
          "title": .string(form["title"] ?? ""), "resubmit": .string(form["resubmit"] ?? ""),
          "sendreplies": .string(form["sendreplies"] ?? ""),
        ]
      }
      wish["space_urn"] = .string(space)
      let answer = try reddit.host.run(
        "request",
        "promethean.p.reddit.t.duck.social.PostMessage",
        "--resource",
        space,
        "--payload",
        String(decoding: JSON.object(wish).bytes(), as: UTF8.self)
      )
      try #require(answer.end == .status(0), "\(answer.errors)")
    }
  }
}

extension RedditRecording.Thing {
  /// Reads an event's payload.
  fileprivate init?(_ json: JSON) {
    guard let event = try? SocialMessageCreated(json: json) else { return nil }
    self.init(
      name: event.messageID,
      author: event.authorURN.description,
      space: event.spaceURN.description,
      thread: event.threadID,
      parent: event.inReplyTo,
      text: event.text ?? "",
      created: Double(event.createdAt.nanoseconds) / 1e9
    )
  }
}
