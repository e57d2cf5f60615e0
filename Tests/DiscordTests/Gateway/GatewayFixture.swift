import Locking
import PluginKit
import ProviderKit
import TestSupport

@testable import Discord

/// What stands around a gateway in a test, and outlives its process.
@PluginActor
final class GatewayWorld {
  let link = ScriptedGateway()
  let rest = ScriptedREST()
  let sink = RecordingSink()
  /// The gateway of the process that runs.
  var gateway: Gateway?
  /// What is random in it.
  var random: () -> Double = { 0.5 }
  var token: Result<String, HostError> = .success("the token")
  /// What was recovered by the backfill, and whether it can be recorded.
  var recovered: [(channel: Snowflake, message: String)] = []
  var recording: () async throws -> Void = {}
  /// What an earlier generation gave.
  var given: JSON?
  var context: Context?
}

/// Discord's API as far as a gateway asks for it.
@PluginActor
final class ScriptedREST: RESTCalling {
  private(set) var calls: [RESTCall] = []
  var shards = 1
  var remaining = 1000
  var maxConcurrency = 1
  /// By default those of an application that has the privileged intent that is standard.
  var flags = 1 << 19
  /// What is answered instead; nil: what Discord would.
  var answer: (RESTCall) -> Result<RESTAnswer, RESTFailure>? = { _ in nil }

  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer {
    calls.append(call)
    if let answer = answer(call) { return try answer.get() }
    let limit: JSON = [
      "total": 1000, "remaining": .int(Int64(remaining)), "reset_after": 14_400_000,
      "max_concurrency": .int(Int64(maxConcurrency)),
    ]
    let body: JSON =
      switch call.path {
      case "/gateway/bot":
        ["url": "wss://gateway.example", "shards": .int(Int64(shards)), "session_start_limit": limit]
      case "/applications/@me": ["id": "1", "flags": .int(Int64(flags))]
      default: []
      }
    return RESTAnswer(status: 200, body: body.bytes())
  }
}

/// A sink that keeps what it takes.
@PluginActor
final class RecordingSink: DispatchSink {
  private(set) var taken: [Dispatch] = []
  private(set) var begun: [String] = []
  private(set) var flushes = 0
  /// The last that is recorded; nil: all that was taken.
  var recorded: Int64?
  private var gate: [CheckedContinuation<Void, Never>] = []
  var isBlocked = false

  func takeAtOnce(_ dispatch: Dispatch) -> Bool {
    guard !isBlocked else { return false }
    taken.append(dispatch)
    return true
  }

  func take(_ dispatch: Dispatch) async {
    taken.append(dispatch)
    guard isBlocked else { return }
    await PluginActor.staying { await withCheckedContinuation { gate.append($0) } }
  }

  func unblock() {
    isBlocked = false
    for one in gate { one.resume() }
    gate = []
  }

  func covered(shard: Int, session: String) -> Int64? {
    let last = taken.last { $0.shard == shard }?.sequence
    guard let recorded, let last else { return last }
    return recorded > 0 ? min(recorded, last) : nil
  }

  func begin(shard: Int, session: String) { begun.append("\(shard) \(session)") }

  func flush() async { flushes += 1 }

  /// The names and numbers of what was taken.
  var names: [String] { taken.map { "\($0.name) \($0.sequence)" } }
}

/// A plugin that is nothing but a gateway.
@PluginActor
final class GatewayProbe: Plugin, HealthReporting {
  nonisolated static let id = "discord"
  typealias SetUp = @PluginActor @Sendable (GatewayWorld) -> Void

  /// How tests set up their worlds, by their number.
  nonisolated static let setUps = Locked<[SetUp]>([])
  /// The worlds, from the first process of each on.
  static var worlds: [Int: GatewayWorld] = [:]

  private let context: Context
  private let world: GatewayWorld

  init(context: Context) throws {
    self.context = context
    let number = try context.config.int("world")
    let world = Self.worlds[number] ?? GatewayWorld()
    Self.worlds[number] = world
    self.world = world
    world.context = context
    world.link.now = { context.clock.now.nanoseconds }
    Self.setUps.withLock { $0[number] }(world)
    world.gateway = Gateway(
      context: context,
      account: Account(provider: "discord", tenant: "demo"),
      settings: try GatewaySettings(context.config),
      link: world.link,
      rest: world.rest,
      sink: world.sink,
      token: { [world] () throws(HostError) in try world.token.get() },
      random: { [world] in world.random() },
      recovered: { [world] channel, messages in
        try await world.recording()
        world.recovered += messages.map { (channel, String(decoding: $0, as: UTF8.self)) }
      }
    )
  }

  var health: Health { world.gateway?.health.health(at: context.clock.now.nanoseconds) ?? .well }

  func start() async throws {
    if let given = world.given { world.gateway?.take(given) }
    await world.gateway?.start()
  }

  func handle(_ envelope: Envelope) async throws -> Response? { nil }

  func stop() async { await world.gateway?.stop() }
}

/// A gateway in a host made for tests, whose clock stands still until a test lets time pass.
final class GatewayFixture: Sendable {
  let host: FakeHost
  let number: Int

  /// Boots it; `setUp` says what is other than usual, for each process that is booted.
  init(
    _ config: JSONObject = [:],
    _ setUp: @escaping GatewayProbe.SetUp = { _ in }
  ) async throws {
    number = GatewayProbe.setUps.withLock { setUps in
      setUps.append(setUp)
      return setUps.count - 1
    }
    var config = config
    config["world"] = .int(Int64(number))
    host = FakeHost(GatewayProbe.self, config: .object(config), provider: "discord", tenant: "demo")
    try await boot()
  }

  /// Makes and starts a process.
  func boot() async throws {
    try await host.boot()
    await settle()
  }

  /// Ends the process as `kill -9` does, and starts another.
  func crash() async throws {
    await host.destroy()
    try await boot()
  }

  /// Does something within the plugin's actor, and returns when all that comes of it has happened.
  @discardableResult
  func on<Value: Sendable>(_ body: @PluginActor @Sendable (GatewayWorld) throws -> Value) async throws -> Value {
    let value = try await within(body)
    await settle()
    return value
  }

  /// Does something that waits within the plugin's actor.
  @PluginActor
  func wait(_ body: @PluginActor @Sendable (GatewayWorld) async throws -> Void) async throws {
    guard let world = GatewayProbe.worlds[number] else { throw ProviderError("no process has been booted") }
    try await body(world)
  }

  @PluginActor
  private func within<Value: Sendable>(
    _ body: @PluginActor @Sendable (GatewayWorld) throws -> Value
  ) async throws -> Value {
    guard let world = GatewayProbe.worlds[number] else { throw ProviderError("no process has been booted") }
    return try body(world)
  }

  /// Returns when the plugin has nothing more to do before time passes.
  func settle(rounds: Int = 100) async { await host.settle(rounds: rounds) }

  /// Lets time pass in steps, in each of which the plugin does what is due.
  func pass(_ duration: Duration, step: Duration = .milliseconds(250)) async {
    await host.pass(duration, step: step)
  }

  /// The state documents' JSON.
  func document(_ name: String) -> JSON? {
    host.record.documents["discord/demo/\(name)"].flatMap { try? JSON.parse($0.bytes) }
  }

  /// What the plugin says about its health.
  func reason() async -> String {
    await host.health()?.reason ?? ""
  }
}
