internal import Glibc

/// The kernel's two clocks, in nanoseconds.
package enum HostClock {
  /// Time since 1970-01-01 UTC, as it is stamped on envelopes.
  package static var realtime: Int64 { read(CLOCK_REALTIME) }
  /// Time that never runs backwards, for deadlines and durations.
  package static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// Nanoseconds in a millisecond.
package let nanosecondsPerMillisecond: Int64 = 1_000_000
/// Nanoseconds in a second.
package let nanosecondsPerSecond: Int64 = 1_000_000_000
