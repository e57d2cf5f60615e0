internal import CLinux
internal import Glibc

/// The kernel's two clocks, in nanoseconds.
package enum HostClock {
  /// Time since 1970-01-01 UTC, as it is stamped on envelopes.
  package static var realtime: Int64 { linux_clock(CLOCK_REALTIME) }
  /// Time that never runs backwards, for deadlines and durations.
  package static var monotonic: Int64 { linux_clock(CLOCK_MONOTONIC) }
}

/// Nanoseconds in a millisecond.
package let nanosecondsPerMillisecond: Int64 = 1_000_000
/// Nanoseconds in a second.
package let nanosecondsPerSecond: Int64 = 1_000_000_000
