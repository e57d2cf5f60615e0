internal import Glibc
internal import Locking
internal import Synchronization

/// Runs the jobs of `PluginActor` on the runner's thread, within the calls that the runner makes.
///
/// A job that comes from that thread waits in a plain queue, since a call is under way that will drain it; one from any
/// other thread goes through a lock and asks the host for a `poll`. So a plugin that never leaves its actor needs no
/// thread but the runner's.
final class PluginExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // Unchecked because `local` has no lock: only the owner's thread touches it.

  /// How many jobs one call runs at most, so that tasks that only yield to each other cannot keep the runner from its
  /// channel.
  static let jobsPerCall = 1024

  private struct Shared: ~Copyable {
    var owner: pthread_t?
    var arrived: [UnownedJob] = []
    var instances: [HostHandle] = []
  }

  private let shared = Locked(Shared())
  /// Whether there is something in `arrived`.
  private let hasArrived = Atomic(false)
  private let owner = Atomic<UInt>(0)
  private var local: [UnownedJob] = []
  private var next = 0

  /// Whether the caller is on the thread that the instances live on.
  var isOnOwnThread: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Takes the calling thread as the instances' own; false if another one is that already.
  func adopt(_ host: HostHandle) -> Bool {
    let current = UInt(pthread_self())
    return shared.withLock { shared in
      guard shared.instances.isEmpty || owner.load(ordering: .relaxed) == current else { return false }
      owner.store(current, ordering: .relaxed)
      shared.instances.append(host)
      return true
    }
  }

  /// Forgets an instance: its host is not woken any more.
  func leave(_ host: HostHandle) {
    shared.withLock { shared in shared.instances.removeAll { $0 === host } }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnOwnThread {
      local.append(job)
      return
    }
    shared.withLock { shared in
      shared.arrived.append(job)
      hasArrived.store(true, ordering: .releasing)
    }
    wake()
  }

  /// Runs what is due, on the own thread; asks for a `poll` if that is more than one call should run.
  func drain() {
    takeArrived()
    var budget = Self.jobsPerCall
    while next < local.count, budget > 0 {
      let job = local[next]
      next += 1
      budget -= 1
      unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      if next == local.count { restart() }
    }
    if next < local.count {
      local.removeFirst(next)
      next = 0
      wake()
    }
  }

  /// Asks the hosts for a `poll`, outside the lock, since a host may do what it likes then.
  private func wake() {
    for host in shared.withLock({ $0.instances }) { host.wake() }
  }

  /// Fetches what other threads have enqueued, and nothing at the price of one look if there is nothing.
  private func takeArrived() {
    guard hasArrived.load(ordering: .acquiring) else { return }
    shared.withLock { shared in
      hasArrived.store(false, ordering: .relaxed)
      local.append(contentsOf: shared.arrived)
      shared.arrived.removeAll(keepingCapacity: true)
    }
  }

  /// Begins the queue anew, keeping its memory.
  private func restart() {
    local.removeAll(keepingCapacity: true)
    next = 0
    takeArrived()
  }

  func checkIsolated() {
    precondition(isOnOwnThread, "expected the plugin's own thread")
  }

  func isIsolatingCurrentContext() -> Bool? { isOnOwnThread }
}
