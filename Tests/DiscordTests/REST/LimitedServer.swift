import PluginKit
import ProviderKit
import ProviderSupport

@testable import Discord

/// What Discord is to a client: it takes so many calls a second and so many in each bucket, and says so.
///
/// It counts by itself and not by the client's rules, when a call arrives after its way there.
@PluginActor
final class LimitedServer: HTTPDouble {
  /// The limit of a bucket: so many calls in a time that begins with the first of them.
  struct Rule {
    let bucket: String
    let limit: Int
    let seconds: Double
  }

  /// The limit of a call, by its method and path; nil: none.
  var rule: (String, String) -> Rule? = { _, _ in nil }
  private(set) var globallyLimited = 0
  private(set) var bucketLimited = 0
  /// Message ids by nonce, as Discord keeps them for some minutes.
  private(set) var nonces: [String: Int] = [:]
  private(set) var messages: [String] = []
  private var arrivals: [Int64] = []
  private var windows: [String: (count: Int, end: Int64)] = [:]

  /// How often a call was too fast.
  var limited: Int { globallyLimited + bucketLimited }
  /// The most calls in any one second.
  private(set) var densest = 0

  override func answer(_ seen: Seen) -> RESTAnswer {
    let now = clock.now.nanoseconds
    if !seen.path.hasPrefix("/interactions/") {
      arrivals.removeAll { $0 <= now - 1_000_000_000 }
      densest = max(densest, arrivals.count + 1)
      guard arrivals.count < 50 else {
        globallyLimited += 1
        return Self.limited(after: 1, ["x-ratelimit-global": "true", "x-ratelimit-scope": "global"])
      }
      arrivals.append(now)
    }
    guard let rule = rule(seen.method, seen.path) else { return done(seen, []) }
    let key = rule.bucket + seen.path.split(separator: "/").prefix(2).joined(separator: "/")
    var window = windows[key] ?? (0, 0)
    if window.end <= now { window = (0, now + Int64(rule.seconds * 1e9)) }
    let left = Double(window.end - now) / 1e9
    guard window.count < rule.limit else {
      bucketLimited += 1
      return Self.limited(after: left, ["x-ratelimit-scope": "user", "x-ratelimit-bucket": rule.bucket])
    }
    window.count += 1
    windows[key] = window
    return done(
      seen,
      [
        ("x-ratelimit-bucket", rule.bucket), ("x-ratelimit-limit", "\(rule.limit)"),
        ("x-ratelimit-remaining", "\(rule.limit - window.count)"), ("x-ratelimit-reset-after", "\(left)"),
      ]
    )
  }

  private func done(_ seen: Seen, _ headers: [(String, String)]) -> RESTAnswer {
    var id = messages.count
    let body = try? JSON.parse(seen.body)
    let nonce = body?["enforce_nonce"] == true ? body?["nonce"]?.stringValue : nil
    if let nonce, let old = nonces[nonce] {
      id = old
    } else if seen.method == "POST" {
      messages.append(seen.body)
      if let nonce { nonces[nonce] = id }
    }
    return .json(200, ["id": .string("\(id)")], [("via", "1.1 google")] + headers)
  }

  /// A 429 as Discord itself gives it.
  nonisolated static func limited(after seconds: Double, _ headers: [String: String]) -> RESTAnswer {
    error(
      429,
      ["message": "You are being rate limited.", "retry_after": .double(seconds), "global": false],
      headers.merging(["retry-after": "\(Int(seconds.rounded(.up)))"]) { one, _ in one }
    )
  }

  /// An error as Discord itself gives it.
  nonisolated static func error(_ status: Int, _ body: JSON, _ headers: [String: String] = [:]) -> RESTAnswer {
    .json(status, body, [("via", "1.1 google")] + headers.map { ($0.key, $0.value) })
  }
}

extension HTTPDouble.Seen {
  /// What stands behind the API's own URL.
  var path: String { String(url.dropFirst(RESTSettings().baseURL.count)) }
}
