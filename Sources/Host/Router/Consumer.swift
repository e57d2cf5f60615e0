internal import Envelope

/// Those instances of one plugin that share what they subscribe to: a queue group.
///
/// An access plugin has a consumer per tenant, since each of its instances serves its own; any other plugin has one,
/// and its replicas share the load.
final class Consumer {
  /// Envelopes that wait for a member, as requests do while a service restarts, before the next is refused.
  static let waitingLimit = 1024

  /// Its place among the router's consumers.
  let number: Int
  /// What the journal knows it by.
  let name: String
  /// The plugin's id.
  let plugin: String
  /// What it subscribes to.
  private(set) var patterns: [TopicPattern]
  /// What it subscribed to before a change that may yet be taken back.
  ///
  /// What comes on that alone is kept for the generation before.
  private(set) var former: [TopicPattern] = []
  /// What its members subscribed to while they ran, as they said it.
  var remembered: [String] = []
  /// The number of the record that the journal keeps of it.
  let record: Int64
  /// What of the journal it has yet to handle.
  var queue: DurableQueue
  /// Its instances, running or not.
  var members: [Instance] = []
  /// Requests that are not recorded and found no member with room.
  var waiting: [WaitingRequest] = []
  /// Whether its plugin does not run any more, so that it stays where it is in the journal until it does again.
  var isSilent = false
  /// Whether a page of the journal is on its way.
  var isPaging = false
  /// Whether there may be something to give out.
  var needsDispatch = true
  /// Whether its progress is ahead of what is recorded.
  var needsProgress = false

  /// A request that waits for a member.
  struct WaitingRequest {
    let id: UInt64
    let key: UInt64
    let bytes: [UInt8]
  }

  init(number: Int, name: String, plugin: String, patterns: [TopicPattern], record: Int64, queue: DurableQueue) {
    self.number = number
    self.name = name
    self.plugin = plugin
    self.patterns = patterns
    self.record = record
    self.queue = queue
  }

  /// Subscribes to one more pattern; returns whether it is one more.
  func add(_ pattern: TopicPattern) -> Bool {
    guard !patterns.contains(pattern) else { return false }
    patterns.append(pattern)
    return true
  }

  /// Whether it has seen all of the journal, so that what comes next can be put before it without reading it back.
  func isCurrent(_ head: Int64) -> Bool { queue.position >= head && !isPaging && !isSilent }

  /// Subscribes to these patterns and no others.
  ///
  /// - Parameters:
  ///   - patterns: Which.
  ///   - keepsFormer: Whether that may yet be taken back.
  func replacePatterns(_ patterns: [TopicPattern], keepsFormer: Bool = false) {
    former = keepsFormer ? self.patterns : []
    self.patterns = patterns
  }

  /// Whether a member takes envelopes, or will.
  var isComing: Bool {
    members.contains { member in
      switch member.state {
      case .waiting, .starting, .running: true
      case .stopping, .stopped, .quarantined: false
      }
    }
  }

  /// Whether a topic is one that it subscribes to.
  func subscribes(to topic: String) -> Bool {
    patterns.contains { $0.matches(topic) }
  }

  /// The member to give an envelope that is not recorded: one and the same for a key, else the one that holds fewest.
  ///
  /// Allocates nothing.
  ///
  /// - Parameters:
  ///   - key: Hash of the envelope's key; 0 for none.
  ///   - isRequest: Whether it is to be settled, for a member that holds a suspect is given nothing beside it that is.
  /// - Returns: The member; nil if none takes any.
  func member(for key: UInt64, isRequest: Bool = false) -> Instance? {
    if members.count == 1 { return takes(members[0], isRequest) ? members[0] : nil }
    var ready = 0
    var idlest: Instance?
    for member in members where takes(member, isRequest) {
      ready += 1
      if member.deliveries.count < idlest?.deliveries.count ?? .max { idlest = member }
    }
    guard key != 0, ready > 1 else { return idlest }
    var left = Int(key % UInt64(ready))
    for member in members where takes(member, isRequest) {
      if left == 0 { return member }
      left -= 1
    }
    return idlest
  }

  private func takes(_ member: Instance, _ isRequest: Bool) -> Bool {
    member.isTaking && !(isRequest && queue.isKeptFree(member.number))
  }
}
