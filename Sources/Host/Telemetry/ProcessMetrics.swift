internal import CLinux
internal import Envelope
internal import Glibc

/// What every Prometheus client says of its own process, under the names that they all use.
enum ProcessMetrics {
  /// Registers them, to be read from /proc whenever a page is written.
  static func register(in metrics: Metrics) {
    let cpu = metrics.fractionalCounter("process_cpu_seconds_total", help: "User and system time spent.").with()
    let resident = metrics.gauge("process_resident_memory_bytes", help: "Resident memory.").with()
    let virtual = metrics.gauge("process_virtual_memory_bytes", help: "Virtual memory.").with()
    let threads = metrics.gauge("process_threads", help: "Threads of the process.").with()
    let open = metrics.gauge("process_open_fds", help: "Open file descriptors.").with()
    let limit = metrics.gauge("process_max_fds", help: "Limit of open file descriptors.").with()
    metrics.gauge("process_start_time_seconds", help: "Start of the process since the epoch.").with()
      .set(Double(Timestamp.now.nanoseconds) / 1e9 - age())
    metrics.collect {
      cpu.set(linux_processor_seconds())
      if let statistics = ProcessStatistics.own() {
        resident.set(statistics.residentBytes)
        virtual.set(statistics.virtualBytes)
        threads.set(statistics.threads)
      }
      if let count = entries(of: "/proc/self/fd") { open.set(count) }
      var limits = rlimit()
      if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 { limit.set(limits.rlim_cur) }
    }
  }

  /// Seconds since this process started, as the kernel counts them.
  private static func age() -> Double {
    guard let statistics = ProcessStatistics.own() else { return 0 }
    let ticks = Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
    return max(0, Double(linux_clock(CLOCK_BOOTTIME)) / 1e9 - Double(statistics.startTicks) / ticks)
  }

  /// Counts what is in a directory, less the descriptor that the count itself takes.
  private static func entries(of path: String) -> Int? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // `.`, `..`, and this directory's own.
    return count - 3
  }
}
