internal import PluginKit
internal import ProviderKit

/// Takes events in: has them normalised and recorded in their order, and knows up to where they are.
@PluginActor
final class Intake: DispatchSink {
  /// Envelopes that somebody waits for.
  @PluginActor
  private final class Batch {
    /// How many of them are not recorded yet.
    var open = 0
  }

  private let context: Context
  private let channels: ChannelLookup
  private let recorder: Recorder
  private(set) var normaliser: Normaliser
  /// Told of each message that is recorded.
  private let saw: (_ channel: Snowflake, _ message: Snowflake) -> Void
  /// Told of each channel that is there, with its last message.
  private let found: (_ channel: Snowflake, _ last: Snowflake) -> Void
  private let problems: ProblemLog
  private var coverages: [Int: Coverage] = [:]

  /// Takes in what `normaliser` makes of events.
  init(
    context: Context,
    normaliser: Normaliser,
    channels: ChannelLookup,
    saw: @escaping (_ channel: Snowflake, _ message: Snowflake) -> Void,
    found: @escaping (_ channel: Snowflake, _ last: Snowflake) -> Void
  ) {
    (self.context, self.normaliser, self.channels) = (context, normaliser, channels)
    (self.saw, self.found) = (saw, found)
    recorder = Recorder(context)
    problems = ProblemLog(context)
  }

  // MARK: - Events

  func takeAtOnce(_ dispatch: Dispatch) -> Bool {
    guard recorder.hasRoom else { return false }
    let normalised = normaliser.normalise(dispatch, receivedAt: context.clock.now)
    if case .unknown = normalised.verdict { return false }
    problems.write(normalised)
    record(normalised, of: dispatch)
    return true
  }

  func take(_ dispatch: Dispatch) async {
    let normalised = await decided { $0.normalise(dispatch, receivedAt: context.clock.now) }
    await recorder.room()
    record(normalised, of: dispatch)
  }

  /// Tells of the channels and threads of a guild; where nobody has written yet, anything is newer than the channel itself.
  private func findChannels(of dispatch: Dispatch) {
    guard let guild = try? dispatch.read() else { return }
    for list in [guild["channels"], guild["threads"]] {
      for channel in list.map({ Array($0.elements) }) ?? [] {
        guard let id = channel["id"].flatMap(Snowflake.init) else { continue }
        // Channels without messages, such as categories, do not have the key.
        guard let last = channel["last_message_id"] else { continue }
        found(id, Snowflake(last) ?? id)
      }
    }
  }

  /// Takes in messages of a channel's history, oldest first, and returns when they are recorded.
  ///
  /// Those that were missed are told of as recorded; of older ones nobody is to go on behind them.
  ///
  /// - Throws: When nobody tells now whether they are allowed, or they are not recorded before all ends.
  func recover(
    _ messages: [[UInt8]],
    of channel: Snowflake,
    isMissed: Bool = true
  ) async throws(ProviderError) {
    // To take a channel for hidden would lose what was missed: there is another time.
    if case .unknown(let unknown) = normaliser.allows(channel: channel) {
      let why = await learn(unknown)
      if case .unknown = normaliser.allows(channel: channel) {
        throw ProviderError(why ?? "channel \(channel): expected an object of a channel, found another")
      }
    }
    let batch = Batch()
    for message in messages {
      let normalised = await decided { $0.recover(message, receivedAt: context.clock.now) }
      await recorder.room()
      for envelope in normalised.envelopes where recorder.takes(envelope.topic) {
        batch.open += 1
        let message = isMissed ? normalised.message(of: envelope) : nil
        recorder.publish(envelope) { [self] isRecorded in
          if isRecorded, let message { saw(message.channel, message.id) }
          batch.open -= 1
        }
      }
    }
    while batch.open > 0, recorder.isWorking { await recorder.change() }
    if batch.open > 0 { throw ProviderError("the instance stopped before \(batch.open) of them were recorded") }
  }

  /// Whether the operator lets the history of a channel be read; whether it is a thread is known then too.
  ///
  /// - Throws: When nobody tells now.
  func allows(reading channel: Snowflake) async throws(ProviderError) -> Bool {
    if normaliser.places[channel] == nil, let why = await learn(channel) { throw ProviderError(why) }
    return normaliser.allows(channel: channel) == .allowed
  }

  /// Whether events of an intent are published at all, as far as is known: what nobody hears of is not recorded.
  func publishes(_ intent: String) -> Bool { recorder.takes(normaliser.account.events(intent)) }

  /// Whether the operator lets the bot write in a channel.
  func allows(postingTo channel: Snowflake) async -> Bool {
    var verdict = normaliser.allows(channel: channel)
    if case .unknown(let unknown) = verdict {
      await decide(unknown)
      verdict = normaliser.allows(channel: channel)
    }
    return verdict == .allowed
  }

  func covered(shard: Int, session: String) -> Int64? {
    guard let coverage = coverages[shard], coverage.session == session else { return nil }
    return coverage.sequence
  }

  func begin(shard: Int, session: String) {
    normaliser.begin(shard: shard, session: session)
    // One that is gone on with goes on counting.
    guard coverages[shard]?.session != session else { return }
    let coverage = coverages[shard] ?? Coverage()
    coverage.begin(session)
    coverages[shard] = coverage
  }

  func flush() async { await recorder.flush() }

  /// Ends: nothing is published again, and nobody waits for that any more.
  func close() { recorder.close() }

  /// What becomes of an event, once it is known whether its channel is allowed.
  private func decided(_ normalise: (inout Normaliser) -> Normalised) async -> Normalised {
    var normalised = normalise(&normaliser)
    if case .unknown(let channel) = normalised.verdict {
      await decide(channel)
      normalised = normalise(&normaliser)
    }
    problems.write(normalised)
    return normalised
  }

  /// Has it known at once whether a channel is allowed: what waits for that cannot wait for long.
  private func decide(_ channel: Snowflake) async {
    guard let why = await learn(channel) else { return }
    context.log.warning("a channel could not be looked up: it counts as not allowed", ["why": .string(why)])
    normaliser.learn(hidden: channel)
  }

  /// Learns what the API says of a channel; returns why it says nothing, if it does not.
  private func learn(_ channel: Snowflake) async -> String? {
    switch await channels.answer(for: channel) {
    case .object(let object): problems.write(normaliser.learn(channel: object))
    case .hidden: normaliser.learn(hidden: channel)
    case .none(let why): return why
    }
    return nil
  }

  // MARK: - Recording

  /// Has all that came of an event recorded.
  private func record(_ normalised: consuming Normalised, of dispatch: Dispatch) {
    normalised.envelopes.removeAll { !recorder.takes($0.topic) }
    let coverage = coverages[dispatch.shard]
    // All are counted before the first is published, which may be refused at once.
    let ticket = coverage?.add(dispatch.sequence, envelopes: normalised.envelopes.count)
    // Taken out of the list and not read, since an envelope is large to copy.
    normalised.envelopes.reverse()
    while let envelope = normalised.envelopes.popLast() {
      let message = normalised.message(of: envelope)
      recorder.publish(consume envelope) { [self] isRecorded in
        if isRecorded, let message { saw(message.channel, message.id) }
        if let ticket { coverage?.recorded(ticket) }
      }
    }
    if dispatch.name == "GUILD_CREATE", normalised.verdict == .allowed { findChannels(of: dispatch) }
  }
}
