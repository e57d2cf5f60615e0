import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// An access plugin's session when its next generation takes over.
  @Suite struct SessionTests {
    /// Messages that are on their way at a time.
    private static let window = 16

    /// Sends some messages at once, and returns their numbers in the session.
    private func send(_ client: AdminClient, _ ids: Range<Int>) throws -> [Int64] {
      for id in ids {
        let line: JSON = [
          "id": .string("m\(id)"), "author": "ada", "space": "lobby", "text": "hello", "created_at": 1_700_000_000,
        ]
        try client.send(
          "request",
          [
            "topic": "promethean.p.echo.t.demo.control.send", "intent": "send", "payload": line,
            "timeout_ms": .int(TestHost.patience),
          ]
        )
      }
      return try ids.map { _ in
        guard case .ok(let answer) = try client.receive().content else {
          throw ChildProcess.Failure(description: "a message was refused")
        }
        return try #require(answer["envelope"]?["data"]?["sequence"]?.intValue, "\(answer)")
      }
    }

    @Test func `numbers go on when echo is reloaded while messages come: none is missing, none comes twice`() throws {
      let host = try TestHost(TestHost.echo())
      try host.start()
      let (client, reloading) = (try host.client(), try host.client())
      var numbers: [Int64] = []
      func sendSome() throws { numbers += try send(client, numbers.count..<numbers.count + Self.window) }
      for round in 1...3 {
        try sendSome()
        try reloading.send("reload", ["plugin": "echo"])
        var isOver = false
        while !isOver {
          try sendSome()
          // What is sent goes out with the next call, which waits for nobody.
          try reloading.call("status")
          while reloading.hasEvent {
            switch try reloading.receive().content {
            case .item: continue
            case .ok(let answer): #expect(answer["outcome"] == "applied", "\(answer)")
            case .error(let error): Issue.record("\(error)")
            }
            isOver = true
          }
        }
        try host.until("the next generation is alone") {
          let names = try client.call("status")["instances"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
          return names?.filter { $0.hasPrefix("echo@") }.count == 2 ? () : nil
        }
        let instance = try client.instance("echo@demo")
        #expect(instance["generation"] == .int(Int64(round + 1)) && instance["restarts"] == 0, "\(instance)")
      }
      try sendSome()
      #expect(numbers.sorted() == (1...Int64(numbers.count)).map { $0 })
      try host.waitUntilIdle(client)
      #expect(try host.count(client) == Int64(numbers.count))
      #expect(try client.deadLetters().isEmpty)
      #expect(try host.stop() == .status(0))
    }
  }
}
