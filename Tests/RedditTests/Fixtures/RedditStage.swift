import Locking
import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Reddit

/// A plugin that does what a test wants done where plugins run.
@PluginActor
final class RedditStage: Plugin {
  typealias Body = @PluginActor @Sendable (Context) async -> Void

  nonisolated static let id = "reddit"
  nonisolated static let bodies = Locked<[String: Body]>([:])

  /// The credentials of an app of the type script, and of its account.
  nonisolated static let script = [
    "reddit_client_id": "an-app", "reddit_client_secret": "canary-secret", "reddit_username": "duck",
    "reddit_password": "canary-password",
  ]

  private let context: Context

  init(context: Context) {
    self.context = context
  }

  func handle(_ envelope: Envelope) async throws -> Response? {
    let name = try context.config.string("body")
    guard let body = Self.bodies.withLock({ $0[name] }) else { throw Rejection("no body \(name)") }
    await body(context)
    return nil
  }

  /// Runs something in a plugin whose clock goes on in steps until it has returned, and gives what that returns.
  ///
  /// A step of time passes whenever nothing more can be done without.
  nonisolated static func run<Value: Sendable>(
    secrets: [String: String] = script,
    config: JSONObject = [:],
    binding: JSON? = nil,
    step: Duration = .milliseconds(50),
    _ body: @escaping @PluginActor @Sendable (RedditBench) async throws -> Value
  ) async throws -> Value {
    let name = "\(UInt64.random(in: 0 ... .max))"
    var config = config
    config["body"] = .string(name)
    let result = Outcome<Value>()
    let journal = JournalDouble()
    let host = FakeHost(
      RedditStage.self,
      config: .object(config),
      provider: "reddit",
      tenant: "demo",
      binding: binding,
      publishAnswer: { journal.answer($0) }
    )
    bodies.withLock { bodies in
      bodies[name] = { context in
        do {
          let bench = try RedditBench(context, host, journal)
          let value = try await body(bench)
          result.set(.success(value))
        } catch {
          result.set(.failure(error))
        }
      }
    }
    defer { bodies.withLock { $0[name] = nil } }
    await host.give(credentials: secrets)
    try await host.boot()
    let delivery = await host.deliver(Envelope(topic: "promethean.p.reddit.t.demo.rest.request"))
    while host.record.outcome(of: delivery) == nil {
      try #require(host.elapsed < step * 60_000, "expected an end in time, by the host's clock")
      await host.settle(rounds: 40)
      await host.advance(by: step)
    }
    let leaks = host.record.logged.filter { line in "\(line.message) \(line.fields)".contains("canary") }
    #expect(leaks.isEmpty, "no line of the log has a credential")
    #expect(!host.record.measured.contains { $0.labels.contains("canary") }, "no label has a credential")
    await host.destroy()
    return try #require(result.get()).get()
  }
}

/// What a body has returned.
private final class Outcome<Value: Sendable>: Sendable {
  private let result = Locked<Result<Value, any Error>?>(nil)

  func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }
  func get() -> Result<Value, any Error>? { result.withLock { $0 } }
}

/// What the host does with publications.
final class JournalDouble: Sendable {
  private let rule = Locked<@Sendable (Envelope) -> promethean_status>({ _ in PROMETHEAN_OK })
  private let recorded = Locked<[Envelope]>([])

  /// What was recorded, in order, copies too.
  var envelopes: [Envelope] { recorded.withLock { $0 } }

  /// From now on publications end so; what is pending is recorded, and the plugin never hears of it.
  func answer(by rule: @escaping @Sendable (Envelope) -> promethean_status) { self.rule.withLock { $0 = rule } }

  func answer(_ envelope: Envelope) -> promethean_status {
    let status = rule.withLock { $0 }(envelope)
    if status == PROMETHEAN_OK || status == PROMETHEAN_PENDING { recorded.withLock { $0.append(envelope) } }
    return status
  }
}
