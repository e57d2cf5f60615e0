internal import CChannel
internal import Envelope
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

@Suite struct DeliveryTests {
  @Test func `what deliver returns settles the delivery`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      let expected: [(String, Int16, String)] = [
        ("Ok", 0, ""),
        ("Fail", 1, "no paper in tray 2"),
        ("FailSilently", 1, "deliver returned -4711 and gave no reason"),
        ("Reject", 3, "I never will"),
        ("Again", 2, ""),
      ]
      for (token, (intent, how, reason)) in expected.enumerated() {
        try driver.deliver(intent, token: UInt64(token) + 10)
        let settled = try driver.frame(WIRE_SETTLE)
        #expect(settled.token == UInt64(token) + 10)
        #expect(settled.argument == how)
        #expect(settled.text == reason)
      }
    }
  }

  @Test func `a request is answered whatever deliver returns`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      let expected: [(String, Int16, String, String)] = [
        ("Ok", 0, "", ""),
        ("Fail", -1, "text/plain", "no paper in tray 2"),
        ("FailSilently", -1, "text/plain", "deliver returned -4711 and gave no reason"),
        ("Respond", 0, "", "{\"answer\":42}"),
      ]
      for (intent, status, contentType, payload) in expected {
        try driver.deliver(intent, token: 3, flags: .request)
        let answer = try driver.frame(WIRE_RESPOND)
        #expect(answer.token == 3)
        #expect(answer.argument == status)
        let envelope = try Envelope(binary: answer.body)
        #expect(envelope.contentType == contentType)
        #expect(String(decoding: envelope.payload, as: UTF8.self) == payload)
        #expect(envelope.src == "")
      }
    }
  }

  @Test func `an envelope reaches the plugin field by field`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      var envelope = Envelope(
        topic: "promethean.p.echo.t.demo.events.Test",
        intent: "Describe",
        payload: Array("{}".utf8)
      )
      (envelope.src, envelope.key) = ("client:äöü", "urn:echo:space:demo:1")
      (envelope.attempt, envelope.hops, envelope.ts) = (2, 3, 1_700_000_000_123_456_789)
      try driver.send(WIRE_DELIVER, token: 1, body: envelope.binary())
      let line = "client:äöü|promethean.p.echo.t.demo.events.Test|urn:echo:space:demo:1|{}|2|3|1700000000123456789"
      #expect(try driver.line("client") == line)
    }
  }

  @Test func `what a plugin publishes reaches the host with nothing of the host's in it`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Publish")
      let frame = try driver.frame(WIRE_PUBLISH)
      #expect(frame.token == 7)
      let envelope = try Envelope(binary: frame.body)
      #expect(envelope.intent == "Published" && envelope.topic == "promethean.p.echo.t.demo.events.Test")
      #expect(envelope.payload == Array("{\"some\":\"payload\"}".utf8))
      #expect(envelope.src == "" && envelope.ts == 0 && envelope.hops == 0)
    }
  }

  @Test func `a thread of the plugin's publishes and settles while the runner sleeps`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      for token in 1...200 as ClosedRange<UInt64> {
        try driver.deliver("Thread", token: token)
        #expect(try driver.frame(WIRE_SETTLE).token == token)
        #expect(try Envelope(binary: driver.frame(WIRE_PUBLISH).body).intent == "FromThread")
      }
    }
  }

  @Test func `an envelope that is not recorded is not settled, neither by the runner nor by the plugin`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Ok", token: 0)
      try driver.deliver("Thread", token: 0)
      #expect(try Envelope(binary: driver.frame(WIRE_PUBLISH).body).intent == "FromThread")
      try driver.deliver("Ok", token: 5)
      #expect(try driver.frame(WIRE_SETTLE).token == 5)
    }
  }

  @Test func `a plugin that finds no room is polled when there is some, and loses nothing`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      // Some hundred times what the ring holds.
      let count = 200_000
      try driver.deliver("Flood", payload: "\(count)")
      #expect(try driver.count(WIRE_PUBLISH, until: "flood done") == count)
    }
  }

  @Test func `what a plugin publishes in one call is on its way before the call ends`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      // Some ten times what the ring holds.
      let count = 20_000
      try driver.deliver("Insist", payload: "\(count)")
      #expect(try driver.count(WIRE_PUBLISH, until: "insisted") == count)
    }
  }

  @Test func `log lines that find no room are dropped and counted, settlements are not`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("LogFlood", token: 1)
      for token in 2..<100 as Range<UInt64> { try driver.deliver("Ok", token: token) }
      for token in 1..<100 as Range<UInt64> { #expect(try driver.frame(WIRE_SETTLE).token == token) }
      let dropped = try driver.frame(WIRE_LOG) { $0.line.contains("found no room") }
      let number = try #require(dropped.line.split(separator: " ").first.flatMap { Int($0) })
      let kept = driver.frames.count { $0.op == WIRE_LOG && $0.line.hasPrefix("a line") }
      #expect(dropped.argument == 13)
      #expect(number > 50_000 && number + kept == 100_000)
    }
  }

  @Test func `timers fire in the order in which they are due, and there is an end to them`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Timers")
      let lines = try (0..<4).map { _ in try driver.line("completed") }
      #expect(lines == [4, 3, 2, 1].map { "completed \($0) 0  " })
      try driver.deliver("TooManyTimers")
      #expect(try driver.line("1") == "1024 timers")
    }
  }

  @Test func `state goes to the host and comes back`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("State")
      let put = try driver.frame(WIRE_STATE)
      #expect(put.argument == WIRE_STATE_PUT && put.token == 5)
      let head = unsafe put.body.withUnsafeBytes { unsafe $0.loadUnaligned(as: wire_state.self) }
      #expect(head.expected == .max && head.provider == 4 && head.tenant == 4 && head.key == 6 && head.document == 2)
      #expect(String(decoding: put.body.dropFirst(MemoryLayout<wire_state>.size), as: UTF8.self) == "echodemocursor17")
      let get = try driver.frame(WIRE_STATE)
      #expect(get.argument == WIRE_STATE_GET && get.token == 6)
      var result = Envelope(payload: Array("17".utf8))
      result.configRev = "1"
      try driver.send(WIRE_RESULT, token: 5, body: [])
      try driver.send(WIRE_RESULT_ENVELOPE, token: 6, body: result.binary())
      try driver.send(WIRE_RESULT, argument: -2, token: 7, body: Array("not granted".utf8))
      #expect(try driver.line("completed 5") == "completed 5 0  ")
      #expect(try driver.line("completed 6") == "completed 6 0  17")
      #expect(try driver.line("completed 7") == "completed 7 -2 not granted ")
    }
  }

  @Test func `metrics go to the host with their labels, if those are not too large`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Measure")
      let plain = try driver.frame(WIRE_METRIC)
      #expect(plain.argument == 1 && Double(bitPattern: plain.token) == 3)
      #expect(plain.body == [5, 0] + Array("depth".utf8))
      let labelled = try driver.frame(WIRE_METRIC)
      #expect(labelled.argument == 0 && Double(bitPattern: labelled.token) == 0.5)
      #expect(labelled.body == [10, 0] + Array("seen_totala=b\n".utf8))
      driver.drainStderr()
      #expect(driver.stderr == "metrics.record: kind, name or labels is malformed or too large\n")
    }
  }

  @Test func `calls with malformed arguments are refused and say so on stderr`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      try driver.start()
      try driver.deliver("Misuse")
      #expect(try driver.line("9") == "9 refused")
      driver.drainStderr()
      #expect(driver.stderr.contains("publish: envelope.topic is malformed or too large\n"))
      #expect(driver.stderr.contains("publish: envelope.intent is malformed or too large\n"))
      #expect(driver.stderr.contains("state: key is malformed or too large\n"))
    }
  }

  @Test func `an extension that was not granted is not there`() async throws {
    try await onHostThread {
      let all = try Driver(.compile())
      try all.start()
      try all.deliver("Extensions")
      let line = "log 1 clock 1 metrics 1 publish 1 request 1 subscribe 1 state 1 unknown 0"
      #expect(try all.line("log") == line)

      let none = try Driver(.compile()) { $0.extensions = [] }
      try none.start()
      try none.deliver("Extensions")
      _ = try none.frame(WIRE_SETTLE)
      none.drainStderr()
      #expect(none.stderr == "log 0 clock 0 metrics 0 publish 0 request 1 subscribe 0 state 0 unknown 0\n")
    }
  }
}
