/// The deliveries that an instance has not settled, found by the token that it was given.
///
/// A token holds a slot and how often that slot was used, so that one which is settled twice, or is made up, finds
/// nothing.
struct DeliveryTable {
  /// What was delivered.
  struct Delivery {
    /// The consumer's number.
    let consumer: Int
    /// Its place in the journal; nil for an envelope that is not recorded.
    let sequence: Int64?
    /// The request that it is, if it is one.
    let request: UInt64?
    /// When it was delivered, on the monotonic clock.
    let since: Int64
    /// When it must be settled, on the same clock.
    let due: Int64
  }

  private struct Slot {
    var generation: UInt32 = 1
    var delivery: Delivery?
  }

  private var slots: [Slot] = []
  private var free: [Int] = []

  /// How many deliveries are open.
  private(set) var count = 0

  /// Adds a delivery and returns its token, which is never 0.
  mutating func add(_ delivery: Delivery) -> UInt64 {
    let index = free.popLast() ?? slots.count
    if index == slots.count { slots.append(Slot()) }
    slots[index].delivery = delivery
    count += 1
    return UInt64(slots[index].generation) << 32 | UInt64(index)
  }

  /// Takes a delivery out.
  mutating func remove(_ token: UInt64) -> Delivery? {
    let index = Int(token & 0xffff_ffff)
    guard index < slots.count, UInt64(slots[index].generation) == token >> 32, let delivery = slots[index].delivery
    else {
      return nil
    }
    slots[index].delivery = nil
    slots[index].generation = max(1, slots[index].generation &+ 1)
    free.append(index)
    count -= 1
    return delivery
  }

  /// Takes all deliveries out.
  mutating func removeAll() -> [Delivery] {
    let open = slots.compactMap(\.delivery)
    for index in slots.indices where slots[index].delivery != nil {
      slots[index].delivery = nil
      slots[index].generation = max(1, slots[index].generation &+ 1)
      free.append(index)
    }
    count = 0
    return open
  }

  /// When the first of the open deliveries must be settled.
  var firstDue: Int64? { slots.lazy.compactMap { $0.delivery?.due }.min() }
}
