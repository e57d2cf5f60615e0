import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// One that takes 100 ms for each event, and many more events than that.
  @Suite struct SlowConsumerTests {
    private static func manifest(delay: Int) -> String {
      let flood = """
          flood:
            library: flood
            trust: unsigned
            tenants: [echo/demo]
            grants:
              subscribe: [promethean.p.echo.t.demo.flood.start]
              publish: [promethean.p.echo.t.demo.events.Numbered]
            limits: { deadline: 1h }
        """
      let slow = ["limits: { deadline: 1h }", "config: { delay_ms: \(delay) }"]
      return TestHost.consumers(["slow": slow, "fast": []]) + "\n" + flood
    }

    private let host: TestHost

    init() throws {
      host = try TestHost(Self.manifest(delay: 100))
      for id in ["slow", "fast"] { try host.compileConsumer(id) }
      let flood = TestHost.worker(
        "flood",
        inputs: ["promethean.p.echo.t.demo.flood.start"],
        outputs: ["promethean.p.echo.t.demo.events.Numbered"],
        capabilities: []
      )
      try host.compile("flood", id: "flood", manifest: flood)
    }

    /// Resident memory of the host, in bytes.
    private var resident: Int {
      get throws {
        let text = try String(contentsOfFile: "/proc/\(host.process?.pid ?? 0)/statm", encoding: .utf8)
        let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * Int(getpagesize())
      }
    }

    /// Has so many events published, and returns the most memory that the host had meanwhile.
    private func flood(from first: Int, count: Int, _ client: AdminClient) throws -> Int {
      let request = try client.send(
        "request",
        [
          "topic": "promethean.p.echo.t.demo.flood.start", "intent": "start",
          "payload": ["from": .int(Int64(first)), "count": .int(Int64(count))], "timeout_ms": 600_000,
        ]
      )
      let looker = try host.client()
      var most = 0
      try client.call("status")
      while true {
        // The host answers this between what it routes, so it is both a look and a wait.
        try looker.call("status")
        most = max(most, try resident)
        try client.call("status")
        guard client.hasEvent else { continue }
        let event = try client.receive()
        guard event.request == request else { continue }
        guard case .ok(let answer) = event.content else {
          Issue.record("\(event.content)")
          return most
        }
        #expect(answer["envelope"]?["data"]?["failed"] == 0)
        return most
      }
    }

    @Test func `a slow consumer costs no memory, holds up nobody, and loses nothing`() throws {
      try host.start()
      let client = try host.client()
      let (warm, count) = Products.isSoak ? (20_000, 200_000) : (4_000, 20_000)
      _ = try flood(from: 1, count: warm, client)
      try host.waitUntilIdle(client, "fast")
      let before = try resident

      let begun = ContinuousClock.now
      let most = try flood(from: warm + 1, count: count, client)
      try host.waitUntilIdle(client, "fast")
      let elapsed = ContinuousClock.now - begun
      Products.say("\(count) events in \(elapsed); memory \(before) bytes before, at most \(most)")
      // A sanitizer's shadow grows with every page that is touched.
      if !Products.isSanitized { #expect(Double(max(most, try resident)) <= Double(before) * 1.1) }

      let fast = try client.report("fast")
      #expect(fast["seen"] == .int(Int64(warm + count)))
      #expect(fast["last"] == .int(Int64(warm + count)))
      #expect(fast["disorder"] == 0)

      // The slow one has had its few, in order; the rest is counted as its lag.
      let asked = ContinuousClock.now
      let slow = try client.report("slow")
      let seen = try #require(slow["seen"]?.intValue)
      #expect(slow["first"] == 1 && slow["disorder"] == 0)
      #expect(seen > 0 && seen < Int64(warm + count))
      let settled = seen - (slow["waiting"]?.intValue ?? 0)
      let lag = try #require(try client.instance("slow")["lag"]?.intValue)
      #expect(abs(lag - (Int64(warm + count) - settled)) <= 10 + Int64(elapsed / .milliseconds(100)) / 100)

      // Made fast, it goes on where it was, and gets all that is left.
      #expect(try host.stop() == .status(0))
      let handledMeanwhile = Int64((ContinuousClock.now - asked) / .milliseconds(100)) + 1
      try host.write(Self.manifest(delay: 0))
      try host.start()
      let again = try host.client()
      try host.waitUntilIdle(again, "slow")
      let rest = try again.report("slow")
      #expect(rest["last"] == .int(Int64(warm + count)))
      #expect(rest["disorder"] == 0)
      let first = try #require(rest["first"]?.intValue)
      #expect(first > 1 && first <= seen + 1 + handledMeanwhile)
      #expect(rest["seen"] == .int(Int64(warm + count) - first + 1))
    }
  }
}
