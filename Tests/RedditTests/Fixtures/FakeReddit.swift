import Foundation
import PluginKit
import ProviderKit

@testable import Reddit

/// What Reddit is to a plugin, in a few lines: tokens, listings, posting, and whatever a test has it do.
@PluginActor
final class FakeReddit: HTTPSending {
  struct Seen: Sendable {
    let time: Double
    let method: String
    /// Path and query, without `raw_json`.
    let path: String
    let url: String
    let body: String
    let headers: [String: String]

    var form: [String: String] { FakeReddit.pairs(body) }
    var query: [String: String] {
      FakeReddit.pairs(path.split(separator: "?").dropFirst().first.map(String.init) ?? "")
    }
    var isToken: Bool { path == "/api/v1/access_token" }
    var bare: String { String(path.prefix { $0 != "?" }) }
  }

  enum Reply {
    case answer(RESTAnswer)
    case failure(RESTFailure)
    /// It is done as ever, but the answer is lost on its way.
    case lost
    /// Nothing is done, and nobody answers.
    case hang
    /// It is done, and nobody answers.
    case doneAndHang
  }

  let clock: Clock
  private let began: Int64
  private(set) var seen: [Seen] = []
  /// How many requests hang.
  private(set) var hung = 0
  private var dead: [CheckedContinuation<Void, Never>] = []
  /// Answers that differ, by what was seen and its number from 0.
  var script: (Seen, Int) -> Reply? = { _, _ in nil }
  /// The way there and back in milliseconds, by the number of the request.
  var latency: (Int) -> (up: Int, down: Int) = { _ in (20, 20) }
  /// Counts requests of the API, and says what is in the head of their answers; nil in place of an answer: too many.
  var limit: (() -> [(name: String, value: String)]?)?

  // Tokens.
  var tokenAnswer: (Seen) -> RESTAnswer? = { _ in nil }
  var expiresIn = 3600
  var scope = "*"
  /// A new refresh token with each access token.
  var isRotating = false
  private(set) var tokens: [String] = []
  var revoked: Set<String> = []

  // Things.
  /// Newest first, by path.
  var listings: [String: [JSON]] = [:]
  var all: [String: JSON] = [:]
  /// What the account has written, newest first.
  var written: [JSON] = []
  /// The number of the next thing that is written.
  var next = 5000

  init(_ clock: Clock) {
    self.clock = clock
    began = clock.now.nanoseconds
  }

  var now: Double { Double(clock.now.nanoseconds - began) / 1e9 }
  /// The time as Reddit writes it, which counts whole seconds.
  var created: Int { Int(clock.now.nanoseconds / 1_000_000_000) }
  /// What was asked of the API, without tokens.
  var calls: [Seen] { seen.filter { !$0.isToken } }
  var tokenCalls: [Seen] { seen.filter(\.isToken) }
  func calls(_ method: String, _ bare: String) -> [Seen] { calls.filter { $0.method == method && $0.bare == bare } }

  func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer {
    let number = seen.count
    let (up, down) = latency(number)
    let seen = read(request)
    self.seen.append(seen)
    try await pass(up)
    let reply = script(seen, number)
    switch reply {
    case .answer(let answer):
      try await pass(down)
      return answer
    case .failure(let failure):
      try await pass(down)
      throw failure
    case .hang:
      await hang()
      throw .cancelled
    case .lost, .doneAndHang, nil:
      let answer = answer(seen)
      if case .doneAndHang = reply { await hang() }
      try await pass(down)
      if reply != nil { throw .unknown("the connection broke before the answer") }
      return answer
    }
  }

  /// Never returns.
  func hang() async {
    hung += 1
    await withCheckedContinuation { dead.append($0) }
  }

  private func pass(_ milliseconds: Int) async throws(RESTFailure) {
    do { try await clock.sleep(for: .milliseconds(milliseconds)) } catch { throw .cancelled }
  }

  private func read(_ request: HTTPRequest) -> Seen {
    var path = request.url
    for root in ["https://oauth.reddit.com", "https://www.reddit.com"] where path.hasPrefix(root) {
      path = String(path.dropFirst(root.count))
    }
    for end in ["?raw_json=1", "&raw_json=1"] where path.hasSuffix(end) { path = String(path.dropLast(end.count)) }
    return Seen(
      time: now,
      method: request.method,
      path: path,
      url: request.url,
      body: String(decoding: request.body, as: UTF8.self),
      headers: Dictionary(request.headers.map { ($0.name, $0.value) }) { one, _ in one }
    )
  }

  private func answer(_ seen: Seen) -> RESTAnswer {
    if seen.isToken { return tokenAnswer(seen) ?? token() }
    let token = seen.headers["Authorization"]?.split(separator: " ").last.map(String.init) ?? ""
    guard tokens.contains(token), !revoked.contains(token) else { return .json(401, ["message": "Unauthorized"]) }
    var headers: [(name: String, value: String)] = []
    if let limit {
      guard let found = limit() else { return .json(429, ["message": "Too Many Requests", "error": 429]) }
      headers = found
    }
    var answer = seen.method == "GET" ? show(seen) : write(seen)
    answer.headers += headers
    return answer
  }

  private func token() -> RESTAnswer {
    let number = tokens.count + 1
    tokens.append("canary-token-\(number)")
    var json: JSONObject = [
      "access_token": .string("canary-token-\(number)"), "token_type": "bearer", "expires_in": .int(Int64(expiresIn)),
      "scope": .string(scope),
    ]
    if isRotating { json["refresh_token"] = .string("canary-refresh-\(number)") }
    return .json(200, .object(json))
  }

  nonisolated static func pairs(_ text: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      pairs[parts[0]] = parts.count > 1 ? parts[1].removingPercentEncoding : ""
    }
    return pairs
  }
}

extension RESTAnswer {
  static func json(_ status: Int, _ json: JSON, _ headers: [(name: String, value: String)] = []) -> RESTAnswer {
    RESTAnswer(status: status, headers: [("content-type", "application/json")] + headers, body: json.bytes())
  }

  /// A page for people.
  static func page(_ status: Int) -> RESTAnswer {
    RESTAnswer(status: status, headers: [("content-type", "text/html")], body: Array(" <html>sorry</html>".utf8))
  }

  var json: JSON { (try? JSON.parse(body)) ?? .null }
}
