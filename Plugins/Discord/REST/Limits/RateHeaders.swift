internal import ProviderKit

/// What the head of an answer says of its bucket.
///
/// Source: https://discord.com/developers/docs/topics/rate-limits#header-format
struct RateHeaders: Sendable, Hashable {
  /// The bucket's name.
  var bucket: String?
  var limit: Int?
  var remaining: Int?
  /// Nanoseconds until the bucket is full again.
  var resetAfter: Int64?

  /// Whether it says what a bucket holds.
  var isWhole: Bool { limit != nil && remaining != nil && resetAfter != nil }

  init(_ answer: RESTAnswer) {
    bucket = answer.header("x-ratelimit-bucket").flatMap { (1...128).contains($0.utf8.count) ? $0 : nil }
    limit = answer.header("x-ratelimit-limit").flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
    remaining = answer.header("x-ratelimit-remaining").flatMap(Int.init).map { max(0, $0) }
    resetAfter = answer.header("x-ratelimit-reset-after").flatMap(Self.nanoseconds)
  }

  /// Seconds with a fraction as nanoseconds; nil for what is no sensible time.
  static func nanoseconds(_ text: String) -> Int64? { Double(text).flatMap(nanoseconds) }

  static func nanoseconds(_ seconds: Double) -> Int64? {
    /// A month: nothing waits that long, and it fits 64 bits many times.
    guard seconds >= 0, seconds < 31 * 86_400 else { return nil }
    return Int64(seconds * 1e9)
  }
}
