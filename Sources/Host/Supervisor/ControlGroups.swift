internal import Glibc

/// The kernel's control groups of this host's instances: a group each, which bounds what its process uses altogether.
///
/// They are to be had where the host may make groups: as root, or in a subtree that it was delegated. In version 2 the
/// groups lie beside one that the host moves itself into, for there a group has either processes or groups. In version
/// 1, which knows no delegation, they are made only where the host is in no group itself: another's belongs to whoever
/// made it, who counts and clears it away.
package final class ControlGroups: Sendable {
  /// What a group can bound.
  package enum Controller: String, CaseIterable, Sendable {
    case memory, pids, cpu
  }

  /// A directory that holds a group for each instance, and what those bound.
  struct Place: Sendable {
    let directory: String
    let controllers: [Controller]
    let isUnified: Bool
  }

  let places: [Place]

  /// What groups bound here, in words.
  package var description: String {
    let names = places.flatMap(\.controllers).map(\.rawValue).joined(separator: ", ")
    return "\(names) (version \(places.first?.isUnified == true ? 2 : 1))"
  }

  /// What the kernel weighs a process that is as nice as plugins are, of 1024 for others (`sched_prio_to_weight`).
  static let shares = "110"

  /// Whether groups bound something here.
  func bound(_ controller: Controller) -> Bool { places.contains { $0.controllers.contains(controller) } }

  /// Looks for what this machine offers, and clears away what killed hosts have left.
  ///
  /// - Parameters:
  ///   - membership: What `/proc/self/cgroup` says.
  ///   - mounts: What `/proc/self/mountinfo` says.
  /// - Throws: `HostError`, why there are none.
  package init(membership: String, mounts: String) throws(HostError) {
    let hierarchies = CgroupHierarchy.all(membership: membership, mounts: mounts)
    var failure = HostError("no control groups are mounted")
    if let unified = hierarchies.first(where: \.isUnified), !unified.offered.isEmpty {
      do throws(HostError) {
        places = [try Self.unified(unified)]
        return
      } catch { failure = error }
    }
    var places: [Place] = []
    for hierarchy in hierarchies where !hierarchy.isUnified && !hierarchy.offered.isEmpty {
      guard hierarchy.path == "/" else {
        failure = HostError("\(hierarchy.directory) is not the host's to divide")
        continue
      }
      do throws(HostError) {
        let directory = try Self.ownDirectory(in: hierarchy)
        // How nice a process is does not count beyond its group.
        if hierarchy.offered.contains(.cpu) { try KernelFile.write(Self.shares, to: "\(directory)/cpu.shares") }
        places.append(Place(directory: directory, controllers: hierarchy.offered, isUnified: false))
      } catch { failure = error }
    }
    guard !places.isEmpty else { throw failure }
    self.places = places
  }

  private static func unified(_ hierarchy: CgroupHierarchy) throws(HostError) -> Place {
    let directory = try ownDirectory(in: hierarchy)
    let enable = hierarchy.offered.map { "+\($0.rawValue)" }.joined(separator: " ")
    try makeDirectory("\(directory)/host")
    do throws(HostError) {
      try KernelFile.write("\(getpid())", to: "\(directory)/host/cgroup.procs")
      for parent in [hierarchy.directory, directory] {
        try KernelFile.write(enable, to: "\(parent)/cgroup.subtree_control")
      }
    } catch {
      // Others are in the host's group: it is not its own to divide.
      try? KernelFile.write("\(getpid())", to: "\(hierarchy.directory)/cgroup.procs")
      for made in ["\(directory)/host", directory] { unsafe rmdir(made) }
      throw error
    }
    return Place(directory: directory, controllers: hierarchy.offered, isUnified: true)
  }

  /// Makes this host's directory, where only hosts that are gone have left theirs.
  private static func ownDirectory(in hierarchy: CgroupHierarchy) throws(HostError) -> String {
    let prefix = "promethean-"
    for name in Directory.names(in: hierarchy.directory) where name.hasPrefix(prefix) {
      guard let pid = Int32(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else { continue }
      let left = "\(hierarchy.directory)/\(name)"
      // A group that still has a process stays.
      for group in Directory.names(in: left) { unsafe rmdir("\(left)/\(group)") }
      unsafe rmdir(left)
    }
    let directory = "\(hierarchy.directory)/\(prefix)\(getpid())"
    try makeDirectory(directory)
    return directory
  }

  fileprivate static func makeDirectory(_ path: String) throws(HostError) {
    if unsafe mkdir(path, 0o755) != 0, errno != EEXIST { throw HostError(call: "mkdir", path: path) }
  }

  /// Removes what is empty by now.
  func close() {
    for place in places { unsafe rmdir(place.directory) }
  }
}

/// The group of one instance.
final class ControlGroup: Sendable {
  /// How long the time is that a share of it is given in, µs: the kernel's own default.
  private static let period = 100_000

  private let places: [(directory: String, place: ControlGroups.Place)]
  private let killsBefore: Int

  /// Makes the group of an instance, with its limits.
  init(_ name: String, in groups: ControlGroups, limits: Limits) throws(HostError) {
    // Without a share to be kept, the processors are shared best among processes.
    let wanted = groups.places.filter { limits.cpu != nil || $0.controllers != [.cpu] }
    places = wanted.map { ("\($0.directory)/\(name)", $0) }
    for (directory, place) in places {
      try ControlGroups.makeDirectory(directory)
      for controller in place.controllers {
        for (file, value) in Self.settings(controller, limits, isUnified: place.isUnified) {
          try KernelFile.write(value, to: "\(directory)/\(file)")
        }
      }
    }
    killsBefore = Self.memoryKills(in: places)
  }

  /// What is written for a controller, by the names that the kernel's documentation has for each version.
  static func settings(
    _ controller: ControlGroups.Controller,
    _ limits: Limits,
    isUnified: Bool
  ) -> [(String, String)] {
    switch controller {
    case .memory: [(isUnified ? "memory.max" : "memory.limit_in_bytes", "\(limits.memory)")]
    case .pids: [("pids.max", "\(limits.threads)")]
    case .cpu:
      (isUnified ? [("cpu.weight.nice", "\(RunnerSetup.nice)")] : [("cpu.shares", ControlGroups.shares)])
        + quota(limits.cpu, isUnified: isUnified)
    }
  }

  private static func quota(_ percent: Int?, isUnified: Bool) -> [(String, String)] {
    guard let percent else { return [] }
    let quota = period * percent / 100
    return isUnified
      ? [("cpu.max", "\(quota) \(period)")]
      : [("cpu.cfs_period_us", "\(period)"), ("cpu.cfs_quota_us", "\(quota)")]
  }

  /// Puts a process into the group.
  func add(_ pid: Int32) throws(HostError) {
    for (directory, _) in places { try KernelFile.write("\(pid)", to: "\(directory)/cgroup.procs") }
  }

  /// Whether the kernel has ended a process of the group because it had no more memory.
  var isOutOfMemory: Bool { Self.memoryKills(in: places) > killsBefore }

  private static func memoryKills(in places: [(directory: String, place: ControlGroups.Place)]) -> Int {
    places.reduce(0) { count, place in
      guard place.place.controllers.contains(.memory) else { return count }
      let file = place.place.isUnified ? "memory.events" : "memory.oom_control"
      return count + (memoryKills(KernelFile.read("\(place.directory)/\(file)")) ?? 0)
    }
  }

  /// The number behind `oom_kill`, in the form that both versions have.
  static func memoryKills(_ text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") { return Int(line.dropFirst(9)) }
    return nil
  }

  /// Removes the group, of which no process is left.
  func remove() {
    for (directory, _) in places { unsafe rmdir(directory) }
  }
}
