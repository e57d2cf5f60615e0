import Locking
import PluginABI
import PluginKit
import ProviderSupport
import TestSupport

@testable import Reddit

/// Where the parts of the plugin are tested.
enum RedditStage {
  /// The credentials of an app of the type script, and of its account.
  static let script = [
    "reddit_client_id": "an-app", "reddit_client_secret": "canary-secret", "reddit_username": "duck",
    "reddit_password": "canary-password",
  ]

  /// Runs something in a plugin whose clock goes on in steps until it has returned, and gives what that returns.
  ///
  /// A step of time passes whenever nothing more can be done without.
  static func run<Value: Sendable>(
    secrets: [String: String] = script,
    config: JSONObject = [:],
    binding: JSON? = nil,
    step: Duration = .milliseconds(50),
    _ body: @escaping @PluginActor @Sendable (RedditBench) async throws -> Value
  ) async throws -> Value {
    let journal = JournalDouble()
    return try await Stage.run(
      on: {
        FakeHost(
          Stage.self,
          config: $0,
          provider: "reddit",
          tenant: "demo",
          binding: binding,
          publishAnswer: { journal.answer($0) }
        )
      },
      config: config,
      credentials: secrets,
      step: step,
      rounds: 40
    ) { context, host in
      let bench = try RedditBench(context, host, journal)
      defer { bench.reddit.release() }
      return try await body(bench)
    }
  }
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
