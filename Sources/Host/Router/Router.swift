internal import CChannel
internal import Glibc
internal import PluginABI
internal import Channel
internal import Envelope

/// The middle of the host: takes what instances and clients send, stamps and checks it, has it recorded, and gives it
/// to whoever subscribes.
///
/// It belongs to the loop's thread and never waits: the disk is the journal thread's, and a ring that is full is tried
/// again. Routing an envelope that is not recorded allocates nothing.
@safe
package final class Router {
  /// Frames taken from one instance before the next has its turn, even if nobody waits: about 100 µs of them.
  static let framesPerTurn = 256
  /// Frames taken while others wait: what one who sends little and seldom is held up by one who sends without end.
  static let framesPerLook = 16
  /// As what a log line counts in a turn: it is put into words, searched for credentials and kept, for about 10 µs.
  static let framesPerLine = 16

  let journal: JournalLink
  let log: Log
  let metrics: HostMetrics
  /// All instances there are, whatever their role.
  package private(set) var instances: [Instance] = []
  /// The same by number, which is never given twice.
  private var numbered: [Instance?] = []
  var consumers: [Consumer] = []
  var trie = SubscriptionTrie<Int>()
  var routes = RouteTable()
  var taps: [Tap] = []
  var pending: PendingRequests
  var hops = HopTable()
  /// Appends that the journal has not answered, oldest first.
  var appends = AppendQueue()
  /// The last sequence that is known to be in the journal.
  var head: Int64
  /// How often gauges are brought up to date, ns: more often than anybody scrapes.
  private static let gaugesInterval = nanosecondsPerSecond
  private var nextGauges: Int64 = 0
  /// Told of an instance that broke the protocol.
  package var onViolation: (Instance, String) -> Void = { _, _ in }
  /// Told of an instance on probation that could not handle what it was given.
  var onUnfit: (Instance, String) -> Void = { _, _ in }

  /// Takes credentials out of the reasons that plugins give.
  let redactor: Redactor
  /// Makes and reads the handles by which messages are answered.
  let handles: ReplyHandles
  /// The space that the envelope in `stamp` is to be said in, as long as that refers to it.
  var space = FixedBytes("")
  /// Connects for those who may not, and what it is at, by number.
  let dialer: Dialer
  var dials: [UInt64: Dial] = [:]
  var lastDial: UInt64 = 0
  /// Told on any thread how a dial of some number ended; to have `dialled` called with that on the loop's.
  package var onDialled: @Sendable (UInt64, Result<Dialer.Connection, Dialer.Failure>) -> Void = { _, _ in }

  let stamp = EnvelopeStamp()
  let names = FreshNames()
  private let buffer: UnsafeMutableRawBufferPointer

  /// Makes a router over a journal that has been opened.
  package init(
    journal: JournalLink,
    head: Int64,
    log: Log,
    metrics: HostMetrics,
    handles: ReplyHandles,
    redactor: Redactor = Redactor(),
    dialer: Dialer = Dialer()
  ) {
    self.journal = journal
    self.handles = handles
    self.redactor = redactor
    self.dialer = dialer
    self.head = head
    self.log = log
    self.metrics = metrics
    pending = PendingRequests(boot: names.run)
    unsafe buffer = .allocate(byteCount: Channel.frameLimit, alignment: 16)
    journal.onAppends = { [weak self] result, count in self?.recorded(result, count: count) }
  }

  deinit {
    unsafe buffer.deallocate()
  }

  /// Adds a consumer, and its instances, none of which runs yet.
  package func add(_ plan: ConsumerPlan, _ record: ConsumerRecord) {
    let consumer = Consumer(
      number: consumers.count,
      name: plan.name,
      plugin: plan.plugin.id,
      patterns: plan.patterns,
      record: record.id,
      queue: DurableQueue(settled: record.settled, failures: record.attempts)
    )
    for member in plan.members { add(member, of: plan.plugin, to: consumer) }
    consumers.append(consumer)
    for pattern in consumer.patterns { trie.insert(consumer.number, under: pattern) }
    consumer.remembered = record.patterns
    for pattern in record.patterns { subscribeAgain(consumer, to: pattern, by: consumer.members.first) }
    routes.removeAll()
  }

  /// Adds an instance to a consumer.
  @discardableResult
  func add(_ member: ConsumerPlan.Member, of plugin: PluginConfiguration, to consumer: Consumer) -> Instance {
    let instance = Instance(
      number: numbered.count,
      name: member.name,
      plugin: plugin,
      binding: member.binding,
      replica: member.replica,
      metrics: metrics.instance(plugin: plugin.id, name: member.name)
    )
    instance.consumer = consumer.number
    instances.append(instance)
    numbered.append(instance)
    consumer.members.append(instance)
    return instance
  }

  /// Forgets an instance, which has no process any more.
  func remove(_ instance: Instance) {
    consumers[instance.consumer].members.removeAll { $0 === instance }
    instances.removeAll { $0 === instance }
    numbered[instance.number] = nil
  }

  /// The instance of a number, nil if it is gone.
  func instance(numbered number: Int) -> Instance? {
    number < numbered.count ? numbered[number] : nil
  }

  // MARK: - What an instance sends

  /// Reads what an instance has put into its ring.
  package func drain(_ instance: Instance) {
    guard let channel = instance.process?.channel else { return }
    instance.hasMore = false
    if instance.awaitsRoom {
      instance.awaitsRoom = false
      consumers[instance.consumer].needsDispatch = true
    }
    do {
      var (taken, look) = (0, Self.framesPerLook)
      while taken < Self.framesPerTurn {
        if instance.mustWait {
          instance.hasMore = true
          return
        }
        if taken >= look {
          if isSomebodyWaiting(beside: instance) { break }
          look = taken + Self.framesPerLook
        }
        if let frame = try unsafe channel.receive(into: buffer) {
          if Self.isRated(frame), instance.rate.spend() { instance.metrics.rateWaits.add() }
          taken += Int32(frame.op) == WIRE_LOG ? Self.framesPerLine : 1
          try handle(frame, from: instance)
        } else if !channel.prepareToSleep() {
          return
        }
      }
      instance.hasMore = true
      channel.release()
    } catch let error as ChannelError {
      onViolation(instance, error.description)
    } catch let violation as Violation {
      onViolation(instance, violation.description)
    } catch {
      onViolation(instance, "\(error)")
    }
  }

  /// Whether another instance says that it has something to be read.
  ///
  /// It is read next, whether it has rung or not: one that says so and never rings would shorten everybody's turns.
  private func isSomebodyWaiting(beside instance: Instance) -> Bool {
    let other = instances.first { $0 !== instance && !$0.mustWait && $0.process?.channel.hasFrames == true }
    other?.hasMore = true
    return other != nil
  }

  /// Reads all that an instance had put into its ring when its process ended.
  func drainToEnd(_ instance: Instance) {
    repeat {
      // It hears no answer any more, so nothing of its is waited for.
      instance.credit.letGo()
      instance.rate.letGo()
      instance.outbox.removeAll()
      drain(instance)
    } while instance.hasMore
  }

  /// Up to where every consumer is done.
  package var lowestCursor: Int64 { consumers.filter { !$0.isSilent }.map(\.queue.cursor).min() ?? head }

  /// How many records up to a sequence are still before a consumer that stores documents, at the most of them.
  package func unstored(through sequence: Int64) -> Int64 {
    let storing = consumers.filter { $0.isComing && $0.members.contains { $0.policy.grants(.storageDocuments) } }
    return storing.map { max(0, sequence - $0.queue.cursor) }.max() ?? 0
  }

  /// Takes note that an instance can be given envelopes.
  func ready(_ instance: Instance) {
    consumers[instance.consumer].needsDispatch = true
  }

  /// Takes note that the journal holds more than what was published here.
  func appended(through sequence: Int64) {
    head = max(head, sequence)
    for consumer in consumers { consumer.needsDispatch = true }
  }

  /// Something that an honest runner never sends.
  struct Violation: Error {
    let description: String
  }

  /// Whether a frame counts against `limits.rate`; what an instance says of its deliveries is bounded by their number.
  ///
  /// A log line counts only when it is over `limits.logs`.
  private static func isRated(_ frame: Frame) -> Bool {
    switch Int32(frame.op) {
    case WIRE_PUBLISH, WIRE_REQUEST, WIRE_SUBSCRIBE, WIRE_STATE, WIRE_DIAL: true
    default: false
    }
  }

  private func handle(_ frame: Frame, from instance: Instance) throws {
    switch Int32(frame.op) {
    case WIRE_PUBLISH: publish(frame, from: instance)
    case WIRE_REQUEST: request(frame, from: instance)
    case WIRE_SUBSCRIBE: subscribe(frame, from: instance)
    case WIRE_SETTLE: try settle(frame, from: instance)
    case WIRE_RESPOND: try respond(frame, from: instance)
    case WIRE_STATE: try state(frame, from: instance)
    case WIRE_LOG: try writeLog(frame, from: instance)
    case WIRE_METRIC: try record(frame, from: instance)
    case WIRE_DIAL: try dial(frame, from: instance)
    default: throw Violation(description: "it sent a frame of the unknown kind \(frame.op)")
    }
  }

  // MARK: - One pass of the loop

  /// Whether something is to be done without waiting for an event.
  package var hasWork: Bool {
    instances.contains { $0.hasMore && !$0.mustWait } || consumers.contains(where: \.needsDispatch)
  }

  /// How long it is until the first may send again who may not now, in milliseconds; nil if nobody waits for that.
  var throttle: Int32? { instances.lazy.filter { $0.hasMore && $0.rate.isSpent }.map(\.rate.wait).min() }

  /// Lets those send again who may by now.
  func refill(at now: Int64) {
    for instance in instances where instance.rate.isSpent { instance.rate.refill(at: now) }
  }

  /// Does what the events of this pass have made possible: reads on where a turn was over, gives out, flushes.
  package func pass() {
    for instance in instances where instance.hasMore && !instance.mustWait { drain(instance) }
    for instance in instances where !instance.outbox.isEmpty { empty(instance) }
    for consumer in consumers where consumer.needsDispatch { dispatch(consumer) }
    journal.flush()
    for instance in instances where instance.needsFlush {
      instance.needsFlush = false
      instance.process?.channel.flush()
    }
  }

  /// Has the last of everyone's progress recorded, so that nothing is delivered again that was handled.
  package func finish() {
    for consumer in consumers { recordProgress(of: consumer) }
    journal.repeatUnwritten()
    journal.flush()
  }

  /// Does what time has made due.
  ///
  /// Called about every `HostLoop.tick`.
  package func tick(now: Int64, realtime: Int64) {
    journal.repeatUnwritten()
    for instance in instances { instance.rate.refill(at: now) }
    for request in pending.expired(at: realtime) {
      fail(request, PROMETHEAN_TIMEOUT, "no answer to \(request.topic) within its deadline")
    }
    for consumer in consumers {
      forgetUnwanted(of: consumer)
      if consumer.queue.hasWaiting || consumer.queue.position < head { consumer.needsDispatch = true }
      recordProgress(of: consumer)
    }
    guard now >= nextGauges else { return }
    nextGauges = now + Self.gaugesInterval
    for consumer in consumers { showProgress(of: consumer) }
  }
}
