internal import CChannel
internal import Envelope
internal import PluginABI

/// Has instances of a new generation take the place of those that serve: all at one point, or none.
///
/// The new ones come up beside the old. When all of them are ready, they take over within one pass of the loop; the old
/// ones are given nothing more, and stay until every new one has handled something, or had nothing to handle for a
/// while. Whatever fails before that puts the old ones back where they were: what the new ones held goes to them.
///
/// What cannot be in two places at once, such as an access plugin's session or a service's files, is handed over: the
/// old generation finishes what it has, gives its state, and the new one starts with that. Only then is there a time in
/// which nobody takes; envelopes wait for its end. What the new one has handled counts once it is there to stay: until
/// then its effects are in a state that goes with it.
///
/// It belongs to the loop's thread.
final class Switchover {
  /// What becomes of one plugin.
  struct Change {
    var plugin: String
    /// What it is to be; nil: it stops.
    var configuration: PluginConfiguration?
    /// Whether instances that it has already are replaced, or kept as they are.
    var isReplaced: Bool
  }

  /// Why the old generation serves on.
  struct Failure: Error, CustomStringConvertible {
    let plugin: String
    let reason: String
    /// Whether the new generation had served for a moment.
    var hasSwitched = false
    var description: String { "\(plugin): \(reason)" }
  }

  /// An instance and the one whose place it takes.
  struct Pair {
    /// Nil: there was none.
    let old: Instance?
    /// Nil: there is to be none.
    let new: Instance?
  }

  enum Phase {
    case preparing
    /// The new ones serve, and the old ones stand by.
    case proving(since: Int64)
    /// They have, and that is being made to last.
    case confirming
    case over
  }

  /// How long the old generation stands by when nothing comes for the new one to handle, ns: long enough for a busy
  /// plugin's first envelope, and short enough for nobody to mind the memory.
  static let probation = 2 * nanosecondsPerSecond
  /// How long it stands by at least, ns: what is broken mostly breaks with its first few envelopes, and not with the first.
  static let observation = 100 * nanosecondsPerMillisecond

  let groups: [Group]
  /// The generation of the deployment that the new instances are of.
  let number: Int64
  unowned let supervisor: Supervisor
  var phase = Phase.preparing
  let completion: (Result<Void, Failure>) -> Void
  /// Called at the point at which the new ones take over, with how long nobody took, ns.
  let onSwitch: (Int64) -> Void
  let confirm: (@escaping (String?) -> Void) -> Void

  /// Prepares to replace instances; `begin` starts the new ones.
  ///
  /// - Parameters:
  ///   - groups: What is to become of each plugin.
  ///   - number: The generation of the deployment that this makes.
  ///   - supervisor: Whose instances they are.
  ///   - onSwitch: Called when the new ones take over.
  ///   - confirm: Called when the new ones have proved themselves, to make that last; to be told why it cannot, or nil.
  ///   - completion: Called once, when the new ones have proved themselves, or the old ones serve on.
  init(
    _ groups: [Group],
    number: Int64,
    supervisor: Supervisor,
    onSwitch: @escaping (Int64) -> Void,
    confirm: @escaping (@escaping (String?) -> Void) -> Void,
    completion: @escaping (Result<Void, Failure>) -> Void
  ) {
    self.groups = groups
    self.number = number
    self.supervisor = supervisor
    self.onSwitch = onSwitch
    self.confirm = confirm
    self.completion = completion
  }

  var router: Router { supervisor.router }
  var news: [Instance] { groups.flatMap(\.news) }
  var olds: [Instance] { groups.flatMap(\.olds) }

  private func group(of instance: Instance) -> Group? {
    groups.first { group in group.pairs.contains { $0.old === instance || $0.new === instance } }
  }

  // MARK: - Coming up

  func begin(now: Int64) {
    // An instance that was discarded may have written something on its way out.
    router.journal.settleDrafts(.dropDrafts)
    // One that cannot even be begun ends it for the others.
    for instance in news where instance.role == .successor { supervisor.start(instance, now: now) }
    advance(now: now)
  }

  /// Goes as far as it can.
  ///
  /// Called whenever an instance has come further, and at every tick.
  func advance(now: Int64) {
    switch phase {
    case .preparing:
      for group in groups {
        advance(group, now: now)
        // It may have failed there.
        guard case .preparing = phase else { return }
      }
      if groups.allSatisfy(\.isReady) { takeOver(now: now) }
    case .proving(let since): prove(since: since, now: now)
    case .confirming, .over: break
    }
  }

  private func advance(_ group: Group, now: Int64) {
    switch group.step {
    case .creating:
      guard group.news.allSatisfy(\.isCreated) else { return }
      if group.mustHold, !group.working.isEmpty {
        // Nobody is kept waiting for what takes over without that.
        guard groups.allSatisfy({ $0.isReady || $0.mustHold && $0.news.allSatisfy(\.isMade) }) else { return }
        for old in group.olds { old.isHeld = true }
        supervisor.onStep("\(group.plugin) held")
        group.heldSince = now
        group.step = .draining(deadline: now + group.drain)
      } else {
        startAll(group, now: now)
      }
      advance(group, now: now)
    case .draining(let deadline):
      guard group.working.allSatisfy({ $0.deliveries.count == 0 }) else {
        if now >= deadline {
          fail(group.plugin, "the generation before it did not finish what it had in \(group.drainText)")
        }
        return
      }
      supervisor.onStep("\(group.plugin) drained")
      group.step = .handing(deadline: now + Supervisor.stageDeadline)
      for old in group.givers {
        group.asked.insert(old.number)
        guard tell(old, ControlMessage(kind: UInt32(WIRE_GIVE))) else { return }
      }
      advance(group, now: now)
    case .handing(let deadline):
      guard group.takers.allSatisfy({ group.taken.contains($0.number) }) else {
        if now >= deadline { fail(group.plugin, "its state was not handed over in time") }
        return
      }
      startAll(group, now: now)
    case .starting:
      for new in group.news {
        guard new.isRunning else { return }
        guard let unwell = new.unwell else { continue }
        let limit = new.plugin.limits.start
        if now >= (new.runningSince ?? now) + limit.nanoseconds { fail(group.plugin, "it is unwell: \(unwell)") }
        return
      }
      group.step = .ready
      supervisor.onStep("\(group.plugin) ready")
    case .ready: break
    }
  }

  private func startAll(_ group: Group, now: Int64) {
    supervisor.onStep("\(group.plugin) to start")
    group.step = .starting
    for new in group.news {
      new.state = .starting(.start, deadline: now + new.plugin.limits.start.nanoseconds)
      guard tell(new, ControlMessage(kind: UInt32(WIRE_START))) else { return }
    }
  }

  /// Sends a runner something; false when it cannot be told, and all is over.
  private func tell(_ instance: Instance, _ message: ControlMessage) -> Bool {
    do throws(RunnerError) {
      try instance.process?.sendControl(message)
      return true
    } catch {
      fail(instance.plugin.id, error.description)
      return false
    }
  }

  // MARK: - Handing over

  /// Takes what an old instance gives, and passes it on.
  func gave(_ instance: Instance, _ message: ControlMessage, now: Int64) {
    guard let group = group(of: instance), case .handing = group.step, group.given.insert(instance.number).inserted
    else { return supervisor.kill(instance, "its runner gave what it was not asked for") }
    guard message.status == PROMETHEAN_OK else {
      return fail(group.plugin, "the generation before it could not hand over: \(supervisor.text(of: message))")
    }
    guard let new = group.pairs.first(where: { $0.old === instance })?.new else { return advance(now: now) }
    new.state = .starting(.take, deadline: now + supervisor.stageLimit(of: new))
    if tell(new, ControlMessage(kind: UInt32(WIRE_TAKE), token: message.token, body: message.body)) {
      advance(now: now)
    }
  }

  func took(_ instance: Instance, _ message: ControlMessage, now: Int64) {
    guard let group = group(of: instance) else { return }
    guard message.status == PROMETHEAN_OK else {
      return fail(group.plugin, "it could not take over state: \(supervisor.text(of: message))")
    }
    group.taken.insert(instance.number)
    advance(now: now)
  }
}
