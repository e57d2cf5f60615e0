internal import Envelope

extension Switchover {
  /// One plugin's instances, which go through the steps together.
  final class Group {
    let plugin: String
    let pairs: [Pair]
    /// What the consumers are to subscribe to.
    let plans: [ConsumerPlan]
    /// The configuration that the old ones have.
    let before: PluginConfiguration?
    /// The most time that the old ones have to finish, ns.
    let drain: Int64
    /// Whether old and new are never to work at the same time.
    let isExclusive: Bool
    /// Whether what they handle has effects in state that the host keeps for them.
    let keepsState: Bool
    var step = Step.creating
    /// Those that were asked to give what they have, and those that have.
    var asked: Set<Int> = []
    var given: Set<Int> = []
    var taken: Set<Int> = []
    /// When nobody took any more, on the monotonic clock.
    var heldSince: Int64?

    init(_ change: Change, pairs: [Pair], before: PluginConfiguration?) {
      plugin = change.plugin
      self.pairs = pairs
      self.before = before
      plans = change.configuration.map(ConsumerPlan.all) ?? []
      drain = (before ?? change.configuration)?.limits.drain.nanoseconds ?? 0
      let manifests = [before, change.configuration].compactMap(\.?.manifest)
      keepsState = [before, change.configuration].contains {
        $0?.grants.all.contains { $0.capability == .state } == true
      }
      isExclusive = keepsState || manifests.contains { $0.kind == .access || $0.durability == .stateful }
    }

    var olds: [Instance] { pairs.compactMap(\.old) }
    var news: [Instance] { pairs.compactMap(\.new) }
    var working: [Instance] { olds.filter(\.isRunning) }
    var mustHold: Bool { isExclusive || olds.contains(where: \.canHandOver) }
  }

  /// How far a group is.
  enum Step {
    /// Until all new ones are made.
    case creating
    /// Until the old ones have finished what they have.
    case draining(deadline: Int64)
    /// Until those that can have given what they keep, and the new ones have taken it.
    case handing(deadline: Int64)
    /// Until the new ones are ready and well.
    case starting
    case ready
  }
}

extension Switchover.Group {
  var isReady: Bool { if case .ready = step { true } else { false } }

  /// Those that give what they keep, and those that take it.
  var givers: [Instance] { working.filter(\.canHandOver) }
  var takers: [Instance] {
    pairs.compactMap { $0.old?.canHandOver == true && $0.old?.isRunning == true ? $0.new : nil }
  }
  var drainText: String { "\(drain / nanosecondsPerMillisecond) ms" }

  /// The consumers of old instances that are to have no members any more.
  func abandoned(of router: Router) -> [Consumer] {
    let kept = Set(plans.map(\.name))
    return Set(olds.map(\.consumer)).sorted().map { router.consumers[$0] }.filter { !kept.contains($0.name) }
  }
}

extension Instance {
  /// Whether its process runs and has started.
  var isRunning: Bool { if case .running = state { process != nil && failure == nil } else { false } }

  /// Whether it is made, and has come at least so far as to wait for its turn.
  var isMade: Bool {
    switch state {
    case .starting(.created, _), .starting(.take, _), .starting(.start, _), .running: true
    default: false
    }
  }

  /// Whether it is made, and waits for its turn.
  var isCreated: Bool { if case .starting(.created, _) = state { true } else { false } }
}
