import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport

@testable import Discord

/// Where a client is tested.
enum RESTStage {
  /// Runs something in a plugin whose clock goes on in steps until it has returned, and gives what that returns.
  static func run<Value: Sendable>(
    step: Duration = .milliseconds(5),
    documents: [String: [UInt8]] = [:],
    _ body: @escaping @PluginActor @Sendable (RESTBench) async throws -> Value
  ) async throws -> Value {
    try await Stage.run(
      on: { FakeHost(Stage.self, config: $0, provider: "discord", tenant: "duck") },
      canaries: ["canary", "aW50ZXJhY3Rpb246MTox", "/secret"],
      step: step
    ) { context, _ in
      for (key, bytes) in documents { try await context.state.put(key, bytes) }
      return try await body(RESTBench(context))
    }
  }
}

/// A client, the server that it speaks to, and what came of its calls.
@PluginActor
final class RESTBench: CallBench {
  let context: Context
  let server: LimitedServer
  let metrics = RecordedMetrics()
  var ended: [EndedCall] = []
  var token = "canary"
  private var made: RESTClient?

  init(_ context: Context) {
    self.context = context
    server = LimitedServer(context.clock)
  }

  var api: HTTPDouble { server }
  var client: RESTClient { client() }

  /// The client, made when it is first asked for.
  func client(_ settings: RESTSettings = RESTSettings()) -> RESTClient {
    if let made { return made }
    let client = RESTClient(
      context: context,
      settings: settings,
      http: server,
      metrics: metrics,
      token: { [weak self] in self?.token ?? "" },
      random: { 0.5 }
    )
    made = client
    return client
  }

  func call(_ method: String, _ path: String, from requester: String = "worker", within seconds: Double = 300)
    -> RESTCall
  {
    var call = RESTCall(method: method, path: path, requester: requester, deadline: 0)
    call.deadline = context.clock.now.nanoseconds + Int64(seconds * 1e9)
    call.isRepeatable = method == "GET" || method == "PUT" || method == "DELETE"
    return call
  }

  func answer(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer { try await client.perform(call) }

  @discardableResult
  func perform(_ method: String, _ path: String, from requester: String = "worker", within seconds: Double = 300) async
    -> EndedCall
  {
    await perform(call(method, path, from: requester, within: seconds), as: path)
  }
}

/// Metrics that are remembered.
@PluginActor
final class RecordedMetrics: RESTMetrics {
  private(set) var answered: [(route: String, bucket: String, status: Int)] = []
  private(set) var limited: [(route: String, scope: String)] = []
  private(set) var failed: [String] = []
  private(set) var retried: [String] = []

  func answered(route: String, bucket: String, status: Int, seconds: Double) {
    answered.append((route, bucket, status))
  }
  func waited(route: String, seconds: Double) {}
  func limited(route: String, bucket: String, scope: String) { limited.append((route, scope)) }
  func retried(route: String) { retried.append(route) }
  func failed(route: String, reason: String) { failed.append(reason) }
  func measured(waiting: Int, invalid: Int) {}
}
