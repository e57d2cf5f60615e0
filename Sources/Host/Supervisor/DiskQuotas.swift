internal import CLinux
internal import Glibc

/// Holds plugins to `limits.disk`.
///
/// The kernel keeps no such count for a process, so what a plugin's directories hold is counted every second. One that
/// is over its limit can make none but small files until there is room again: its writes fail as on a full disk, so it
/// loses nothing and can go on reading and deleting. One that is over twice its limit, by many small files or by being
/// quick, is ended.
///
/// It belongs to the loop's thread.
final class DiskQuotas {
  /// How often is counted at most, ns: in between a plugin writes what the disk takes in a second.
  private static let interval = nanosecondsPerSecond
  /// The longest files of a plugin without room: SQLite reads by way of an index of 32 KiB, in a file that it may have to
  /// make.
  private static let spared: UInt64 = 64 << 10
  /// Counting rests for so many times as long as it took.
  private static let restFactor: Int64 = 20

  /// Where files are counted: a directory can have many, and a disk be slow.
  private let thread: WorkThread
  private let answer: @Sendable (DiskMeter.Answer) -> Void
  private let log: Log
  private var plugins: [(configuration: PluginConfiguration, directories: [String])]
  /// When is counted next, nil while it is being done.
  private var due: Int64? = 0
  private var began: Int64 = 0

  /// Makes the quotas of those plugins of a deployment that may write files.
  ///
  /// - Parameters:
  ///   - deployment: What they are plugins of.
  ///   - log: Where it is said that one lacks room.
  ///   - answer: Called on another thread with what ``measured(_:instances:now:kill:)`` is to be told.
  /// - Throws: `HostError` when the system has no thread to give.
  init(of deployment: Deployment, log: Log, answer: @escaping @Sendable (DiskMeter.Answer) -> Void) throws(HostError) {
    self.log = log
    plugins = Self.writers(of: deployment)
    self.answer = answer
    thread = try WorkThread("disk")
  }

  private static func writers(
    of deployment: Deployment
  ) -> [(configuration: PluginConfiguration, directories: [String])] {
    deployment.plugins.filter(\.enabled).compactMap { plugin in
      let paths = plugin.paths(.fsWrite, dataDirectory: deployment.dataDirectory(of: plugin.id))
      return paths.isEmpty ? nil : (plugin, paths)
    }
  }

  /// Goes by another deployment.
  func adopt(_ deployment: Deployment, instances: [Instance]) {
    plugins = Self.writers(of: deployment)
    for instance in instances { hold(instance) }
  }

  /// Ends the thread that counts.
  func close() { thread.close() }

  /// Has everything counted, when that is due.
  func tick(now: Int64, instances: [Instance]) {
    guard let time = due, time <= now, !plugins.isEmpty else { return }
    due = nil
    began = now
    let jobs = plugins.map { plugin, directories in
      DiskMeter.Job(
        plugin: plugin.id,
        directories: directories,
        pids: instances.filter { $0.plugin.id == plugin.id }.compactMap { $0.process?.pid },
        enough: 2 * plugin.limits.disk
      )
    }
    thread.perform { [answer] in answer(DiskMeter.measure(jobs)) }
  }

  /// Takes note of what was found.
  ///
  /// - Parameters:
  ///   - found: What was found.
  ///   - instances: All instances.
  ///   - now: On the monotonic clock, ns.
  ///   - kill: Called with each instance that is to be ended, and why.
  func measured(_ found: DiskMeter.Answer, instances: [Instance], now: Int64, kill: (Instance, String) -> Void) {
    due = now + max(Self.interval, (now - began) * Self.restFactor)
    for (plugin, _) in plugins {
      guard let use = found[plugin.id] else { continue }
      let limit = plugin.limits.disk
      let own = instances.filter { $0.plugin.id == plugin.id }
      let wasFull = own.contains { $0.disk.shortage != nil }
      let shortage = Self.shortage(use, limit: limit)
      for instance in own {
        instance.disk = Instance.Disk(bytes: use.bytes, shortage: shortage)
        instance.metrics.disk.set(Double(use.bytes))
        guard use.bytes > use.enough else { continue }
        kill(instance, "\(Self.held(use)), more than twice what limits.disk allows, \(ByteCount.text(limit))")
      }
      guard wasFull != (shortage != nil) else { continue }
      for instance in own { hold(instance) }
      if let shortage {
        log.warn(shortage, plugin: plugin.id)
      } else {
        log.info("its directories have room again", plugin: plugin.id)
      }
    }
  }

  /// Lets a process write or not, as its plugin has room.
  ///
  /// To be called once its sandbox is closed, which sets the limit that this lowers.
  func hold(_ instance: Instance) {
    guard let process = instance.process, plugins.contains(where: { $0.configuration.id == instance.plugin.id }) else {
      return
    }
    let bytes = instance.disk.shortage == nil ? UInt64(instance.plugin.limits.disk) : Self.spared
    if linux_limit_files(process.pid, process.uid, bytes) != 0, errno != ESRCH {
      let reason = unsafe String(cString: strerror(errno))
      log.error("limits.disk cannot be kept: prlimit: \(reason)", plugin: instance.plugin.id)
    }
  }

  private static func held(_ use: DiskUse) -> String { "its directories hold \(use.bytes) bytes" }

  private static func shortage(_ use: DiskUse, limit: Int) -> String? {
    let found = use.obstacle ?? (use.bytes > limit ? held(use) : nil)
    return found.map { "\($0), and limits.disk allows \(ByteCount.text(limit)): it cannot write until there is room" }
  }
}

extension Instance {
  /// What its plugin's directories hold.
  struct Disk {
    var bytes = 0
    /// Why it cannot write, nil while it can.
    var shortage: String?
  }
}
