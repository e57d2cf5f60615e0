import Locking
import PluginABI
import PluginKit
import ProviderKit
import TestSupport

@testable import Discord

/// What stands around an intake in a test.
@PluginActor
final class IntakeWorld {
  let rest = ScriptedREST()
  var intake: Intake?
  /// The numbers of the events that were taken in.
  var taken: [Int64] = []
  /// What has come to an end, in its order.
  var ended: [String] = []
  /// The messages that the intake has said are recorded, and the channels that it has said are there.
  var saw: [String] = []
  var found: [String] = []
}

/// A plugin that is nothing but an intake.
@PluginActor
final class IntakeProbe: Plugin {
  nonisolated static let id = "discord"
  static var worlds: [Int: IntakeWorld] = [:]

  private let world = IntakeWorld()

  init(context: Context) throws {
    Self.worlds[try context.config.int("world")] = world
    func list(_ key: String) throws -> [String]? {
      context.config.json[key] == nil ? nil : try context.config.strings(key)
    }
    let normaliser = Normaliser(
      account: Account(provider: "discord", tenant: "demo"),
      allow: try AllowList(guilds: list("guilds"), channels: list("channels")),
      raw: try RawEvents(list("raw") ?? [])
    )
    let intake = Intake(
      context: context,
      normaliser: normaliser,
      channels: ChannelLookup(context: context, rest: world.rest),
      saw: { [weak world] in world?.saw.append("\($0) \($1)") },
      found: { [weak world] in world?.found.append("\($0) \($1)") }
    )
    intake.begin(shard: 0, session: "s1")
    world.intake = intake
  }

  func handle(_ envelope: Envelope) async throws -> Response? { nil }
}

/// An intake in a host made for tests, which records what a test lets it.
final class IntakeFixture: Sendable {
  /// What the host does with publications.
  private final class Journal: Sendable {
    /// How it ends one.
    let answer = Locked<@Sendable (Envelope) -> promethean_status>({ _ in PROMETHEAN_OK })
    /// Every one that was tried, by the last part of its id.
    let tries = Locked<[String]>([])
  }

  private static let count = Locked(0)

  private let journal = Journal()
  let host: FakeHost
  private let number: Int

  init(_ config: JSONObject = [:], missing: Set<String> = []) async throws {
    let number = Self.count.withLock { count in
      count += 1
      return count
    }
    self.number = number
    var config = config
    config["world"] = .int(Int64(number))
    host = FakeHost(
      IntakeProbe.self,
      config: .object(config),
      provider: "discord",
      tenant: "demo",
      missing: missing,
      publishAnswer: { [journal] envelope in
        journal.tries.withLock { $0.append(envelope.name) }
        return journal.answer.withLock { $0 }(envelope)
      }
    )
    try await host.boot()
  }

  /// From now on publications end so.
  func answer(_ status: promethean_status) { answer { _ in status } }

  func answer(_ answer: @escaping @Sendable (Envelope) -> promethean_status) {
    journal.answer.withLock { $0 = answer }
  }

  /// What was tried since this was asked last.
  func triesSince() -> [String] {
    journal.tries.withLock { tries in
      defer { tries = [] }
      return tries
    }
  }

  /// What was recorded.
  var recorded: [String] { host.record.published.map(\.name) }

  /// Does something within the plugin's actor when all has happened that is due, and returns when all that comes of it
  /// has.
  @discardableResult
  func on<Value: Sendable>(_ body: @PluginActor @Sendable (IntakeWorld, Intake) throws -> Value) async throws -> Value {
    await host.settle()
    let value = try await within(body)
    await host.settle()
    return value
  }

  @PluginActor
  private func within<Value: Sendable>(
    _ body: @PluginActor @Sendable (IntakeWorld, Intake) throws -> Value
  ) async throws -> Value {
    guard let world = IntakeProbe.worlds[number], let intake = world.intake else { throw ProviderError("not booted") }
    return try body(world, intake)
  }

  /// Has messages of a channel taken in, one behind the other, whose ids are the events' numbers.
  func take(_ numbers: ClosedRange<Int64>, channel: Int = 20, guild: Int = 10) async throws {
    try await take(
      numbers.map { number in
        let place = #""channel_id":"\#(channel)","guild_id":"\#(guild)""#
        return .test("MESSAGE_CREATE", #"{"id":"\#(number)",\#(place),"author":{"id":"40"}}"#, sequence: number)
      }
    )
  }

  /// Has events taken in, one behind the other, as a shard does.
  func take(_ dispatches: [Dispatch]) async throws {
    try await on { world, intake in
      PluginActor.task {
        for dispatch in dispatches {
          if !intake.takeAtOnce(dispatch) { await intake.take(dispatch) }
          world.taken.append(dispatch.sequence)
        }
      }
    }
  }

  /// Begins something that is noted as ended when it has.
  func begin(_ name: String, _ body: @escaping @PluginActor @Sendable (Intake) async throws -> Void) async throws {
    try await on { world, intake in
      PluginActor.task {
        do {
          try await body(intake)
          world.ended.append(name)
        } catch {
          world.ended.append("\(name): \(error)")
        }
      }
    }
  }

  /// Begins to recover messages of a channel.
  func recover(_ ids: [Int], channel: Int = 20, as name: String = "recovered") async throws {
    let messages = ids.map { id in
      Array(#"{"id":"\#(id)","channel_id":"\#(channel)","author":{"id":"40"}}"#.utf8)
    }
    try await begin(name) { try await $0.recover(messages, of: Snowflake(UInt64(channel))) }
  }

  var covered: Int64? { get async throws { try await on { $1.covered(shard: 0, session: "s1") } } }
  var taken: [Int64] { get async throws { try await on { world, _ in world.taken } } }
  var ended: [String] { get async throws { try await on { world, _ in world.ended } } }

  /// The messages in the log of at least this severity.
  func logged(_ severity: Int32 = PROMETHEAN_LOG_WARN) -> [String] {
    host.record.logged.filter { $0.severity >= severity }.map(\.message)
  }
}

extension Envelope {
  /// The last part of the id, which is the message's or, of an event as it came, session, shard and number.
  fileprivate var name: String { id.split(separator: ":").last.map(String.init) ?? "" }
}
