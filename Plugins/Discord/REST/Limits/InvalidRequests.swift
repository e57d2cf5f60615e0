internal import PluginKit

/// Counts the answers for which Cloudflare bans a machine: 10 000 in 10 minutes of 401, 403 and 429 that is not shared.
///
/// It opens far before that, over all requesters. The count outlives the process, so that one that is restarted again
/// and again does not begin anew each time.
///
/// Source: https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
struct InvalidRequests: Sendable {
  /// Ten minutes, and the one that is not over, so that none is forgotten too soon.
  static let minutes: Int64 = 11
  private static let minute: Int64 = 60_000_000_000

  /// How many it takes to open; half of what leads to a ban, since other processes of the machine count too.
  let most: Int
  /// How many there were in each minute since 1970.
  private var counts: [Int64: Int] = [:]

  init(most: Int) {
    self.most = most
  }

  /// Counts one, at a time in nanoseconds since 1970.
  mutating func add(_ now: Int64) {
    forget(now)
    counts[now / Self.minute, default: 0] += 1
  }

  func count(_ now: Int64) -> Int {
    let first = now / Self.minute - Self.minutes
    return counts.reduce(0) { $1.key > first ? $0 + $1.value : $0 }
  }

  /// Until when nothing is to be sent, nil if something may.
  func openUntil(_ now: Int64) -> Int64? {
    guard count(now) >= most else { return nil }
    var left = count(now)
    for minute in counts.keys.sorted() where minute > now / Self.minute - Self.minutes {
      left -= counts[minute] ?? 0
      if left < most { return (minute + Self.minutes) * Self.minute }
    }
    return now + Self.minute
  }

  private mutating func forget(_ now: Int64) {
    let first = now / Self.minute - Self.minutes
    // What a clock that was set back has left in the future counts for nothing.
    counts = counts.filter { $0.key > first && $0.key <= now / Self.minute }
  }

  // MARK: - Kept

  var bytes: [UInt8] {
    JSON.object(JSONObject(counts.sorted { $0.key < $1.key }.map { ("\($0.key)", JSON.int(Int64($0.value))) })).bytes()
  }

  /// Adds what an earlier process has counted; nothing if it cannot be read.
  mutating func restore(_ bytes: [UInt8], _ now: Int64) {
    guard let kept = (try? JSON.parse(bytes))?.objectValue else { return }
    for (minute, count) in kept {
      guard let minute = Int64(minute), let count = count.intValue, (0...1_000_000).contains(count) else { continue }
      counts[minute, default: 0] += Int(count)
    }
    forget(now)
  }
}
