internal import CLinux
internal import Glibc

/// The descriptors that the host may have open: fewer than its instances need end in failures wherever one is opened,
/// so instances wait for their start instead.
enum DescriptorBudget {
  /// What the host itself takes: its own files and sockets, the libraries, and clients on the admin socket.
  static let hostMin = 64
  /// What the start of an instance takes while it is under way.
  private static let spawnCost = 16
  /// What must be free for an instance to be started: what this takes, and as many for what else the host opens now and
  /// then, clients first of all.
  static let spawnMin = 2 * spawnCost

  /// The kernel's limit, raised as far as this process may.
  static func raise() -> Int {
    var files = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    files.rlim_cur = files.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    return Int(clamping: files.rlim_cur)
  }

  /// Says why an instance cannot be started now.
  ///
  /// - Returns: Why, or nil if it can.
  static func shortage() -> String? {
    var files = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    let limit = Int(clamping: files.rlim_cur)
    // Counted, not tried: what is taken for a try is missing elsewhere meanwhile. Nothing at all: not even that opens.
    let open = Directory.names(in: "/proc/self/fd").count
    guard open == 0 || limit - open < spawnMin else { return nil }
    return "the host may open \(limit) files, and fewer than the \(spawnMin) that a start takes are left: \(remedy)"
  }

  /// What to do about it.
  static let remedy = "raise the limit (ulimit -n, LimitNOFILE)"
}
