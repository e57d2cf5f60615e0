import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Messages are found by their words and by their meaning, in their own tenant alone.
  @Suite struct SearchTests {
    /// Questions that somebody might ask of the real messages, and which message answers each.
    private static let questions = [
      ("which Lisp web server was the site first built on", "t1_c1uncy"),
      ("did you ever try the Django framework", "t1_cusz4"),
      ("what is the quickest way to concatenate strings in python", "t1_c02c90o"),
      ("do advertisers get to know what individual people browse", "t1_cx758h5"),
      ("can you promise a deadline for the new software", "t1_ct5vqx8"),
      ("which of the two sites is older, this one or digg", "t1_c044f2e"),
      ("a fish living in a heated tank", "t1_dbhn16t"),
      ("extraterrestrials invade a planet full of water that kills them", "t1_d4y8b9c"),
      ("what cartoons should I see after finishing Futurama", "t3_48fb7v"),
      ("should moderators be elected", "t3_48f8gv"),
      ("infected ear piercings hurt when brushing hair", "t1_dbhn11l"),
      ("how do I turn off the little pictures beside links", "t1_c06wqys"),
      ("is it useful to let people vote on tags", "t1_c23r6g"),
      ("sharing a room with people you like to talk to makes it hard to work", "t1_c0308az"),
      ("how big is the database of links when compressed", "t1_c04karw"),
      ("running backs get injured too often, so draft receivers", "t1_dbhn165"),
      ("they promised to pay for the move and then never picked up the phone", "t1_d4y8acr"),
      ("dislike of calling programmers rockstars or hackers", "t1_c14l6f2"),
      ("what can be achieved in March", "t3_48fabp"),
      ("Kobe missed all his shots so far", "t1_dbhn0yl"),
    ]

    private func message(_ id: String, _ text: String) throws -> Message {
      try #require(
        Message([
          "id": .string(id), "author": "ada", "space": "lobby", "text": .string(text), "created_at": 1_700_000_000,
        ])
      )
    }

    private func send(_ messages: [Message], to host: TestHost, tenant: String = "demo") throws {
      let file = "\(host.directory)/\(tenant).ndjson"
      try Message.write(messages, to: file)
      let sent = try host.run("send", "--provider", "echo", "--tenant", tenant, "--file", file)
      #expect(sent.end == .status(0), "\(sent.errors)")
    }

    @Test func `a message is found in its tenant alone, until it is another or gone`() throws {
      let host = try TestHost(TestHost.echo(more: TestHost.searching()))
      try host.start()
      let (model, demo, other) = ("feature-hashing", "reindeer eat moss", "whales eat krill")
      // The same ids, and once the same words.
      try send([try message("m1", demo), try message("m2", "nothing of that")], to: host)
      try send([try message("m1", other), try message("m3", demo)], to: host, tenant: "other")
      try host.waitForVectors(2, of: model)
      try host.waitForVectors(2, of: model, tenant: "other")
      #expect(try host.search("what do reindeers eat").first == "m1")
      #expect(try host.search("krill", tenant: "other").first == "m1")
      #expect(try host.search("reindeer moss", tenant: "other").first == "m3")
      #expect(try !host.search("krill", limit: 50).contains("m3"))
      let shown = try host.run(
        "search",
        "--provider",
        "echo",
        "--tenant",
        "demo",
        "reindeer",
        "--explain",
        "--no-color"
      )
      #expect(shown.end == .status(0) && shown.output.contains(demo), "\(shown.errors)")
      // What a worker is not granted it cannot ask.
      let deleting = try host.client().request(
        "promethean.p.echo.t.demo.storage.documents.delete",
        ["foreign_ids": ["m1"]],
        resource: "messages"
      )
      #expect(deleting["data"]?["deleted"] == 1)
      #expect(try !host.search("reindeer moss", limit: 50).contains("m1"))
      #expect(try host.stop() == .status(0))
    }

    @Test func `real messages answer questions, and go on answering while the model is another`() throws {
      let (messages, model) = (Message.all, ModelReference.name)
      // Those that are made up answer no question.
      guard messages.contains(where: { $0.id == Self.questions[0].1 }), ModelReference.isThere() else { return }
      let host = try TestHost(TestHost.echo(more: TestHost.searching()))
      try host.installModel()
      try host.start()
      try send(messages, to: host)
      let count = messages.count { !$0.text.isEmpty }
      try host.waitForVectors(count, of: "feature-hashing")
      try host.write(TestHost.echo(more: TestHost.searching(model: model)))
      let applied = try host.run("apply", "--approve")
      #expect(applied.end == .status(0), "\(applied.errors)")
      // While all are embedded anew, every search is answered.
      _ = try host.until("the new model has taken over") {
        #expect(try !host.search("which programming language is best").isEmpty)
        let topic = "promethean.p.echo.t.demo.storage.vectors.models"
        let current = try host.client().request(topic, resource: "messages")["data"]?["current"]?["name"]
        return current?.stringValue == model ? true : nil
      }
      let missed = try Self.questions.filter { try !host.search($0.0).contains($0.1) }
      #expect(missed.count <= 2, "\(missed)")
      #expect(try host.stop() == .status(0))
    }
  }
}
