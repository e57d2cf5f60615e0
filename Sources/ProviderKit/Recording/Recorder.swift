public import PluginKit

/// Publishes envelopes in their order until they are recorded.
///
/// Many are under way at once. One that could not be recorded, since a disk is full or the host's journal cannot write,
/// is published again until it is, and nothing behind it begins meanwhile; so nothing is lost, and what the provider sends
/// in that time waits there.
@PluginActor
public final class Recorder {
  /// Envelopes that are being recorded at once, and bytes of their payloads: three quarters of what the host takes of one
  /// instance before it lets it wait, which is what comes while the journal copies its log.
  public nonisolated static let underWayMax = (envelopes: 3072, bytes: 6 << 20)
  /// How long it waits before it publishes again what was not recorded, at first and at most.
  public nonisolated static let pause = (first: Duration.milliseconds(250), longest: Duration.seconds(10))

  /// An envelope on its way to being recorded; of a class, since an envelope is large to copy.
  @PluginActor
  private final class Item {
    let envelope: Envelope
    /// Which of all it is.
    let number: UInt64
    /// Hears when it is recorded, or never can be.
    let over: @PluginActor (_ isRecorded: Bool) -> Void
    private let recorder: Recorder

    init(
      _ envelope: consuming Envelope,
      number: UInt64,
      of recorder: Recorder,
      over: @escaping @PluginActor (_ isRecorded: Bool) -> Void
    ) {
      self.envelope = envelope
      (self.number, self.recorder, self.over) = (number, recorder, over)
    }

    /// Hears how it ended; a closure that has no more than its item needs no memory of its own.
    func ended(_ result: Result<Void, HostError>) { recorder.ended(result, self) }
  }

  private let context: Context
  private var underWay = (envelopes: 0, bytes: 0)
  /// How many envelopes there have been.
  private var count: UInt64 = 0
  /// What was not recorded.
  private var failed: [Item] = []
  /// Topics that the operator has not granted: nothing more is published there.
  private var denied: Set<String> = []
  private var isRepairing = false
  private var isClosed = false
  /// Whether something will not be recorded any more: what comes behind it would be out of order.
  private var isBroken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// A recorder of what an instance publishes.
  public init(_ context: Context) {
    self.context = context
  }

  /// Whether anything may be published on a topic, as far as is known.
  public func takes(_ topic: String) -> Bool { denied.isEmpty || !denied.contains(topic) }

  /// Publishes an envelope, behind all before it; to be called when there is `room`.
  ///
  /// `over` is called when it is recorded, or when it is clear that it never will be; not if everything ends first.
  public func publish(_ envelope: consuming Envelope, _ over: @escaping @PluginActor (_ isRecorded: Bool) -> Void) {
    count += 1
    publish(Item(consume envelope, number: count, of: self, over: over))
  }

  /// Returns when everything so far is recorded, or, after `close`, when nothing is under way any more.
  public func flush() async {
    while isWorking { await change() }
  }

  /// Ends: nothing is published again, and nobody waits for that any more.
  ///
  /// What was not recorded stays so, and so does what comes behind it: the next process is sent it again.
  public func close() {
    isClosed = true
    abandon()
    wake()
  }

  /// Lets go, after `close`, what was not recorded: each such item holds this.
  private func abandon() {
    guard isClosed, !failed.isEmpty else { return }
    (isBroken, failed) = (true, [])
  }

  // MARK: - Publishing

  private func publish(_ item: Item) {
    guard !isBroken else { return }
    underWay = (underWay.envelopes + 1, underWay.bytes + item.envelope.payload.count)
    context.publish(item.envelope) { item.ended($0) }
  }

  private func ended(_ result: Result<Void, HostError>, _ item: Item) {
    underWay = (underWay.envelopes - 1, underWay.bytes - item.envelope.payload.count)
    switch result {
    case .success: item.over(true)
    case .failure(let error): refused(error, item)
    }
    wake()
  }

  private func refused(_ error: HostError, _ item: Item) {
    switch error.kind {
    case .denied:
      // The host has said so in its audit; that this topic is to be heard of is for the operator to grant.
      if denied.insert(item.envelope.topic).inserted {
        let topic: JSONObject = ["topic": .string(item.envelope.topic)]
        context.log.warning("not published any more: no grant of `publish` covers it", topic)
      }
      item.over(false)
    case .invalid:
      // Nothing that comes again would be better.
      context.log.error("not recorded: \(error.message)", ["topic": .string(item.envelope.topic)])
      context.metrics.add("events_refused_total")
      item.over(false)
    case .cancelled:
      // The instance stops: its event stays uncovered, and the next generation is sent it again.
      break
    default:
      failed.append(item)
      if !isRepairing { repair(error) }
      abandon()
    }
  }

  /// Publishes again what was not recorded, all of it in order, until it is.
  private func repair(_ error: HostError) {
    isRepairing = true
    context.log.error("events wait: they cannot be recorded: \(error.message)")
    PluginActor.task { [self] in
      var pause = Self.pause.first
      while !failed.isEmpty, !isClosed {
        do { try await context.clock.sleep(for: pause) } catch { break }
        pause = min(pause * 2, Self.pause.longest)
        // Behind what is still under way, so that the order stays.
        while underWay.envelopes > 0 { await change() }
        guard !isClosed else { break }
        let again = failed.sorted { $0.number < $1.number }
        failed = []
        for item in again { publish(item) }
        while underWay.envelopes > 0 { await change() }
      }
      if failed.isEmpty, !isBroken { context.log.info("events are recorded again") }
      isRepairing = false
      wake()
    }
  }

  // MARK: - Waiting

  /// Whether the next may be published.
  public var hasRoom: Bool { isClosed || !isRepairing && isBelow(1) }

  /// Whether less is under way than a part of what may be at most.
  private func isBelow(_ part: Int) -> Bool {
    underWay.envelopes < Self.underWayMax.envelopes / part && underWay.bytes < Self.underWayMax.bytes / part
  }

  /// Whether something is being recorded, or will be published again.
  public var isWorking: Bool { underWay.envelopes > 0 || !failed.isEmpty && !isClosed }

  /// Returns when the next may be published.
  public func room() async {
    while !hasRoom { await change() }
  }

  /// Returns when what somebody waits for may have come about.
  public func change() async {
    await PluginActor.staying { await withCheckedContinuation { waiting.append($0) } }
  }

  /// Has those that wait go on, when half of what may be under way is over: so that many are published in one go.
  private func wake() {
    guard !waiting.isEmpty, isClosed || underWay.envelopes == 0 || !isRepairing && isBelow(2) else { return }
    let due = waiting
    waiting = []
    for continuation in due { continuation.resume() }
  }
}
