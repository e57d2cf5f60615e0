import Envelope
import Foundation
import Host
import Testing

extension EndToEnd {
  /// A plugin that answers what another was asked, knowing all there is to know of the question.
  @Suite struct ForgeryTests {
    private static let question = "promethean.p.echo.t.demo.jobs.question"

    private let host: TestHost

    init() throws {
      // Of those that are given a question, a service answers; a worker merely hears it.
      let kinds: KeyValuePairs = ["forger": "worker", "holder": "service"]
      host = try TestHost(
        TestHost.fixtures(
          kinds.map { id, kind in
            let publishing = kind == "worker" ? "publish: [\(Self.question)]" : ""
            return (id, ["grants:", "  subscribe: [\(Self.question), \(TestHost.requests(id))]", "  \(publishing)"])
          }
        )
      )
      for (id, kind) in kinds {
        let manifest = TestHost.worker(
          id,
          kind: kind,
          inputs: [Self.question, TestHost.requests(id)],
          outputs: kind == "worker" ? [Self.question] : [],
          capabilities: []
        )
        try host.compile("forger", id: id, manifest: manifest, defining: kind == "service" ? ["HONEST"] : [])
      }
      try host.start()
    }

    @Test func `a question is answered by whom it was given to, whoever else answers it`() throws {
      let (asker, other) = (try host.client(), try host.client())
      let asked = try asker.send(
        "request",
        ["topic": .string(Self.question), "intent": "question", "timeout_ms": .int(TestHost.patience)]
      )
      try host.until("it is held") {
        try asker.call("status")
        if asker.hasEvent { throw ChildProcess.Failure(description: "\(try asker.receive())") }
        return try other.instance("holder")["in_flight"] == 1 ? () : nil
      }
      let tried = try host.until("the forger knows the question") { () -> JSON? in
        let answer = try other.request("promethean.p.echo.t.demo.forger.forge")["data"]
        return answer?["knows"] == 1 ? answer : nil
      }
      let count = try #require(tried["tried"]?.intValue)
      #expect(count > 0)
      // The forgeries were read before this is: they came first.
      #expect(try other.instance("holder")["in_flight"] == 1)
      try asker.call("status")
      #expect(!asker.hasEvent)

      _ = try other.request("promethean.p.echo.t.demo.holder.release")
      let event = try asker.receive()
      guard case .ok(let answer) = event.content, event.request == asked else {
        Issue.record("\(event)")
        return
      }
      #expect(answer["envelope"]?["data"] == ["from": "holder"])
      #expect(answer["envelope"]?["source"] == "urn:promethean:holder")
      try asker.call("status")
      #expect(!asker.hasEvent)

      for id in ["forger", "holder"] { #expect(try other.instance(id)["restarts"] == 0) }
      // Each try is on record, in the name of whoever made it.
      #expect(try host.stop() == .status(0))
      let records = try host.records.filter {
        $0["message"]?.stringValue?.hasSuffix("a delivery that is not open") == true
      }
      // It was answered once and settled in four ways.
      #expect(records.count >= Int(count) * 5)
      #expect(records.allSatisfy { $0["plugin"] == "forger" && $0["level"] == "warn" })
    }
  }
}
