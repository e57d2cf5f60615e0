extension Instance {
  /// When a delivery that is made now must be settled: it may have to wait for all that the instance holds already.
  func due(from now: Int64) -> Int64 {
    now + plugin.limits.deadline.nanoseconds * Int64(deliveries.count + 1)
  }

  /// Counts an envelope that was delivered to it.
  func countReceived(bytes: Int) {
    metrics.received.add()
    metrics.receivedBytes.add(UInt64(bytes))
  }

  /// Counts an envelope that it sent.
  func countSent(bytes: Int) {
    metrics.sent.add()
    metrics.sentBytes.add(UInt64(bytes))
  }

  /// Counts against what it may send that the disk keeps what a frame brings, which has been counted once already.
  func countRecorded() {
    if rate.record() { metrics.rateWaits.add() }
  }

  /// Counts a delivery that it has settled.
  func handled(since: Int64) {
    hasWorked = true
    metrics.handling.observe(Double(HostClock.monotonic - since) / Double(nanosecondsPerSecond))
  }

  /// Counts an envelope that was dropped because it did not keep up.
  func drop() {
    dropped += 1
    lastDrop = HostClock.monotonic
    metrics.discarded(.queueFull).add()
  }
}
