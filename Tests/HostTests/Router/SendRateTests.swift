import CChannel
import Envelope
import Glibc
import Testing

@testable import Host

/// What `limits.rate` does to one that sends faster.
@Suite struct SendRateTests {
  /// Sends until there is nothing left; returns how many that were.
  private func empty(_ rate: inout SendRate) -> Int {
    var count = 0
    while !rate.isSpent {
      count += 1
      let wasLast = rate.spend()
      #expect(wasLast == rate.isSpent)
    }
    return count
  }

  @Test func `a bucket holds a second's worth and is filled by the time that passes`() {
    var rate = SendRate(perSecond: 10)
    let start = 5 * nanosecondsPerSecond
    rate.refill(at: start)
    #expect(empty(&rate) == 10)
    rate.refill(at: start + 99 * nanosecondsPerMillisecond)
    #expect(empty(&rate) == 0)
    rate.refill(at: start + 310 * nanosecondsPerMillisecond)
    #expect(empty(&rate) == 3)
    // However long it was, no more than a second's worth is there; and a clock never takes anything back.
    rate.refill(at: 500 * nanosecondsPerSecond)
    rate.refill(at: 0)
    #expect(empty(&rate) == 10)
  }

  @Test func `a rate of one is one at a time`() {
    var rate = SendRate(perSecond: 1)
    rate.refill(at: 0)
    #expect(empty(&rate) == 1)
    rate.refill(at: nanosecondsPerSecond)
    #expect(empty(&rate) == 1)
  }

  @Test func `one that has emptied it waits until there is enough for several`() {
    var rate = SendRate(perSecond: 2000)
    rate.refill(at: 0)
    #expect(empty(&rate) == 1024)
    // As a loop does that others keep busy.
    for time in 1...49 as ClosedRange<Int64> { rate.refill(at: time * 100_000) }
    #expect(rate.isSpent)
    rate.refill(at: 51 * 100_000)
    #expect(empty(&rate) == 10)
    // Who has not emptied it sends on.
    rate.refill(at: 80 * nanosecondsPerMillisecond)
    _ = rate.spend()
    #expect(!rate.isSpent)
  }

  @Test(arguments: [1, 20, 2000, 100_000])
  func `one that has emptied it by what is recorded waits for several of those`(perSecond: Int) {
    var rate = SendRate(perSecond: perSecond)
    rate.refill(at: 0)
    while !rate.isSpent {
      let isOver = [rate.spend(), rate.record()]
      #expect(isOver.count { $0 } == (rate.isSpent ? 1 : 0))
    }
    let wait = Int64(rate.wait) * nanosecondsPerMillisecond
    rate.refill(at: wait - 2 * nanosecondsPerMillisecond)
    #expect(rate.isSpent)
    rate.refill(at: wait + nanosecondsPerMillisecond)
    #expect(!rate.isSpent)
  }

  @Test func `it waits as long if something else came last, and the next time no longer than others`() {
    var rate = SendRate(perSecond: 2000)
    rate.refill(at: 0)
    _ = rate.spend()
    _ = rate.record()
    _ = empty(&rate)
    #expect(rate.wait == 200)
    rate.refill(at: 200 * nanosecondsPerMillisecond)
    #expect(empty(&rate) == 400)
    #expect(rate.wait == 5)
  }

  private func harness(_ limits: String = "rate: 100") throws -> RouterHarness {
    try RouterHarness { fixture in
      fixture.edit("Echo", "    - log\n", "    - log\n    - clock\n")
      fixture.edit("plugins.yml", "      log: {}\n", "      log: {}\n    limits: { \(limits) }\n")
    }
  }

  @Test func `one that sends faster is left alone until it may again, and loses nothing`() throws {
    let harness = try harness()
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    let body = try Envelope(topic: "promethean.p.echo.t.demo.voice.frame", payload: Array("{}".utf8)).binary()
    for token in 1...250 as ClosedRange<UInt64> { #expect(plugin.send(WIRE_PUBLISH, token: token, body)) }
    var answered: [UInt64] = []
    func read() {
      harness.read()
      answered += plugin.receive().filter { $0.op == WIRE_RESULT }.map(\.token)
    }

    read()
    #expect(answered == Array(1...100))
    #expect(instance.mustWait && !harness.router.hasWork)
    #expect(instance.metrics.rateWaits.value == 1)
    // Ringing its bell makes nothing of it be read.
    for _ in 0..<10 { read() }
    #expect(answered.count == 100)
    harness.router.tick(now: nanosecondsPerSecond / 2, realtime: 0)
    #expect(harness.router.hasWork)
    read()
    #expect(answered == Array(1...150))
    harness.router.tick(now: 10 * nanosecondsPerSecond, realtime: 0)
    read()
    #expect(answered == Array(1...250))
    #expect(instance.metrics.rateWaits.value == 3)
    #expect(harness.violations.isEmpty)
  }

  @Test func `what is recorded counts as ten, and is owed if there is less`() throws {
    let harness = try harness()
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    func envelope(_ topic: String) throws -> [UInt8] {
      try Envelope(topic: "promethean.p.echo.t.demo.\(topic)", payload: Array("{}".utf8)).binary()
    }
    let (frame, event) = (try envelope("voice.frame"), try envelope("events.MessageCreated"))
    // 91 of the 100 that there are, one more recorded for the nine that are left, and one that has to wait.
    for token in 1...9 as ClosedRange<UInt64> { #expect(plugin.send(WIRE_PUBLISH, token: token, event)) }
    #expect(plugin.send(WIRE_PUBLISH, token: 10, frame))
    for token in 11...12 as ClosedRange<UInt64> { #expect(plugin.send(WIRE_PUBLISH, token: token, event)) }
    harness.read()
    #expect(instance.mustWait)
    #expect(instance.metrics.rateWaits.value == 1)
    #expect(instance.metrics.sent.value == 11)
    // One is owed, and there have to be as many as come in the time for one commit.
    #expect(instance.rate.wait == 210)
    harness.router.tick(now: 200 * nanosecondsPerMillisecond, realtime: 0)
    #expect(instance.mustWait && instance.rate.wait == 10)
    harness.router.tick(now: 210 * nanosecondsPerMillisecond, realtime: 0)
    #expect(!instance.mustWait)
  }

  @Test func `a request that is recorded counts as ten too`() throws {
    let harness = try harness("rate: 20")
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    let request = try Envelope(topic: "promethean.p.echo.t.demo.events.Created", payload: Array("{}".utf8)).binary()
    #expect(plugin.send(WIRE_REQUEST, token: 1, request))
    harness.read()
    #expect(!instance.mustWait)
    #expect(plugin.send(WIRE_REQUEST, token: 2, request))
    harness.read()
    #expect(instance.mustWait && harness.violations.isEmpty)
  }

  @Test func `a change of state counts as what is recorded`() throws {
    let harness = try RouterHarness { fixture in
      fixture.edit("Echo", "    - log\n", "    - log\n    - clock\n    - state\n")
      fixture.edit("plugins.yml", "      log: {}\n", "      log: {}\n      state: {}\n    limits: { rate: 20 }\n")
    }
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    let head = wire_state(expected: .max, document: 1, provider: 0, tenant: 0, key: 1, reserved0: 0, reserved1: 0)
    let body = unsafe withUnsafeBytes(of: head) { unsafe [UInt8]($0) } + Array("kd".utf8)
    #expect(plugin.send(WIRE_STATE, WIRE_STATE_PUT, token: 1, body))
    harness.read()
    #expect(!instance.mustWait)
    #expect(plugin.send(WIRE_STATE, WIRE_STATE_PUT, token: 2, body))
    harness.read()
    #expect(instance.mustWait && harness.violations.isEmpty)
  }

  @Test func `a turn takes fewer lines of the log than other frames`() throws {
    let harness = try harness("rate: 100000")
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    let line: [UInt8] = [5, 0, 0, 0] + Array("noise".utf8)
    let lines = Router.framesPerTurn / Router.framesPerLine
    for _ in 1...lines + 1 { #expect(plugin.send(WIRE_LOG, 13, line)) }
    harness.router.drain(instance)
    #expect(instance.hasMore, "there is a line left for the next turn")
    harness.router.drain(instance)
    #expect(!instance.hasMore)
  }

  @Test func `lines over the limit of the log count like what is sent, and no others`() throws {
    let harness = try harness("rate: 100, logs: 1")
    let plugin = try harness.start("echo@demo")
    let instance = try harness.instance("echo@demo")
    harness.router.tick(now: 0, realtime: 0)
    let line: [UInt8] = [5, 0, 0, 0] + Array("noise".utf8)
    for _ in 1...250 { #expect(plugin.send(WIRE_LOG, 13, line)) }
    harness.read()
    #expect(instance.mustWait && !harness.router.hasWork)
    // Ten are kept, as many as may come at once; then there is a hundred to be spent.
    #expect(instance.metrics.logsSuppressed.value == 100)
    harness.router.tick(now: 10 * nanosecondsPerSecond, realtime: 0)
    harness.read()
    #expect(instance.metrics.logsSuppressed.value == 200)
  }

  @Test func `what one had in its ring is read to the end when it ends, whatever its rate`() throws {
    let harness = try harness()
    let plugin = try harness.start("echo@demo")
    let body = try Envelope(topic: "promethean.p.echo.t.demo.events.Created", payload: Array("{}".utf8)).binary()
    for token in 1...250 as ClosedRange<UInt64> { #expect(plugin.send(WIRE_PUBLISH, token: token, body)) }
    try harness.crash("echo@demo")
    try harness.run { harness.router.head == 250 }
  }
}
