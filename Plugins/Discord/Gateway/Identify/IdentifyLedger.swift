internal import PluginKit

/// When a shard has begun sessions within the last day, so that whatever goes wrong it does not begin too many.
///
/// The longer the row of them, the longer the pause until the next: a loop that begins one session after the other is
/// slow at once, and stands still when the budget is used up.
struct IdentifyLedger: Equatable {
  /// How far it looks back, ms: Discord counts in days.
  static let day: Int64 = 86_400_000
  /// How far back identifications make the next one wait, ms.
  static let hour: Int64 = 3_600_000
  /// The pause after the first, which doubles with each that follows within the hour, ms.
  static let firstPause: Int64 = 5000
  /// The longest pause, ms: what a person who has just corrected something will wait.
  static let longestPause: Int64 = 600_000

  /// When sessions were begun, in milliseconds since 1970, in their order.
  private(set) var times: [Int64] = []

  init() {}

  /// Reads what `bytes` wrote; nil if it is something else.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"] == 1, let list = json["times"]?.arrayValue else {
      return nil
    }
    times = list.compactMap(\.intValue)
    guard times.count == list.count else { return nil }
  }

  /// What is kept of it.
  var bytes: [UInt8] {
    JSON.object(["version": 1, "times": .array(times.map { .int($0) })]).bytes()
  }

  /// A session is about to be begun.
  mutating func record(at now: Int64, budget: Int) {
    times = (recent(now) + [now]).suffix(budget)
  }

  /// When the next session may be begun, which is not later than `now` if it may be at once.
  func next(at now: Int64, budget: Int) -> Int64 {
    let recent = recent(now)
    var next = now
    if recent.count >= budget { next = recent[recent.count - budget] + Self.day }
    let row = recent.count { $0 > now - Self.hour }
    if row > 0, let last = recent.last {
      // Beyond these doublings the longest holds anyway.
      next = max(next, last + min(Self.longestPause, Self.firstPause << min(row - 1, 20)))
    }
    return next
  }

  /// Those of the last day; what a clock that was set back puts into the future counts as of now.
  func recent(_ now: Int64) -> [Int64] {
    times.map { min($0, now) }.filter { $0 > now - Self.day }
  }
}
