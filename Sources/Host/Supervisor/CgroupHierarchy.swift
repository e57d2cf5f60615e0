internal import Glibc

/// A mounted hierarchy of control groups, and where in it the host is.
struct CgroupHierarchy: Hashable {
  /// The host's own group, from the root of the hierarchy.
  let path: String
  /// The directory of that group.
  let directory: String
  let isUnified: Bool
  /// What groups made here can bound.
  let offered: [ControlGroups.Controller]

  /// Reads what `/proc/self/cgroup` and `/proc/self/mountinfo` say.
  static func all(membership: String, mounts: String) -> [CgroupHierarchy] {
    let mounts = mounts.split(separator: "\n").compactMap(Mount.init)
    return membership.split(separator: "\n").compactMap { line in
      // hierarchy:controllers:path, of which the first two are "0" and "" in version 2.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3 else { return nil }
      let names = fields[1].split(separator: ",").map(String.init)
      let isUnified = fields[0] == "0"
      guard let mount = mounts.first(where: { $0.isUnified == isUnified && $0.holds(names) }) else { return nil }
      // Only a mount of the whole hierarchy shows the host's own group where its path says.
      guard mount.root == "/" else { return nil }
      let directory = fields[2] == "/" ? mount.point : mount.point + fields[2]
      let words = isUnified ? KernelFile.read("\(directory)/cgroup.controllers").words : names
      let offered = ControlGroups.Controller.allCases.filter { words.contains($0.rawValue) }
      return CgroupHierarchy(path: fields[2], directory: directory, isUnified: isUnified, offered: offered)
    }
  }

  private struct Mount {
    let root: String
    let point: String
    let isUnified: Bool
    let options: [String]

    /// Reads a line of mountinfo; see proc_pid_mountinfo(5).
    init?(_ line: Substring) {
      let fields = line.split(separator: " ").map(String.init)
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { return nil }
      guard fields[dash + 1] == "cgroup" || fields[dash + 1] == "cgroup2" else { return nil }
      root = fields[3]
      point = fields[4]
      isUnified = fields[dash + 1] == "cgroup2"
      options = fields[dash + 3].split(separator: ",").map(String.init)
    }

    func holds(_ names: [String]) -> Bool { isUnified || !names.isEmpty && names.allSatisfy(options.contains) }
  }
}

/// Files by which the kernel is asked and told things.
enum KernelFile {
  /// More than any of them says, in bytes.
  private static let longest = 1 << 16

  /// The text of a file; empty if it cannot be read.
  static func read(_ path: String) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while text.count < longest {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Writes a value in one call, as the kernel wants it.
  static func write(_ value: String, to path: String) throws(HostError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HostError(call: "open", path: path) }
    defer { close(descriptor) }
    let bytes = Array(value.utf8)
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw HostError(call: "write \(value)", path: path)
    }
  }
}

extension String {
  fileprivate var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}
