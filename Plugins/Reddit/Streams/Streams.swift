internal import PluginKit
internal import ProviderKit

/// All listings that an instance reads, each at its own pace, and the things that it looks at again.
@PluginActor
final class Streams {
  /// Which part of the calls of a minute reading may take, so that others have the rest.
  private static let share = 0.6
  /// After which time a listing of which there is no answer makes the instance unwell, ns: two or three tries.
  ///
  /// One of which Reddit says that it cannot be read does at once.
  private static let patience: Int64 = 15_000_000_000

  /// Listings that are read at once: what is read of one is in memory until it is recorded, at worst the thousand things
  /// that Reddit shows and their events, some 20 MB.
  private static let atOnce = 4

  private let context: Context
  private let turns = ConcurrencyLimit(atOnce)
  private let streams: [Stream]
  private let rereader: Rereader
  private let settings: StreamSettings
  private var tasks: [Task<Void, Never>] = []
  /// Why listings cannot be read, and from when on that counts.
  private var problems: [String: (reason: String, from: Int64)] = [:]

  init(context: Context, rest: any RESTCalling, intake: Intake, settings: StreamSettings, hasAccount: Bool) {
    (self.context, self.settings) = (context, settings)
    let rereader = Rereader(context: context, rest: rest, intake: intake, settings: settings)
    self.rereader = rereader
    let inbox = settings.readsInbox && hasAccount && !settings.paths.contains(StreamSettings.inbox)
    streams = (settings.paths + (inbox ? [StreamSettings.inbox] : [])).map { path in
      Stream(path, context: context, rest: rest, intake: intake, settings: settings) {
        (things) async throws(HostError) in
        try await rereader.add(things)
      }
    }
  }

  /// Why some listing cannot be read, once that has lasted; nil: all can.
  var problem: String? {
    let now = context.clock.now.nanoseconds
    return problems.values.filter { $0.from <= now }.min { $0.from < $1.from }?.reason
  }

  /// Reads what an earlier process has kept.
  func load() async throws(HostError) { try await rereader.load() }

  /// Things have come that no listing has told of, whose change is to be told for as long as that of others.
  func watch(_ things: [Thing]) async throws(HostError) {
    let now = context.clock.now.nanoseconds
    try await rereader.add(things.filter { $0.created.nanoseconds + settings.reread > now })
  }

  /// Begins to read.
  func start() {
    guard tasks.isEmpty, !streams.isEmpty else { return }
    tasks = streams.map { stream in PluginActor.task { [self] in await run(stream) } }
    if settings.reread > 0 { tasks.append(PluginActor.task { [self] in await rereader.run() }) }
  }

  /// Reads no more; what is under way comes to nothing, and is read again by whoever is next.
  func stop() {
    for task in tasks { task.cancel() }
    tasks = []
  }

  private func run(_ stream: Stream) async {
    // All of them together may not take more than their share.
    let fair = Int64(Double(streams.count) * 60e9 / (Self.share * Double(settings.perMinute)))
    var pace = Pace(fastest: max(settings.fastest, min(fair, settings.slowest)), slowest: settings.slowest)
    var tries = 0
    while !Task.isCancelled {
      let wait: Int64
      do {
        let (count, elapsed) = try await read(stream)
        tries = 0
        wait = pace.next(count, in: elapsed)
        if problems.removeValue(forKey: stream.path) != nil { context.log.info("\(stream.path) is read again") }
      } catch {
        if Task.isCancelled { return }
        tries += 1
        wait = RetryDelay.delay(tries, .random(in: 0..<1)) * (tries > 5 ? 4 : 1)
        failed(stream.path, error)
      }
      do { try await context.clock.sleep(for: .nanoseconds(wait)) } catch { return }
    }
  }

  /// Reads a listing when it has its turn.
  private func read(_ stream: Stream) async throws -> (count: Int, elapsed: Int64) {
    try await turns.enter()
    defer { turns.leave() }
    return try await stream.read()
  }

  private func failed(_ path: String, _ error: any Error) {
    context.metrics.add("stream_failures_total")
    let reason = "\(error)"
    if problems[path]?.reason != reason { context.log.warning("\(path) cannot be read: \(reason)") }
    let now = context.clock.now.nanoseconds
    let from = error is ProviderError ? now : now + Self.patience
    problems[path] = (reason, min(from, problems[path]?.from ?? from))
  }
}
