import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Reddit

struct RateLimitTests {
  private static let second: Int64 = 1_000_000_000

  private static func told(_ left: String?, _ seconds: String?, status: Int = 200) -> RESTAnswer {
    var headers: [(name: String, value: String)] = []
    if let left { headers.append(("x-ratelimit-remaining", left)) }
    if let seconds { headers.append(("x-ratelimit-reset", seconds)) }
    return RESTAnswer(status: status, headers: headers)
  }

  @Test func `one call at a time until Reddit has told`() {
    var limit = RateLimit(perMinute: 100)
    #expect(limit.when(1) == 1)
    limit.send(at: 1)
    #expect(limit.when(2) == nil)
    limit.hear(nil, sent: 1, at: 3)
    #expect(limit.when(3) == 3)
    limit.send(at: 3)
    limit.hear(Self.told("50", "60"), sent: 3, at: 4)
    for _ in 0..<45 {
      #expect(limit.when(5) == 5)
      limit.send(at: 5)
    }
    #expect((limit.when(5) ?? 0) >= 4 + 60 * Self.second)
  }

  @Test(arguments: ["nan", "inf", "-1", "1e9", "", "x", "10000001"])
  func `what is no number of calls tells nothing`(text: String) {
    var limit = RateLimit(perMinute: 100)
    limit.send(at: 0)
    limit.hear(Self.told(text, "60"), sent: 0, at: 1)
    #expect(limit.left == nil)
    limit.send(at: 1)
    limit.hear(Self.told("60", text), sent: 1, at: 2)
    #expect(limit.left == nil)
  }

  @Test func `an answer that comes late does not bring back what was used since`() {
    var limit = RateLimit(perMinute: 1000)
    limit.send(at: 0)
    limit.hear(Self.told("99", "300"), sent: 0, at: 0)
    // The one that is slow, and a row of others meanwhile.
    limit.send(at: Self.second)
    for number in 0..<80 {
      let now = Self.second + Int64(number) * Self.second / 10
      limit.send(at: now)
      limit.hear(Self.told("\(97 - number)", "\(299 - number / 10)"), sent: now, at: now)
    }
    limit.hear(Self.told("98", "299"), sent: Self.second, at: 10 * Self.second)
    #expect(limit.left.map { $0 <= 18 } == true, "\(limit.left ?? -1)")
  }

  @Test func `the answers of a new window count, of an old one no more than their number`() {
    var limit = RateLimit(perMinute: 1000)
    limit.send(at: 0)
    limit.hear(Self.told("6", "10"), sent: 0, at: 0)
    limit.send(at: 9 * Self.second)
    #expect(limit.when(9 * Self.second).map { $0 > 9 * Self.second } == true)
    // Reddit's window has ended a little before it is taken to have.
    limit.hear(Self.told("99", "600"), sent: 9 * Self.second, at: 10 * Self.second + 1)
    #expect(limit.when(12 * Self.second) == 12 * Self.second)
  }

  @Test func `what is patient takes a fifth of a minute's calls, and others all of them`() {
    var limit = RateLimit(perMinute: 10)
    limit.send(at: 0)
    limit.hear(Self.told("900", "600"), sent: 0, at: 0)
    for second in [1, 2] {
      #expect(limit.patientDue(at: Int64(second) * Self.second) == Int64(second) * Self.second)
      limit.send(at: Int64(second) * Self.second, isPatient: true)
      limit.hear(Self.told("900", "600"), sent: 0, at: Int64(second) * Self.second)
    }
    #expect(limit.patientDue(at: 3 * Self.second) == 61 * Self.second)
    #expect(limit.when(3 * Self.second) == 3 * Self.second)
  }

  @Test func `no more are sent in a minute than the operator says`() {
    var limit = RateLimit(perMinute: 3)
    limit.send(at: 0)
    limit.hear(Self.told("900", "600"), sent: 0, at: 1)
    limit.send(at: 10)
    limit.send(at: 20)
    #expect(limit.when(30) == 60 * Self.second)
    #expect(limit.when(60 * Self.second) == 60 * Self.second)
    limit.send(at: 60 * Self.second)
    #expect(limit.when(60 * Self.second) == 60 * Self.second + 10)
  }

  @Test func `a call that was not sent is given back`() {
    var limit = RateLimit(perMinute: 100)
    limit.send(at: 0)
    limit.giveBack()
    #expect(limit.when(1) == 1)
    #expect(limit.underWay == 0)
  }

  static let waits: [(status: Int, headers: [String: String], wait: Int64?)] = [
    (429, ["retry-after": "7"], 7), (429, ["x-ratelimit-reset": "90"], 90), (429, [:], 5),
    (429, ["retry-after": "2", "x-ratelimit-reset": "90"], 2), (429, ["retry-after": "0"], 1),
    (429, ["retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"], 5), (200, ["retry-after": "7"], nil), (503, [:], nil),
  ]

  @Test(arguments: waits.indices)
  func `a call that was too fast says how long to wait`(index: Int) {
    let (status, headers, wait) = Self.waits[index]
    let answer = RESTAnswer(status: status, headers: headers.map { ($0.key, $0.value) })
    #expect(answer.retryAfter == wait.map { $0 * Self.second })
  }

  @Test(arguments: [("<html>", true), (" \r\n<!doctype html>", true), ("{}", false), ("", false), ("a<b", false)])
  func `a page for people is known by its first letter`(body: String, isPage: Bool) {
    #expect(RESTAnswer(status: 200, body: Array(body.utf8)).isPage == isPage)
  }
}

extension RateLimit {
  /// When the next call may be sent.
  fileprivate func when(_ now: Int64) -> Int64? {
    var copy = self
    return copy.due(at: now)
  }
}
