import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// Another model for all messages while they are searched, through the real host, and whatever is killed.
  @Suite struct ModelSwitchTests {
    private static let count = Products.isSoak ? 20_000 : 600
    private static let (old, new) = ("feature-hashing", "hashing-anew")
    /// Envelopes a second that the embedder of messages may send, two for some 30 messages.
    ///
    /// So that a switch takes seconds, and longer than four processes need to start again. How far it is has to be seen
    /// several times, by a client that a sanitizer makes slow.
    private static let (rate, slowRate) = Products.isSoak ? (100, 30) : (Products.isSanitized ? 3 : 10, 3)

    private let host: TestHost
    private let client: AdminClient

    init() throws {
      host = try TestHost(TestHost.echo(more: TestHost.searching()))
      try host.start()
      client = try host.client()
      let messages = (0..<Self.count).compactMap(Message.made)
      let file = "\(host.directory)/messages.ndjson"
      try Message.write(messages, to: file)
      let sent = try host.run("send", "--provider", "echo", "--tenant", "demo", "--file", file, seconds: 600)
      #expect(sent.end == .status(0), "\(sent.errors)")
      try host.waitForVectors(Self.count, of: Self.old)
    }

    /// Has the other model be applied, and waits until it gathers vectors.
    private func apply(rate: Int) throws {
      try host.write(TestHost.echo(more: TestHost.searching(model: Self.new, rate: rate)))
      let applied = try host.run("apply", "--approve")
      #expect(applied.end == .status(0), "\(applied.errors)")
    }

    /// How many vectors the new model has gathered; nil once it has taken over.
    private func gathered(_ client: AdminClient) throws -> Int64? {
      let models = try client.request("promethean.p.echo.t.demo.storage.vectors.models", resource: "messages")["data"]
      if models?["current"]?["name"] == .string(Self.new) { return nil }
      #expect(models?["current"]?["name"] == .string(Self.old))
      return models?["building"]?.arrayValue?.first?["count"]?.intValue ?? 0
    }

    @Test func `while the model is another no search fails, and none is without vectors`() throws {
      let searches = SearchStream(on: AdminClient.socketPath(directory: host.view))
      try apply(rate: Self.rate)
      var steps: [Int64] = []
      try host.until("the new model has taken over") {
        guard let count = try gathered(client) else { return () }
        if count != steps.last { steps.append(count) }
        return nil
      }
      let before = searches.outcome
      try host.until("it is searched by") { searches.outcome.models[Self.new] == nil ? nil : () }
      let outcome = searches.stop()
      #expect(outcome.failures == [])
      // It was searched all the while, and how far it was could be seen.
      #expect(before.models[Self.old] ?? 0 > 0 && outcome.count > 20)
      #expect(steps.count > 3 && steps == steps.sorted())
      #expect(Set(outcome.models.keys) == [Self.old, Self.new])
      try host.waitForVectors(Self.count, of: Self.new)
      #expect(try client.deadLetters().isEmpty)
      Products.say("\(outcome.count) searches while the model of \(Self.count) messages became another")
      #expect(try host.stop() == .status(0))
    }

    @Test func `what is killed midway goes on from where it was, until all is by the new model`() throws {
      try apply(rate: Self.slowRate)
      var last: Int64 = 0
      for victim in ["message-embedder", "embedder", "storage", "host"] {
        let count = try host.until("more vectors are made before \(victim) is killed") {
          let count = try #require(try gathered(host.client()), "it was over before \(victim) was killed")
          return count > last ? count : nil
        }
        last = count
        if victim == "host" {
          try host.kill()
          try host.start()
        } else {
          let client = try host.client()
          let pid = try client.instance(victim)["pid"]
          try client.kill(victim)
          try host.until("\(victim) is there again") {
            let instance = try client.instance(victim)
            return instance["pid"] != pid && instance["state"] == "RUNNING" ? () : nil
          }
        }
        // Nothing that was gathered is lost.
        #expect(try gathered(host.client()) ?? .max >= last, "\(victim)")
        #expect(try !host.search("written in lisp").isEmpty, "\(victim)")
      }
      try host.waitForVectors(Self.count, of: Self.new)
      let missing: JSON = ["model": try #require(try current())]
      let topic = "promethean.p.echo.t.demo.storage.vectors.missing"
      let left = try host.client().request(topic, missing, resource: "messages")["data"]?["documents"]
      #expect(left == [])
      #expect(try host.client().deadLetters().isEmpty)
      #expect(try host.stop() == .status(0))
    }

    private func current() throws -> JSON? {
      let topic = "promethean.p.echo.t.demo.storage.vectors.models"
      return try host.client().request(topic, resource: "messages")["data"]?["current"]
    }

    @Test func `a vector of another dimension than the model's is refused, and nothing changes`() throws {
      let topic = "promethean.p.echo.t.demo.storage.vectors"
      let model = try #require(try current())
      let put: JSON = [
        "model": model,
        "vectors": [
          ["foreign_id": "m1", "content": .string(String(repeating: "0", count: 64)), "vector": "AACAPwAAAAA="]
        ],
      ]
      let refusal = try refusal("\(topic).put", put)
      #expect(refusal.contains("vectors[0].vector: expected 384 floats of 4 bytes, found 2"), "\(refusal)")
      let asked = try self.refusal("\(topic).search", ["vector": "AACAPwAAAAA="])
      #expect(
        asked.contains("vector: expected 384 floats of 4 bytes, found 2 (the model is feature-hashing"),
        "\(asked)"
      )
      try host.waitForVectors(Self.count, of: Self.old)
      #expect(try host.stop() == .status(0))
    }

    /// The words that a request is refused with.
    private func refusal(_ topic: String, _ payload: JSON) throws -> String {
      do {
        return "no error: \(try client.request(topic, payload, resource: "messages"))"
      } catch AdminClientError.refused(_, let message) {
        return message
      }
    }
  }
}
