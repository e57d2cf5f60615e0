internal import ProviderKit

/// How many calls may be sent: as many as Reddit says are left of its window, but for a few, and as many in a minute as
/// the operator says.
///
/// Reddit tells with each answer how many are left and when the window ends, which is of all who use the app with this
/// account. Until it has told, one call at a time is sent.
///
/// Source: https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki
struct RateLimit: Sendable {
  /// Calls that are left in each window for a process that knows nothing of it yet, and asks: it may come after one that
  /// was killed, several times.
  static let reserve = 5.0
  /// How long after the end of a window the next is taken to have begun, ns: Reddit tells whole seconds.
  static let slack: Int64 = 1_000_000_000
  private static let minute: Int64 = 60_000_000_000
  /// The part of the calls of a minute that patient ones may take: what reading listings and looking again leave.
  private static let patientShare = 0.2

  private let perMinute: Int
  /// What is left, less what was sent since; nil: not told.
  private var remaining: Double?
  /// When the window ends.
  private var windowEnd: Int64 = 0
  /// Nothing is sent before.
  private(set) var pausedUntil: Int64 = 0
  /// Calls that are not answered.
  private(set) var underWay = 0
  /// When the calls of the last minute were sent.
  private var sent: [Int64] = []
  /// When the patient ones among them were.
  private var sentPatiently: [Int64] = []

  init(perMinute: Int) {
    self.perMinute = perMinute
  }

  /// When the next call may be sent, in nanoseconds since 1970; nil: when one that is under way is answered.
  mutating func due(at now: Int64) -> Int64? {
    sent.removeFirst(sent.prefix { $0 + Self.minute <= now }.count)
    if pausedUntil > now { return pausedUntil }
    if sent.count >= perMinute { return sent[sent.count - perMinute] + Self.minute }
    if windowEnd <= now { remaining = nil }
    guard let remaining else { return underWay == 0 ? now : nil }
    return remaining >= Self.reserve + 1 ? now : windowEnd
  }

  /// When the next patient call may be sent, as far as that is about their part.
  mutating func patientDue(at now: Int64) -> Int64 {
    sentPatiently.removeFirst(sentPatiently.prefix { $0 + Self.minute <= now }.count)
    let most = max(1, Int(Double(perMinute) * Self.patientShare))
    return sentPatiently.count < most ? now : sentPatiently[sentPatiently.count - most] + Self.minute
  }

  /// A call is sent.
  mutating func send(at now: Int64, isPatient: Bool = false) {
    sent.append(now)
    if isPatient { sentPatiently.append(now) }
    underWay += 1
    remaining = remaining.map { $0 - 1 }
  }

  /// A call was not sent after all.
  mutating func giveBack() {
    underWay -= 1
    remaining = remaining.map { $0 + 1 }
  }

  /// A call has ended that was sent at a time, with this answer or none.
  mutating func hear(_ answer: RESTAnswer?, sent: Int64, at now: Int64) {
    underWay -= 1
    guard let answer else { return }
    // Whoever else asks would be refused as well.
    if let wait = answer.retryAfter { pause(until: now + wait) }
    guard let left = Self.number(answer, "x-ratelimit-remaining"),
      let seconds = Self.number(answer, "x-ratelimit-reset")
    else { return }
    let (whole, told) = (Int64(seconds * 1e9), left - Double(underWay))
    let end = now + whole + Self.slack
    // Answers may come late, and in another order than that in which they were made: unless it is sure that one is of a
    // later window, the least that was told counts, and so does the earliest end.
    if let known = remaining, sent + whole - Self.slack <= windowEnd {
      (remaining, windowEnd) = (min(known, told), min(windowEnd, end))
    } else {
      (remaining, windowEnd) = (told, end)
    }
  }

  /// Nothing is sent before that time.
  mutating func pause(until time: Int64) { pausedUntil = max(pausedUntil, time) }

  /// How many calls are left, for metrics; nil: not told.
  var left: Double? { remaining }

  static func number(_ answer: RESTAnswer, _ header: String) -> Double? {
    // A day is longer than any window of Reddit's, and a million calls more than any allowance.
    let most = 1_000_000.0
    return answer.header(header).flatMap(Double.init).flatMap { $0 >= 0 && $0 <= most ? $0 : nil }
  }
}

extension RESTAnswer {
  /// How long a 429 says to wait, ns; nil of any other answer.
  ///
  /// Where it does not say how long, five seconds: so long do those of Reddit's that say nothing last at least.
  var retryAfter: Int64? {
    guard status == 429 else { return nil }
    let seconds = RateLimit.number(self, "retry-after") ?? RateLimit.number(self, "x-ratelimit-reset") ?? 5
    return Int64(max(1, seconds) * 1e9)
  }

  /// Whether it is what a server sends that stands before the API, or one in trouble: a page for people instead of JSON.
  var isPage: Bool {
    guard let first = body.first(where: { $0 > 0x20 }) else { return false }
    return first == UInt8(ascii: "<")
  }
}
