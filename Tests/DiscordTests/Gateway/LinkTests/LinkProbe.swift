import Locking
import PluginKit
import TestSupport

@testable import Discord

/// A plugin that does one thing when it starts, and is stopped.
@PluginActor
final class LinkProbe: Plugin {
  nonisolated static let id = "discord"
  typealias Job = @PluginActor @Sendable (Context) async -> Void

  private nonisolated static let jobs = Locked<[Job]>([])
  private let context: Context

  init(context: Context) throws {
    self.context = context
  }

  func start() async throws {
    let number = try context.config.int("job")
    await Self.jobs.withLock { $0[number] }(context)
  }

  func handle(_ envelope: Envelope) async throws -> Response? { nil }

  /// What something returns that is done in a plugin, by a host that leads each dial to the port of its number on
  /// loopback unless told otherwise.
  nonisolated static func run<Value: Sendable>(
    dialAnswer: @escaping @Sendable (String, UInt16) -> FakeHost.Dialled = { .loopback($1) },
    _ body: @escaping @PluginActor @Sendable (Context) async throws -> Value
  ) async throws -> Value {
    let result = Locked<Result<Value, any Error>?>(nil)
    let job: Job = { context in
      do {
        let value = try await body(context)
        result.withLock { $0 = .success(value) }
      } catch {
        result.withLock { $0 = .failure(error) }
      }
    }
    let number = jobs.withLock { jobs in
      jobs.append(job)
      return jobs.count - 1
    }
    let host = FakeHost(Self.self, config: ["job": .int(Int64(number))], dialAnswer: dialAnswer)
    try await host.boot()
    try await host.stop()
    guard let found = result.withLock({ $0 }) else { throw DiscordError("the job has not ended") }
    return try found.get()
  }
}
