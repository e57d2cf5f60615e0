internal import Foundation
internal import Glibc

/// A process as the kernel describes it, to be compared with how it was.
struct ProcessState: Equatable {
  /// What others, or it, could change to its own good or another's harm.
  let facts: [String: String]
  /// What it has now, in the units of its limits; nothing that is compared.
  let threads: Int
  let addressSpace: Int
  let data: Int
  let descriptors: Int

  static func == (left: Self, right: Self) -> Bool { left.facts == right.facts }

  init(_ pid: Int32) {
    let status = Self.table(Self.read(pid, "status"))
    var facts: [String: String] = [:]
    for name in Self.kept { facts[name] = status[name] }
    // Stopped, by a signal or a tracer; otherwise it may be asleep or not.
    facts["stopped"] = (status["State"] ?? "").lowercased().hasPrefix("t") ? "yes" : "no"
    facts["limits"] = Self.read(pid, "limits")
    facts["oom"] = Self.read(pid, "oom_score_adj")
    facts["cgroup"] = Self.read(pid, "cgroup")
    facts["personality"] = Self.read(pid, "personality")
    facts["nice"] = String(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(pid)))
    facts["policy"] = String(sched_getscheduler(pid))
    for space in ["user", "mnt", "net", "ipc", "uts", "pid"] {
      facts[space] = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(space)")
    }
    self.facts = facts
    threads = Self.number(status["Threads"])
    addressSpace = Self.number(status["VmPeak"]) * 1024
    data = Self.number(status["RssAnon"]) * 1024
    descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
  }

  private static let kept = [
    "Name", "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
    "Seccomp_filters", "SigPnd", "ShdPnd", "TracerPid", "Cpus_allowed",
  ]

  /// What has come to be different.
  func changes(since before: Self) -> [String] {
    facts.keys.filter { facts[$0] != before.facts[$0] }.map {
      "\($0): \(before.facts[$0] ?? "-") -> \(facts[$0] ?? "-")"
    }
  }

  /// Processes of a session, but for its leader.
  static func followers(of leader: Int32) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { $0 != leader && getsid($0) == leader }
  }

  private static func read(_ pid: Int32, _ file: String) -> String {
    (try? String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)) ?? ""
  }

  private static func table(_ text: String) -> [String: String] {
    let lines = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
    return Dictionary(
      lines.filter { $0.count == 2 }.map { (String($0[0]), $0[1].trimmingCharacters(in: .whitespaces)) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  private static func number(_ text: String?) -> Int {
    text?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }
}
