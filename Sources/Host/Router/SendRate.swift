/// How much an instance may send: a bucket that is filled again at each pass of the loop.
///
/// Who has emptied it is not refused anything: its ring is left alone until there is something in it again. Within a
/// pass nothing is asked of the clock, so that counting an envelope costs a subtraction.
struct SendRate {
  /// What an envelope that is recorded counts as, or a change of what is kept as state.
  ///
  /// To have the disk keep one takes ten times as much of the processors as to pass it on, and more, and others wait for
  /// that. Two thousand a second, were that the default, would make the slowest of their envelopes take half as long again
  /// on two cores; two hundred make them take a fifth longer at most (`make bench ARGS=hostile.events`).
  static let recorded = 10
  /// Seconds' worth that the bucket holds: what others may have to share the host with, all at once.
  private static let burstSeconds = 0.1
  /// What it holds at least, if that is not over a second's worth: what answers one event, such as a page of a hundred
  /// messages, each of which is recorded.
  private static let burstMin = 1024.0
  /// How long one who has emptied it waits at least, in milliseconds.
  ///
  /// What has come meanwhile is then read in one go, and recorded in one commit. One at a time, as fast as they come, would
  /// be a commit for each.
  static let pause: Int32 = 5

  private let perSecond: Double
  private let capacity: Double
  /// What has to be in it again until one who has emptied it may send.
  private let enough: Double
  private var left: Double
  private var filledAt: Int64?
  /// Whether not one more may be sent now.
  private(set) var isSpent = false

  init(perSecond: Int) {
    self.perSecond = Double(perSecond)
    capacity = max(self.perSecond * Self.burstSeconds, min(self.perSecond, Self.burstMin))
    enough = max(1, self.perSecond * Double(Self.pause) / 1000)
    left = capacity
  }

  /// Takes note of what was sent, which counts as so many; returns whether it was the last for now.
  mutating func spend(_ count: Int = 1) -> Bool {
    let wasSpent = isSpent
    left -= Double(count)
    isSpent = left < 1
    return isSpent && !wasSpent
  }

  /// Fills the bucket by what has come since the last time, at a time in nanoseconds of a clock that never runs backwards.
  mutating func refill(at now: Int64) {
    let elapsed = max(0, now - (filledAt ?? now))
    filledAt = now
    left = min(capacity, left + Double(elapsed) / Double(nanosecondsPerSecond) * perSecond)
    if left >= enough { isSpent = false }
  }

  /// Reads on regardless: the instance has ended, and what is left is no more than its ring holds.
  mutating func letGo() { (left, isSpent) = (capacity, false) }
}
