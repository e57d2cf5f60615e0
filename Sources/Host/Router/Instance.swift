internal import Envelope

/// One running copy of a plugin, or one that is to run: what the router and the supervisor know of it.
///
/// It belongs to the loop's thread, like everything here.
package final class Instance {
  /// Its place among the host's instances.
  package let number: Int
  /// Its name, unique in the deployment: `echo@demo`, `storage`, `message-indexer.2`.
  package let name: String
  /// What it is a copy of.
  package private(set) var plugin: PluginConfiguration
  /// The tenant that it is bound to; nil for one that serves several.
  package let binding: TenantID?
  /// Which of the plugin's replicas it is, from 1.
  package let replica: Int
  /// What the host stamps as `src`.
  let src: FixedBytes
  /// The plugin's policy, within the instance's own tenants.
  private(set) var policy: Policy
  let metrics: InstanceMetrics

  // MARK: Lifecycle, the supervisor's

  package internal(set) var state = State.waiting(until: 0)
  /// Its part in a change of what runs.
  package internal(set) var role = Role.serving
  /// Whether it is given nothing, since another has its place.
  var isHeld = false
  /// What it has yet to show, as one of a new generation.
  var probation = Probation.none
  /// When what it has handled counts as handled.
  var accounting = Accounting.atOnce
  /// The request that it was given on probation, for the generation before if it cannot handle it.
  var trial: Consumer.WaitingRequest?
  /// What it has subscribed to and is to hear once it serves.
  var heldSubscriptions: [String] = []
  /// Whether its plugin can hand over to the next generation.
  var canHandOver = false
  /// How often it gives yet what nobody waits for any more.
  var unwantedGifts = 0
  /// Until when it may finish what it has, once its place is taken, on the monotonic clock.
  var drainUntil: Int64 = 0
  /// Why the last generation that was to take its place did not.
  var refusal: String?
  /// In what way it says that it is unwell.
  var unwell: String?
  /// Its process, while it has one.
  var process: RunnerProcess?
  /// Whether its process is being made, on another thread.
  var isLaunching = false
  /// What its process runs, in the store.
  var library: LibraryFile?
  /// The control group of its process, where there are any.
  var group: ControlGroup?
  /// Which copy this is, from 1: each start makes the next.
  package internal(set) var generation = 0
  /// The generation of the deployment that it is to be part of, while that is yet to prove itself; else 0.
  ///
  /// What it writes as state are drafts of that generation.
  var draft: Int64 = 0
  /// What its plugin keeps in files, as last counted.
  var disk = Disk()
  /// The sandbox that its process reported, and what of it is missing.
  var level: PluginConfiguration.SandboxLevel?
  var levelReason = ""
  var backoff = Backoff()
  /// Whether it has done something in this life: settled a delivery, or published what was then recorded.
  var hasWorked = false
  /// Why this life is ending, as far as it is known before the end.
  var failure: String?
  /// Its runner gave up over something that can be left out.
  var retriesWithLess = false
  /// Starting it again would end the same way.
  var isHopeless = false
  /// It is not to run as long as this host does, and nobody waits for it.
  private(set) var isLeftOut = false
  /// What it writes to its standard output and error.
  var output: PluginOutput?
  package internal(set) var restarts = 0
  /// Why it last failed.
  package internal(set) var lastError: String?
  /// What the host lacks to start it, which is no failure of its own.
  var lack: String?
  var runningSince: Int64?
  /// The process has reported `stop` done.
  var hasStopped = false

  // MARK: Data, the router's

  /// What it holds.
  var deliveries = DeliveryTable()
  /// Frames that found no room in the ring.
  var outbox = Outbox()
  /// What it has begun that is not ended.
  var credit = Credit()
  /// How much it may send now.
  var rate: SendRate
  /// Connections that are being made for it.
  var openDials = 0
  /// How often it may log, and be refused something, before the rest is only counted.
  var logCap: RateCap
  var auditCap = RateCap.audits
  /// Envelopes dropped since the host started, and when the last was, on the monotonic clock.
  var dropped = 0
  var lastDrop: Int64?
  /// Whether a delivery found no room in its ring.
  var awaitsRoom = false
  /// Its consumer's place among the router's.
  var consumer = 0
  /// Whether frames were written that the other side has not been told of.
  var needsFlush = false
  /// Whether the sleeping flag is taken back and the ring is to be read again in the next pass.
  var hasMore = false
  /// Grants as they were decided per route, 0 where not yet; valid for that epoch of the table.
  var decisions: [UInt8] = []
  var decisionsEpoch = -1

  init(
    number: Int,
    name: String,
    plugin: PluginConfiguration,
    binding: TenantID?,
    replica: Int,
    metrics: InstanceMetrics
  ) {
    self.number = number
    self.name = name
    self.plugin = plugin
    self.binding = binding
    self.replica = replica
    self.metrics = metrics
    logCap = .lines(perSecond: plugin.limits.logs)
    rate = SendRate(perSecond: plugin.limits.rate)
    src = FixedBytes(plugin.id)
    policy = Self.policy(of: plugin, binding)
  }

  private static func policy(of plugin: PluginConfiguration, _ binding: TenantID?) -> Policy {
    binding.map {
      Policy(plugin: plugin.id, grants: plugin.grants, tenants: [$0], tenantsLocation: plugin.location)
    } ?? plugin.policy
  }

  /// Goes by another configuration, of which nothing concerns what its process was started with.
  func adopt(_ configuration: PluginConfiguration) {
    if configuration.limits.logs != plugin.limits.logs { logCap = .lines(perSecond: configuration.limits.logs) }
    if configuration.limits.rate != plugin.limits.rate { rate = SendRate(perSecond: configuration.limits.rate) }
    plugin = configuration
    policy = Self.policy(of: configuration, binding)
    decisionsEpoch = -1
  }

  /// Whether it is given handles to answer messages by: a worker that may post at all.
  private(set) lazy var mayReply: Bool = {
    guard plugin.manifest.kind == .worker, let posts = try? TopicPattern("promethean.p.*.t.*.social.>") else {
      return false
    }
    return policy.resources(of: .publish).contains { resource in
      if case .topics(let pattern) = resource { pattern.overlaps(posts) } else { false }
    }
  }()

  /// The tenants whose envelopes it may see.
  var tenants: [TenantID] { binding.map { [$0] } ?? plugin.boundTenants }

  /// Whether it has a process, or is about to have one.
  var hasProcess: Bool { process != nil || isLaunching }

  /// Has it not started: `up --safe` names others.
  func leaveOut() {
    isLeftOut = true
    state = .stopped
    lastError = "not started: --safe"
  }

  /// Whether it waits for the place of the generation before it.
  var isSuccessor: Bool { role == .successor && isHeld }

  /// Whether a tenant is one of its own.
  func serves(provider: String, tenant: String) -> Bool {
    tenants.contains(TenantID(provider: provider, tenant: tenant))
  }

  /// Whether its ring is left alone until it, or the journal, has caught up, or it may send again.
  var mustWait: Bool { credit.isHeldBack || rate.isSpent || outbox.bytes > Outbox.bytesLimit }

  /// Whether envelopes are given to it.
  var isTaking: Bool {
    if case .running = state { process != nil && failure == nil && !isHeld } else { false }
  }

  /// Takes note that it has shown that it can handle something.
  func hasHandledOne() {
    guard probation == .open else { return }
    probation = .passed
    trial = nil
  }

  /// How many deliveries it may have at once; before it has shown that it can handle one, one.
  var capacity: Int { probation == .open ? 1 : plugin.limits.inFlight }
}

extension Instance {
  /// Where an instance is in its life.
  package enum State {
    /// To be started, not before that time.
    case waiting(until: Int64)
    /// Spawned, and to have come to the next stage by the deadline.
    case starting(Stage, deadline: Int64)
    case running
    /// Told to stop, and to have ended by the deadline.
    case stopping(deadline: Int64)
    case stopped
    /// Not started any more, for the reason in `lastError`.
    case quarantined
  }

  /// What a starting instance is at.
  package enum Stage: String {
    case sandbox = "closing its sandbox"
    case load = "loading its library"
    case create = "in create"
    /// Made, and to be told to go on when the generation before it is ready for that.
    case created = "waiting for the generation before it"
    case take = "taking over state"
    case start = "in start"
  }

  /// The part of an instance in a change of what runs.
  package enum Role: String {
    case serving
    /// Of a generation that is to take the place of the one that serves.
    case successor
    /// Of a generation whose place is taken, and gone when it has finished.
    case retiring
  }

  /// What an instance of a new generation has shown.
  package enum Probation {
    /// It need not show anything.
    case none
    /// It has yet to handle something.
    case open
    case passed
  }

  /// When what an instance has handled counts as handled.
  package enum Accounting {
    case atOnce
    /// When its generation is recorded: what it was handed over goes with it if that is not to be, and the effects too.
    case withheld
    /// Never, since its generation was not to be.
    case void
  }
}

/// Frames that wait for room in an instance's ring, in order.
struct Outbox {
  /// Frames of what may be dropped that wait, before the oldest is: a second or so of voice.
  static let droppableLimit = 1024
  /// Bytes that wait, before no more is read of what the instance asks for: one that does not listen is not answered
  /// without end.
  static let bytesLimit = 1 << 20

  struct Frame {
    let op: UInt16
    let argument: Int16
    let token: UInt64
    let bytes: [UInt8]
    let isDroppable: Bool
  }

  private(set) var frames: [Frame] = []
  private var first = 0
  private var droppable = 0
  /// Bytes of the frames that wait.
  private(set) var bytes = 0

  var isEmpty: Bool { first == frames.count }
  var next: Frame? { isEmpty ? nil : frames[first] }

  /// Adds a frame; returns whether an older one was dropped for it.
  mutating func append(_ frame: Frame) -> Bool {
    frames.append(frame)
    bytes += frame.bytes.count
    guard frame.isDroppable else { return false }
    droppable += 1
    guard droppable > Self.droppableLimit, let oldest = frames[first...].firstIndex(where: \.isDroppable) else {
      return false
    }
    // The rest moves down only where something that must not be lost waits before it.
    if oldest == first {
      removeFirst()
    } else {
      droppable -= 1
      bytes -= frames.remove(at: oldest).bytes.count
    }
    return true
  }

  /// Takes the next frame out.
  mutating func removeFirst() {
    if frames[first].isDroppable { droppable -= 1 }
    bytes -= frames[first].bytes.count
    first += 1
    if first == frames.count || first > 256 {
      frames.removeFirst(first)
      first = 0
    }
  }

  mutating func removeAll() {
    self = Outbox()
  }
}
