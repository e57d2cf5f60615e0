internal import Locking

/// Counts what plugins keep on the disk, on a thread of its own: a directory can have many files, and a disk be slow.
final class DiskMeter: Sendable {
  /// What is to be counted for one plugin.
  struct Job: Sendable {
    var plugin: String
    var directories: [String]
    /// Its processes.
    var pids: [Int32]
    /// Bytes at which counting may end.
    var enough: Int
  }

  /// What was found for each plugin.
  typealias Answer = [String: DiskUse]

  private struct State {
    var jobs: [Job]?
    var isClosing = false
  }

  private let state = Locked(State())
  private let wake = Semaphore()
  private let answer: @Sendable (Answer) -> Void
  private let thread = Locked<BackgroundThread?>(nil)

  /// Starts the thread.
  ///
  /// - Parameter answer: Called on it with what each set of jobs came to.
  /// - Throws: `HostError` when the system has no thread to give.
  init(answer: @escaping @Sendable (Answer) -> Void) throws(HostError) {
    self.answer = answer
    let started = try BackgroundThread("disk") { self.run() }
    thread.withLock { $0 = started }
  }

  private func run() {
    while true {
      wake.wait()
      let (jobs, isClosing) = state.withLock { ($0.jobs.take(), $0.isClosing) }
      if isClosing { return }
      if let jobs { answer(Self.measure(jobs)) }
    }
  }

  /// Has jobs done; the answer comes later.
  func measure(_ jobs: [Job]) {
    state.withLock { $0.jobs = jobs }
    wake.signal()
  }

  /// Ends the thread, after what it is at.
  func close() {
    state.withLock { $0.isClosing = true }
    wake.signal()
    thread.withLock { $0.take() }?.join()
  }

  static func measure(_ jobs: [Job]) -> Answer {
    var answer: Answer = [:]
    for job in jobs {
      var use = DiskUse(enough: job.enough)
      for directory in job.directories { use.add(directory: directory) }
      if let first = job.directories.first { for pid in job.pids { use.add(heldBy: pid, onDiskOf: first) } }
      answer[job.plugin] = use
    }
    return answer
  }
}
