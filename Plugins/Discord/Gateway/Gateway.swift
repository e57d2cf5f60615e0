internal import PluginKit
internal import ProviderKit

/// The gateway of one bot: all its shards, and what they share.
@PluginActor
final class Gateway {
  /// How long what is known of the gateway serves to begin with, when shards are made.
  private static let freshness = Duration.seconds(60)
  /// When to ask again where the gateway is, if that could not be found out.
  private static let retry = Duration.seconds(5)

  private let parts: ShardParts
  private let seen: LastSeen
  private let backfill: Backfill
  private var shards: [Shard] = []
  private var presence: Presence
  private var failure: GatewayFailure?
  private var words = ""
  private var since: Int64 = 0
  private var task: Task<Void, Never>?
  private var writing: Task<Void, Never>?
  private var keeping: Task<Void, Never>?
  /// Whether the next generation has what this one would keep.
  private var isGiven = false

  /// Makes a gateway that has not begun.
  ///
  /// `token` returns a copy of the token and is asked only when a payload with it is made, `random` a number from 0 up
  /// to 1; `recovered` takes in messages that were missed.
  init(
    context: Context,
    account: Account,
    settings: GatewaySettings,
    link: any GatewayLink,
    rest: any RESTCalling,
    sink: any DispatchSink,
    token: @escaping () throws(HostError) -> String,
    random: @escaping () -> Double = { .random(in: 0..<1) },
    recovered: @escaping Backfill.Recovered
  ) {
    let directory = GatewayDirectory(context: context, rest: rest)
    presence = settings.presence
    seen = LastSeen(context: context)
    backfill = Backfill(context: context, rest: rest, settings: settings, seen: seen, recovered: recovered)
    parts = ShardParts(
      context: context,
      account: account,
      settings: settings,
      link: link,
      sink: sink,
      directory: directory,
      queue: IdentifyQueue(clock: context.clock),
      identifyGuard: IdentifyGuard(context: context, account: account, settings: settings, directory: directory),
      sessions: SessionStore(context: context, sink: sink, directory: directory),
      token: token,
      random: random
    )
  }

  /// Begins to connect, and returns at once: `health` tells how it goes.
  func start() async {
    await seen.load()
    await backfill.load()
    resume()
  }

  /// Ends all connections, but no session, and returns when all that came is recorded and kept.
  func pause() async {
    task?.cancel()
    task = nil
    await backfill.stop()
    for shard in shards { await shard.stop() }
    await parts.sink.flush()
    writing?.cancel()
    writing = nil
    await write()
  }

  /// Goes on after `pause`, or after `give` if there is no next generation after all.
  func resume() {
    isGiven = false
    guard failure == nil else { return }
    since = parts.context.clock.now.nanoseconds
    if writing == nil {
      writing = PluginActor.task { [self] in
        while (try? await parts.context.clock.sleep(for: SessionStore.interval)) != nil { await write() }
      }
    }
    if !shards.isEmpty { return startShards() }
    guard task == nil else { return }
    task = PluginActor.task { [self] in
      guard let count = await count(), !Task.isCancelled else { return }
      await makeShards(count)
      startShards()
    }
  }

  /// Ends all connections; the sessions are there still for the next process.
  func stop() async {
    await pause()
  }

  /// Ends all connections at once, and returns what the next generation is to `take` so that it goes on with the
  /// sessions.
  ///
  /// From here on nothing is kept any more: the next generation's word is the last. After `resume` it is again.
  func give() -> JSON {
    let given = parts.sessions.given
    isGiven = true
    for task in [task, writing] { task?.cancel() }
    (task, writing) = (nil, nil)
    backfill.leave()
    for shard in shards { shard.leave() }
    return given
  }

  /// Goes on with the sessions that an earlier generation gave; to be called before `start`.
  func take(_ given: JSON) {
    parts.sessions.take(given)
  }

  /// Shows the bot in another way from now on.
  func show(_ presence: Presence) throws(ProviderError) {
    self.presence = presence
    for shard in shards { try shard.show(presence) }
  }

  /// Tries again what failed for want of a good token.
  func secretsChanged() {
    guard let failure, failure.isOfToken else { return }
    self.failure = nil
    resume()
  }

  /// A message of a channel has been recorded: what comes after it is fetched if events are missed.
  func saw(channel: Snowflake, message: Snowflake) {
    if seen.saw(channel: channel, message: message) { keepSoon() }
  }

  /// A channel is there, with this message as its last.
  func found(channel: Snowflake, last: Snowflake) {
    if seen.found(channel: channel, last: last) { keepSoon() }
  }

  /// Writes what is known of channels at once: a process that ends before the next second would know nothing of a new one.
  private func keepSoon() {
    guard keeping == nil else { return }
    keeping = PluginActor.task { [self] in
      await write()
      keeping = nil
    }
  }

  /// How all shards are.
  var health: GatewayHealth {
    GatewayHealth(
      shards: shards.map(\.state),
      latencies: shards.map(\.latency),
      words: words,
      since: since,
      failure: failure
    )
  }

  // MARK: - Shards

  /// How many shards to make, once that is known; nil if it never will be.
  private func count() async -> Int? {
    while !Task.isCancelled {
      do throws(GatewayDirectory.Failure) {
        let entry = try await parts.directory.entry(noOlderThan: Self.freshness)
        parts.queue.maxConcurrency = entry.maxConcurrency
        return parts.settings.shards ?? entry.shards
      } catch {
        switch error {
        case .token(let found):
          fail(.token(of: parts.account, found))
          return nil
        case .other(let text):
          words = text
          // A session can be gone on with although the API is away.
          if let count = await parts.sessions.shards(), count == parts.settings.shards ?? count { return count }
          parts.context.log.warning("the gateway is not known yet: \(text)")
        }
      }
      do { try await parts.context.clock.sleep(for: Self.retry) } catch { return nil }
    }
    return nil
  }

  private func makeShards(_ count: Int) async {
    var made: [Shard] = []
    for number in 0..<count {
      let session = await parts.sessions.load(number, of: count)
      // The sink has not heard of it in this process.
      if let session { parts.sink.begin(shard: number, session: session.id) }
      let shard = Shard(number, of: count, session: session, presence: presence, parts: parts)
      shard.observer = self
      made.append(shard)
    }
    shards = made
  }

  private func startShards() {
    for shard in shards { shard.start() }
    backfill.start()
  }

  private func fail(_ failure: GatewayFailure) {
    guard self.failure == nil else { return }
    self.failure = failure
    parts.context.metrics.add("gateway_failures_total")
    task?.cancel()
    task = nil
    PluginActor.task { [self] in
      for shard in shards { await shard.stop() }
    }
  }

  private func write() async {
    guard !isGiven else { return }
    await parts.sessions.flush()
    await seen.flush()
  }
}

extension Gateway: ShardObserver {
  func willIdentify(_ shard: Int) async { await backfill.note() }

  func hasIdentified(_ shard: Int) { backfill.start() }

  /// Keeps the session as soon as that may be: a process that ends before has lost it, and with it what is said meanwhile.
  func hasBegun(_ shard: Int) {
    PluginActor.task { [self] in
      await parts.sink.flush()
      await write()
    }
  }

  func hasFailed(_ shard: Int, _ failure: GatewayFailure) { fail(failure) }
}
