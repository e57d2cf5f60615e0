/// Counts what plugins keep on the disk.
enum DiskMeter {
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

  /// Does jobs, which may take long.
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
