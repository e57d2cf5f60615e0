import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Messages on their whole way: from a file through the provider, the indexer and the storage to whoever asks.
  @Suite struct MessageTests {
    private let host: TestHost

    init() throws {
      host = try TestHost(TestHost.echo())
      try Message.write(Message.all, to: "\(host.directory)/messages.ndjson")
      try host.start()
    }

    private func send() throws -> Program {
      try host.run("send", "--provider", "echo", "--tenant", "demo", "--file", "\(host.directory)/messages.ndjson")
    }

    private func query(_ words: [String]) throws -> Program {
      let command = [Products.promethean, "--deployment", host.directory, "query", "-p", "echo", "-t", "demo"]
      let program = try Program(command + ["messages"] + words)
      try #require(program.end == .status(0), "\(program.errors)")
      return program
    }

    /// The ids that a query finds, in its order.
    private func ids(_ words: String...) throws -> [String] {
      try query(words + ["--json"]).json.map { try #require($0["foreign_id"]?.stringValue) }
    }

    @Test func `what was sent is found, once, and by each condition`() throws {
      let all = Message.all
      let total = "\(all.count)"
      #expect(try send().output == "\(total) accepted\n")
      #expect(try query(["--count"]).output == "\(total)\n")
      #expect(try send().output == "\(total) accepted\n")
      #expect(try query(["--count"]).output == "\(total)\n")
      #expect(try host.count(host.client(), tenant: "other") == 0)

      let newest = all.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
      let everything = try ids("--limit", "100000")
      #expect(Set(everything) == Set(all.map(\.id)))
      #expect(everything.count == all.count)
      let times = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.createdAt) })
      #expect(everything.compactMap { times[$0] } == newest.map(\.createdAt))

      func expect(_ words: [String], _ isMeant: (Message) -> Bool) throws {
        let found = try query(words + ["--limit", "100000", "--json"]).json.compactMap { $0["foreign_id"]?.stringValue }
        let meant = all.filter(isMeant).map(\.id)
        #expect(!meant.isEmpty, "\(words) proves nothing")
        #expect(found.sorted() == meant.sorted(), "\(words)")
        #expect(try query(words + ["--count"]).output == "\(meant.count)\n", "\(words)")
      }
      try expect(["--text", "emacs"]) { $0.words.contains("emacs") }
      try expect(["--text", "the is"]) { $0.words.isSuperset(of: ["the", "is"]) }
      let middle = try #require(newest.dropFirst(all.count / 2).first)
      try expect(["--space", middle.space]) { $0.space == middle.space }
      try expect(["--author", middle.author]) { $0.author == middle.author }
      let thread = try #require(all.compactMap(\.thread).first)
      try expect(["--thread", thread]) { $0.thread == thread }
      let since = Timestamp(nanoseconds: middle.createdAt * 1_000_000_000).description
      try expect(["--since", since]) { $0.createdAt >= middle.createdAt }
      try expect(["--until", since]) { $0.createdAt < middle.createdAt }
      try expect(["--since", since, "--space", middle.space, "--text", "the"]) {
        $0.createdAt >= middle.createdAt && $0.space == middle.space && $0.words.contains("the")
      }
      #expect(try ids("--limit", "7") == Array(everything.prefix(7)))
      #expect(
        try ids("--order", "oldest", "--limit", "3").compactMap { times[$0] }
          == newest.reversed().prefix(3).map(\.createdAt)
      )
    }

    @Test func `a document has all that the message had`() throws {
      let message = try #require(Message.all.first { $0.thread != nil })
      try Message.write([message], to: "\(host.directory)/messages.ndjson")
      #expect(try send().output == "1 accepted\n")
      let found = try query(["--author", message.author, "--json"]).json
      let document = try #require(found.first { $0["foreign_id"]?.stringValue == message.id })
      #expect(document["text"]?.stringValue == message.text)
      #expect(document["space"]?.stringValue == message.space)
      #expect(document["thread"]?.stringValue == message.thread)
      #expect(document["created_at"]?.intValue == message.createdAt * 1000)
      #expect(document["body"]?["provider_payload"] == message.json)
    }

    @Test func `a file with wrong lines is taken as far as it goes, and each wrong line is named`() throws {
      let good = try #require(Message.made(1)).json.text
      try "\(good)\n{\"id\": 7}\nnot json\n".write(
        toFile: "\(host.directory)/bad.ndjson",
        atomically: true,
        encoding: .utf8
      )
      let sent = try host.run("send", "-p", "echo", "-t", "demo", "--file", "\(host.directory)/bad.ndjson")
      #expect(sent.end == .status(1))
      #expect(sent.output == "1 accepted, 2 refused\n")
      #expect(sent.errors.contains("bad.ndjson:2: failed: id: expected string that is not empty, found 7"))
      #expect(sent.errors.contains("bad.ndjson:3: invalid: not JSON"))
    }
  }
}
