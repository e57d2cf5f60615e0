public import PluginKit
public import ProviderKit

/// What an API is to a client, and the way there and back: how long that takes, and what goes wrong on it.
///
/// A provider's own says what is answered.
// It is open, and so all in it public: no class that is the package's own can be inherited from in another module.
@PluginActor
open class HTTPDouble: HTTPSending {
  /// A request that has arrived.
  public struct Seen: Sendable {
    /// In seconds since the beginning.
    public let time: Double
    /// In upper case.
    public let method: String
    /// The whole URL.
    public let url: String
    /// As text.
    public let body: String
    /// The fields of the head, as they were written.
    public let headers: [String: String]
  }

  /// What is answered in place of what is usual.
  public enum Reply: Sendable {
    case answer(RESTAnswer)
    case failure(RESTFailure)
    /// It is done as ever, but the answer is lost on its way.
    case lost
    /// Nothing is done, and nobody answers.
    case hang
    /// It is done, and nobody answers.
    case doneAndHang
  }

  /// The clock of the plugin's host.
  public let clock: Clock
  private let began: Int64
  /// The way there and back in milliseconds, by the number of the request.
  public var latency: (Int) -> (up: Int, down: Int) = { _ in (20, 20) }
  /// Answers that differ, by what was seen and its number from 0.
  public var script: (Seen, Int) -> Reply? = { _, _ in nil }
  /// What has arrived.
  public private(set) var seen: [Seen] = []
  /// How many requests hang.
  public private(set) var hung = 0
  private var sent = 0
  private var dead: [CheckedContinuation<Void, Never>] = []

  /// An API that begins now.
  public init(_ clock: Clock) {
    self.clock = clock
    began = clock.now.nanoseconds
  }

  /// The time in seconds since the beginning.
  public var now: Double { Double(clock.now.nanoseconds - began) / 1e9 }

  /// Does what a request asks for, and says what is answered.
  open func answer(_ seen: Seen) -> RESTAnswer { RESTAnswer(status: 200) }

  /// Sends a request, which arrives some time later.
  public func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer {
    let (up, down) = latency(sent)
    sent += 1
    try await pass(up)
    let seen = Seen(
      time: now,
      method: request.method,
      url: request.url,
      body: String(decoding: request.body, as: UTF8.self),
      headers: Dictionary(request.headers.map { ($0.name, $0.value) }) { one, _ in one }
    )
    self.seen.append(seen)
    let reply = script(seen, self.seen.count - 1)
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

  /// Returns when all is over, and not before.
  public func hang() async {
    hung += 1
    await withCheckedContinuation { dead.append($0) }
  }

  /// Lets those go that hang, when nobody looks at what they do any more: else they would hold all that is theirs for good.
  public func release() {
    let due = dead
    dead = []
    for continuation in due { continuation.resume() }
  }

  private func pass(_ milliseconds: Int) async throws(RESTFailure) {
    do { try await clock.sleep(for: .milliseconds(milliseconds)) } catch { throw .cancelled }
  }
}

extension RESTAnswer {
  /// An answer in JSON.
  package static func json(_ status: Int, _ json: JSON, _ headers: [(name: String, value: String)] = []) -> RESTAnswer {
    RESTAnswer(status: status, headers: [("content-type", "application/json")] + headers, body: json.bytes())
  }
}
