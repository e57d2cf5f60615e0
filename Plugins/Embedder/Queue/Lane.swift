internal import PluginKit

/// What waits for one model with one priority, in the order in which they came.
@PluginActor
final class Lane {
  private let priority: Priority
  private var wishes: [Wish] = []
  /// Those before it are gone.
  private var next = 0
  /// How many wait; some in the list may have gone to another lane.
  private(set) var count = 0
  /// What those count for.
  private(set) var cost = 0

  init(_ priority: Priority) {
    self.priority = priority
  }

  func append(_ wish: Wish) {
    wishes.append(wish)
    count += 1
    cost += wish.cost
  }

  /// Forgets one that goes to another lane.
  func remove(_ wish: Wish) {
    count -= 1
    cost -= wish.cost
  }

  /// The one that has waited longest.
  var first: Wish? {
    while next < wishes.count, wishes[next].isTaken || wishes[next].priority != priority { next += 1 }
    if next == wishes.count {
      wishes.removeAll(keepingCapacity: true)
      next = 0
    }
    return next < wishes.count ? wishes[next] : nil
  }

  /// Takes the one that has waited longest.
  func takeFirst() -> Wish? {
    guard let wish = first else { return nil }
    next += 1
    wish.isTaken = true
    remove(wish)
    // What is gone does not stay in memory while others wait.
    if next >= 1_024, next * 2 > wishes.count {
      wishes.removeFirst(next)
      next = 0
    }
    return wish
  }
}
