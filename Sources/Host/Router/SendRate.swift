/// How much an instance may send: a bucket that is filled again at each pass of the loop.
///
/// Who has emptied it is not refused anything: its ring is left alone until there is something in it again. Within a
/// pass nothing is asked of the clock, so that counting an envelope costs a subtraction.
struct SendRate {
  /// What an envelope that is recorded counts as, or a change of what is kept as state.
  ///
  /// To have the disk keep one takes ten times as much of the processors as to pass it on, and more, and others wait for
  /// that. Two thousand a second, were that the default, would make the slowest of their envelopes take half as long again
  /// on two cores; two hundred, a tenth to a fifth (`make bench ARGS=hostile.events`).
  static let recorded = 10
  /// Seconds' worth that the bucket holds: what others may have to share the host with, all at once.
  private static let burstSeconds = 0.1
  /// What it holds at least, if that is not over a second's worth: what answers one event, such as a page of a hundred
  /// messages, each of which is recorded.
  private static let burstMin = 1024.0
  /// How long one who has emptied it waits at least, in milliseconds.
  ///
  /// What has come meanwhile is then read in one go. One at a time, as fast as they come, would cost others a turn for each.
  private static let pause = 5.0
  /// How long one waits who has emptied it by what the disk keeps.
  ///
  /// What has come meanwhile is recorded in one commit, and others notice how often there is one, rather than how much is in
  /// it: of five thousand envelopes a second, each commit makes two or three late, and five commits make fewer than fifty
  /// late, which is what their slowest hundredth is.
  private static let recordingPause = 200.0

  private let perSecond: Double
  private let capacity: Double
  private var left: Double
  private var filledAt: Int64?
  /// Whether not one more may be sent now.
  private(set) var isSpent = false
  /// How long one waits at least who empties it now: whether anything has been recorded since it last waited.
  private var pause = Self.pause

  init(perSecond: Int) {
    self.perSecond = Double(perSecond)
    capacity = max(self.perSecond * Self.burstSeconds, min(self.perSecond, Self.burstMin))
    left = capacity
  }

  /// Takes note of what was sent; returns whether it was the last for now.
  mutating func spend() -> Bool { spend(1) }

  /// Takes note that the disk keeps what was sent, which has been noted already; returns whether it was the last for now.
  mutating func record() -> Bool {
    pause = Self.recordingPause
    return spend(Self.recorded - 1)
  }

  private mutating func spend(_ count: Int) -> Bool {
    let wasSpent = isSpent
    left -= Double(count)
    isSpent = left < 1
    return isSpent && !wasSpent
  }

  /// What has to be in it again until one who has emptied it may send.
  private var enough: Double { max(1, min(capacity, perSecond * pause / 1000)) }

  /// How long it is until one who has emptied it may send again, in milliseconds.
  var wait: Int32 { Int32(clamping: Int(((enough - left) / perSecond * 1000).rounded(.up))) }

  /// Fills the bucket by what has come since the last time, at a time in nanoseconds of a clock that never runs backwards.
  mutating func refill(at now: Int64) {
    let elapsed = max(0, now - (filledAt ?? now))
    filledAt = now
    left = min(capacity, left + Double(elapsed) / Double(nanosecondsPerSecond) * perSecond)
    if isSpent, left >= enough { (isSpent, pause) = (false, Self.pause) }
  }

  /// Reads on regardless: the instance has ended, and what is left is no more than its ring holds.
  mutating func letGo() { (left, isSpent) = (capacity, false) }
}
