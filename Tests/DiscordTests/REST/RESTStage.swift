import Locking
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

/// A plugin that does what a test wants done where plugins run.
@PluginActor
final class RESTStage: Plugin {
  typealias Body = @PluginActor @Sendable (Context) async -> Void

  nonisolated static let id = "rest-stage"
  nonisolated static let bodies = Locked<[String: Body]>([:])

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
  nonisolated static func run<Value: Sendable>(
    step: Duration = .milliseconds(5),
    documents: [String: [UInt8]] = [:],
    _ body: @escaping @PluginActor @Sendable (RESTBench) async throws -> Value
  ) async throws -> Value {
    let name = "\(UInt64.random(in: 0 ... .max))"
    let result = Outcome<Value>()
    bodies.withLock { bodies in
      bodies[name] = { context in
        do {
          for (key, bytes) in documents { try await context.state.put(key, bytes) }
          let value = try await body(RESTBench(context))
          result.set(.success(value))
        } catch {
          result.set(.failure(error))
        }
      }
    }
    defer { bodies.withLock { $0[name] = nil } }
    let host = FakeHost(RESTStage.self, config: ["body": .string(name)], provider: "discord", tenant: "duck")
    try await host.boot()
    let delivery = await host.deliver(Envelope(topic: "promethean.p.discord.t.duck.rest.request"))
    while host.record.outcome(of: delivery) == nil {
      try #require(host.elapsed < .seconds(3600), "expected an end within an hour of the host's clock")
      await host.advance(by: step)
    }
    let secrets = ["canary", "aW50ZXJhY3Rpb246MTox", "/secret"]
    let leaks = host.record.logged.filter { line in secrets.contains { "\(line.message) \(line.fields)".contains($0) } }
    #expect(leaks.isEmpty, "no line of the log has a token")
    try await host.stop()
    return try #require(result.get()).get()
  }
}

/// What a body has returned.
private final class Outcome<Value: Sendable>: Sendable {
  private let result = Locked<Result<Value, any Error>?>(nil)

  func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }
  func get() -> Result<Value, any Error>? { result.withLock { $0 } }
}

/// A client, the server that it speaks to, and what came of its calls.
@PluginActor
final class RESTBench {
  /// How a call ended, and when, in seconds since the beginning.
  struct Ended: Sendable {
    let name: String
    let result: Result<RESTAnswer, RESTFailure>
    let time: Double
    let began: Double

    var status: Int? { try? result.get().status }
    var failure: RESTFailure? { if case .failure(let failure) = result { failure } else { nil } }
  }

  let context: Context
  let server: LimitedServer
  let metrics = RecordedMetrics()
  private(set) var ended: [Ended] = []
  var token = "canary"
  private var made: RESTClient?
  private let began: Int64

  init(_ context: Context) {
    self.context = context
    server = LimitedServer(context.clock)
    began = context.clock.now.nanoseconds
  }

  var now: Double { Double(context.clock.now.nanoseconds - began) / 1e9 }
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

  @discardableResult
  func perform(_ call: RESTCall, as name: String = "") async -> Ended {
    let start = now
    let result: Result<RESTAnswer, RESTFailure>
    do throws(RESTFailure) { result = .success(try await client.perform(call)) } catch { result = .failure(error) }
    let end = Ended(name: name, result: result, time: now, began: start)
    ended.append(end)
    return end
  }

  @discardableResult
  func perform(_ method: String, _ path: String, from requester: String = "worker", within seconds: Double = 300) async
    -> Ended
  {
    await perform(call(method, path, from: requester, within: seconds), as: path)
  }

  /// Performs calls that begin in their order, at the same time; returns when all have ended.
  func performAll(_ calls: [RESTCall]) async {
    await withTaskGroup(of: Void.self) { group in
      for (number, call) in calls.enumerated() {
        group.addTask { [self] in _ = await perform(call, as: "\(number)") }
      }
    }
  }

  func sleep(_ seconds: Double) async throws { try await context.clock.sleep(for: .milliseconds(Int(seconds * 1000))) }
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
