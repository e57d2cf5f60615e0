internal import PluginKit

/// Takes events in: has them normalised and published in their order, and knows up to where they are recorded.
///
/// Many envelopes are under way at once. One that could not be recorded, since a disk is full or the host's journal
/// cannot write, is published again until it is, and nothing behind it begins meanwhile; so nothing is lost, and what the
/// gateway sends in that time waits there.
@PluginActor
final class Intake: DispatchSink {
  /// Envelopes that are being recorded at once: several times what a commit of the journal's takes together, and 64 MiB if
  /// each were as large as it can be.
  nonisolated static let underWayMax = 1024
  /// How long it waits before it publishes again what was not recorded, at first and at most.
  nonisolated static let pause = (first: Duration.milliseconds(250), longest: Duration.seconds(10))

  /// An envelope on its way to being recorded, and who is told.
  private struct Item {
    let envelope: Envelope
    /// The event of a shard's that it came of.
    var event: (shard: Int, ticket: Coverage.Ticket)?
    /// What it is a part of.
    var batch: Batch?
  }

  /// Envelopes that somebody waits for.
  @PluginActor
  private final class Batch {
    var left = 0
    var waiter: CheckedContinuation<Void, Never>?

    func one() {
      left -= 1
      if left == 0 { waiter?.resume() }
      if left == 0 { waiter = nil }
    }
  }

  private let context: Context
  private let channels: ChannelLookup
  private(set) var normaliser: Normaliser
  /// Told of each message that is recorded.
  private let saw: (_ channel: Snowflake, _ message: Snowflake) -> Void
  /// Told of each channel that is there, with its last message.
  private let found: (_ channel: Snowflake, _ last: Snowflake) -> Void
  private let problems: ProblemLog
  private var coverages: [Int: Coverage] = [:]
  private var underWay = 0
  /// What was not recorded, in the order in which it was published.
  private var failed: [Item] = []
  /// Topics that the operator has not granted: nothing more is published there.
  private var denied: Set<String> = []
  private var isRepairing = false
  private var isClosed = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

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
    problems = ProblemLog(context)
  }

  // MARK: - Events

  func take(_ dispatch: Dispatch) async {
    let normalised = await decided { $0.normalise(dispatch, receivedAt: context.clock.now) }
    let envelopes = normalised.envelopes.filter { !denied.contains($0.topic) }
    let ticket = coverages[dispatch.shard]?.add(dispatch.sequence, envelopes: envelopes.count)
    for envelope in envelopes { publish(Item(envelope: envelope, event: ticket.map { (dispatch.shard, $0) })) }
    if dispatch.name == "GUILD_CREATE", normalised.verdict == .allowed { findChannels(of: dispatch) }
    await room()
  }

  /// Tells of the channels and threads of a guild; where nobody has written yet, anything is newer than the channel itself.
  private func findChannels(of dispatch: Dispatch) {
    guard let guild = try? JSONView(dispatch.message, in: dispatch.data) else { return }
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
  func recover(_ messages: [[UInt8]]) async {
    let batch = Batch()
    for message in messages {
      let normalised = await decided { $0.recover(message, guild: nil, receivedAt: context.clock.now) }
      for envelope in normalised.envelopes where !denied.contains(envelope.topic) {
        batch.left += 1
        publish(Item(envelope: envelope, batch: batch))
      }
      await room()
    }
    if batch.left > 0, !isClosed { await withCheckedContinuation { batch.waiter = $0 } }
  }

  /// Whether the operator lets the bot write in a channel.
  func allows(postingTo channel: Snowflake) async -> Bool {
    var verdict = normaliser.allows(channel: channel)
    if case .unknown(let unknown) = verdict {
      await learn(unknown)
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
    coverages[shard, default: Coverage()].begin(session)
  }

  func flush() async {
    while !isClosed, underWay > 0 || !failed.isEmpty {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  /// Ends: nothing is published again, and whoever waits goes on.
  func close() {
    isClosed = true
    wake()
  }

  /// What becomes of an event, once it is known whether its channel is allowed.
  private func decided(_ normalise: (inout Normaliser) -> Normalised) async -> Normalised {
    var normalised = normalise(&normaliser)
    if case .unknown(let channel) = normalised.verdict {
      await learn(channel)
      normalised = normalise(&normaliser)
    }
    problems.write(normalised)
    return normalised
  }

  private func learn(_ channel: Snowflake) async {
    if let object = await channels.object(of: channel) {
      problems.write(normaliser.learn(channel: object))
    } else {
      normaliser.learn(hidden: channel)
    }
  }

  // MARK: - Publishing

  private func publish(_ item: Item) {
    underWay += 1
    context.publish(item.envelope) { [self] result in
      underWay -= 1
      ended(result, item)
      wake()
    }
  }

  private func ended(_ result: Result<Void, HostError>, _ item: Item) {
    guard case .failure(let error) = result else {
      if item.envelope.intent == SocialMessageCreated.intent { noteRecorded(item.envelope) }
      return over(item)
    }
    switch error.kind {
    case .denied:
      // The host has said so in its audit; that this topic is to be heard of is for the operator to grant.
      if denied.insert(item.envelope.topic).inserted {
        let topic: JSONObject = ["topic": .string(item.envelope.topic)]
        context.log.warning("not published any more: no grant of `publish` covers it", topic)
      }
      over(item)
    case .invalid:
      // Nothing that comes again would be better.
      context.log.error("not recorded: \(error.message)", ["topic": .string(item.envelope.topic)])
      context.metrics.add("events_refused_total")
      over(item)
    case .cancelled:
      // The instance stops: its event stays uncovered, and the next generation is sent it again.
      item.batch?.one()
    default:
      failed.append(item)
      if !isRepairing { repair(error) }
    }
  }

  private func over(_ item: Item) {
    if let event = item.event { coverages[event.shard]?.recorded(event.ticket) }
    item.batch?.one()
  }

  /// Tells of a message that is recorded; its id ends with the message's, its key with the channel's.
  private func noteRecorded(_ envelope: Envelope) {
    func last(_ text: String) -> Snowflake? {
      text.utf8.lastIndex(of: UInt8(ascii: ":")).flatMap { Snowflake(text[text.utf8.index(after: $0)...]) }
    }
    guard let channel = last(envelope.key), let message = last(envelope.id) else { return }
    saw(channel, message)
  }

  /// Publishes again what was not recorded, all of it in order, until it is.
  private func repair(_ error: HostError) {
    isRepairing = true
    context.log.error("events wait: they cannot be recorded: \(error.message)")
    Task {
      var pause = Self.pause.first
      while !isClosed, underWay > 0 || !failed.isEmpty {
        do { try await context.clock.sleep(for: pause) } catch { break }
        pause = min(pause * 2, Self.pause.longest)
        // Behind what is still under way, so that the order stays.
        guard underWay == 0 else { continue }
        let again = failed
        failed = []
        for item in again { publish(item) }
      }
      isRepairing = false
      wake()
    }
  }

  // MARK: - Waiting

  private var isFull: Bool { !isClosed && (isRepairing || underWay >= Self.underWayMax) }

  private func room() async {
    while isFull { await withCheckedContinuation { waiting.append($0) } }
  }

  private func wake() {
    guard !isFull || underWay == 0 else { return }
    let due = waiting
    waiting = []
    for continuation in due { continuation.resume() }
  }
}
