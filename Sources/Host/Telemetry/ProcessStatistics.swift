internal import Glibc

/// What the kernel says of a process in `/proc/<pid>/stat`.
package struct ProcessStatistics: Sendable, Hashable {
  package let threads: Int
  package let startTicks: UInt64
  package let virtualBytes: UInt64
  package let residentBytes: UInt64

  /// Reads those of a process; nil if it is gone or hidden.
  package static func of(_ pid: Int32) -> ProcessStatistics? { read("/proc/\(pid)/stat") }

  package static func own() -> ProcessStatistics? { read("/proc/self/stat") }

  private static func read(_ path: String) -> ProcessStatistics? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // The line is a few hundred bytes; the kernel gives it whole in one read.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
      count = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    return ProcessStatistics(stat: String(decoding: bytes, as: UTF8.self))
  }

  /// Reads the line; its second field is a name in parentheses, in which anything may stand, these included.
  package init?(stat: String) {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
    // Counted from field 3 on; see proc_pid_stat(5).
    guard fields.count > 21, let threads = Int(fields[17]), let start = UInt64(fields[19]),
      let virtual = UInt64(fields[20]), let pages = UInt64(fields[21])
    else { return nil }
    self.threads = threads
    startTicks = start
    virtualBytes = virtual
    residentBytes = pages * UInt64(max(1, sysconf(CInt(_SC_PAGESIZE))))
  }
}
