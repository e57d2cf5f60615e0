package import Envelope
package import PluginKit
internal import Locking
internal import Testing

/// A plugin that does what a test wants done where plugins run.
@PluginActor
package final class Stage: Plugin {
  private typealias Job = @PluginActor @Sendable (Context) async -> Void

  package nonisolated static let id = "stage"
  private nonisolated static let jobs = Locked<[String: Job]>([:])

  private let context: Context

  package init(context: Context) { self.context = context }

  package func handle(_ envelope: Envelope) async throws -> Response? {
    let name = try context.config.string("job")
    guard let job = Self.jobs.withLock({ $0[name] }) else { throw Rejection("no job \(name)") }
    await job(context)
    return nil
  }

  /// Does something in a plugin, and gives what that returns.
  ///
  /// What it has logged and measured must tell no credential.
  ///
  /// - Parameters:
  ///   - host: Makes the host of such a plugin, with this configuration.
  ///   - config: What is in that besides what this needs.
  ///   - credentials: The tenant's credentials; nil: none.
  ///   - canaries: What each credential has in it.
  ///   - step: Time goes on in such steps until all is done; nil: it stands still.
  ///   - rounds: How much is done before each step; see `FakeHost.settle`.
  ///   - body: What is to be done.
  /// - Returns: What that returns.
  /// - Throws: What that throws, or when it does not end.
  package nonisolated static func run<Value: Sendable>(
    on host: (JSON) -> FakeHost = { FakeHost(Stage.self, config: $0) },
    config: JSONObject = [:],
    credentials: [String: String]? = nil,
    canaries: [String] = ["canary"],
    step: Duration? = nil,
    rounds: Int = 0,
    _ body: @escaping @PluginActor @Sendable (Context, FakeHost) async throws -> Value
  ) async throws -> Value {
    let name = "\(UInt64.random(in: 0 ... .max))"
    var config = config
    config["job"] = .string(name)
    let host = host(.object(config))
    let result = Locked<Result<Value, any Error>?>(nil)
    let job: Job = { context in
      do {
        let value = try await body(context, host)
        result.withLock { $0 = .success(value) }
      } catch {
        result.withLock { $0 = .failure(error) }
      }
    }
    jobs.withLock { $0[name] = job }
    defer { jobs.withLock { $0[name] = nil } }
    if let credentials { await host.give(credentials: credentials) }
    try await host.boot()
    let delivery = await host.deliver(Envelope(topic: "promethean.p.test.t.demo.control.stage"))
    if let step {
      let patience = max(.seconds(3600), step * 60_000)
      while host.record.outcome(of: delivery) == nil {
        try #require(host.elapsed < patience, "expected an end in time, by the host's clock")
        await host.settle(rounds: rounds)
        await host.advance(by: step)
      }
    }
    _ = await host.outcome(of: delivery)
    let told = host.record.logged.map { "\($0.message) \($0.fields)" } + host.record.measured.map { "\($0.labels)" }
    #expect(!told.contains { line in canaries.contains { line.contains($0) } }, "log and metrics have no credential")
    await host.destroy()
    return try #require(result.withLock { $0 }).get()
  }
}
