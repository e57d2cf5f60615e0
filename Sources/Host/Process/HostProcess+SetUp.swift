internal import CLinux
internal import Glibc

extension HostProcess {
  /// What a plugin's process could otherwise read or cause: this process's memory by /proc, a core file of it.
  static func harden() {
    linux_set_dumpable(0)
    // Others may pass through the folders, as plugins with users of their own must, and read nothing.
    umask(0o066)
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  /// Finds out whether instances can have control groups, and says so once.
  static func controlGroups(_ log: Log, _ deployment: Deployment) -> ControlGroups? {
    let (membership, mounts) = ("/proc/self/cgroup", "/proc/self/mountinfo")
    do throws(HostError) {
      let groups = try ControlGroups(membership: KernelFile.read(membership), mounts: KernelFile.read(mounts))
      log.info("control groups bound \(groups.description) of each instance")
      return groups
    } catch {
      let bounded = deployment.plugins.filter { $0.limits.cpu != nil }.map(\.id)
      log.info("no control groups, so limits are those of each process: \(error)")
      if !bounded.isEmpty { log.warn("limits.cpu is not kept without them: \(bounded.joined(separator: ", "))") }
      return nil
    }
  }

  static func logOptions(_ options: HostOptions, _ settings: HostSettings, _ paths: DeploymentPaths)
    -> Log.Options
  {
    let level = settings.logLevel
    var log = Log.Options(directory: paths.log, standardError: options.isVerbose ? level : .error)
    log.level = level
    return log
  }

  static func journalOptions(_ settings: HostSettings) -> Journal.Options {
    var options = Journal.Options()
    options.synchronous = settings.journalSync == .full ? .full : .normal
    return options
  }
}
