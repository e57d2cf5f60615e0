package import Envelope

/// What the router knows of one topic.
///
/// It never changes, and is a class so that passing it on costs one count rather than one for each of its fields.
package final class Route: Sendable {
  /// The topic's place in the table; it tells routes of one table apart, and counts from 0.
  package let index: Int
  /// The topic.
  package let topic: Topic
  /// The topic as it is written.
  let text: FixedBytes
  /// Provider and tenant, to be stamped; empty on the host's own topics.
  let provider: FixedBytes
  let tenant: FixedBytes
  /// Whether envelopes on it are recorded in the journal.
  package let isDurable: Bool
  /// The consumers that subscribe to it, by number.
  package let consumers: [Int]
  /// Those that did before a change that may yet be taken back: for them it is kept.
  let formerConsumers: [Int]
  /// Whether somebody watches it.
  package let isTapped: Bool
  /// Whether it asks for something to be said in a space of the tenant's.
  let isSocial: Bool

  fileprivate init(index: Int, topic: Topic, consumers: [Int], former: [Int], isTapped: Bool) {
    self.index = index
    self.topic = topic
    self.consumers = consumers
    formerConsumers = former
    self.isTapped = isTapped
    text = FixedBytes(topic.description)
    provider = FixedBytes(topic.provider)
    tenant = FixedBytes(topic.tenant)
    isDurable = topic.isDurable
    isSocial = topic.area == "social"
  }
}

/// The routes of the topics seen so far, found by the topic's bytes without making a string of them.
///
/// The table is emptied when the subscriptions change, and when it is full: a plugin may be granted a pattern and
/// invent topics without end.
package struct RouteTable {
  /// Topics remembered at once: a few per tenant and intent; 4,096 make a table of some hundred KiB.
  package static let capacity = 4096

  private var routes: [Route] = []
  /// Open addressing: index + 1 into `routes`, 0 where free.
  ///
  /// Twice the capacity, so that probes stay short.
  private var slots = [Int32](repeating: 0, count: RouteTable.capacity * 2)

  /// Counts how often the table was emptied; whoever keeps something by `Route.index` compares it.
  package private(set) var epoch = 0

  /// Makes an empty table.
  package init() {}

  /// Forgets all routes.
  package mutating func removeAll() {
    routes.removeAll(keepingCapacity: true)
    for index in slots.indices { slots[index] = 0 }
    epoch += 1
  }

  /// Finds the route of a topic, if it has been seen.
  package func find(_ topic: UnsafeRawBufferPointer) -> Route? {
    var slot = unsafe Self.hash(topic) & (slots.count - 1)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if unsafe routes[index].text.equals(topic) { return routes[index] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Adds the route of a topic that is not in the table.
  package mutating func insert(_ topic: Topic, consumers: [Int], former: [Int] = [], isTapped: Bool) -> Route {
    if routes.count == Self.capacity { removeAll() }
    let route = Route(index: routes.count, topic: topic, consumers: consumers, former: former, isTapped: isTapped)
    var slot = unsafe Self.hash(route.text.bytes) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(routes.count + 1)
    routes.append(route)
    return route
  }

  /// FNV-1a, eight bytes at a time; collisions cost a probe, and the table is bounded.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = (hash ^ (unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))) &* 0x100_0000_01b3
      hash ^= hash >> 29
      offset += 8
    }
    while offset < bytes.count {
      hash = (hash ^ UInt64(unsafe bytes[offset])) &* 0x100_0000_01b3
      offset += 1
    }
    return Int(truncatingIfNeeded: hash ^ (hash >> 32))
  }
}
