import Glibc
import TestSupport
import Testing

@testable import Host

/// What is read of control groups, and what is written to them.
@Suite struct ControlGroupsTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ name: String, _ text: String) throws {
    let path = directory.file(name)
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    try Directory.make("/\(parent)")
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    close(descriptor)
    try KernelFile.write(text, to: path)
  }

  private func text(_ name: String) -> String { KernelFile.read(directory.file(name)) }

  private func mounts(_ lines: (point: String, kind: String, options: String)...) -> String {
    lines.map { "30 25 0:26 / \(directory.file($0.point)) rw,nosuid - \($0.kind) cgroup \($0.options)\n" }.joined()
  }

  @Test func `of version 2 the host's own group counts, and what it offers`() throws {
    try file("unified/service/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n")
    let all = CgroupHierarchy.all(membership: "0::/service\n", mounts: mounts(("unified", "cgroup2", "rw")))
    let expected = CgroupHierarchy(
      path: "/service",
      directory: directory.file("unified/service"),
      isUnified: true,
      offered: [.memory, .pids, .cpu]
    )
    #expect(all == [expected])
  }

  @Test func `hierarchies of version 1 are told apart by their controllers`() {
    let all = CgroupHierarchy.all(
      membership: "9:name=systemd:/\n8:pids:/\n4:memory:/box/7\n2:cpu,cpuacct:/\n1:pids\n",
      mounts: mounts(
        ("pids", "cgroup", "rw,pids"),
        ("memory", "cgroup", "rw,memory"),
        ("cpu", "cgroup", "rw,cpu,cpuacct"),
        ("cpu", "tmpfs", "rw,cpu,cpuacct")
      )
    )
    #expect(all.map(\.offered) == [[.pids], [.memory], [.cpu]])
    #expect(all.map(\.path) == ["/", "/box/7", "/"])
    #expect(all[1].directory == directory.file("memory/box/7"))
  }

  @Test func `a mount of a part, and lines that are none, are passed over`() {
    let part = "30 25 0:26 /docker/1 /cg rw - cgroup cgroup rw,pids\n"
    #expect(CgroupHierarchy.all(membership: "8:pids:/docker/1\n", mounts: part).isEmpty)
    #expect(CgroupHierarchy.all(membership: "8:pids:/\n\nx\n", mounts: "30 25\n - cgroup\n30 25 0 / /c rw -\n").isEmpty)
  }

  @Test func `in version 2 the host moves aside and passes the controllers on`() throws {
    let own = "unified/service"
    try file("\(own)/cgroup.controllers", "memory pids")
    try file("\(own)/cgroup.subtree_control", "")
    let mine = "\(own)/promethean-\(getpid())"
    try file("\(mine)/cgroup.subtree_control", "")
    try file("\(mine)/host/cgroup.procs", "")
    // A host that is gone has left two groups; one with a process, which is a file here, stays.
    try file("\(own)/promethean-2147483647/used/cgroup.procs", "")
    try Directory.make(directory.file("\(own)/promethean-2147483647/empty"))
    let groups = try ControlGroups(membership: "0::/service\n", mounts: mounts(("unified", "cgroup2", "rw")))
    #expect(groups.description == "memory, pids (version 2)")
    #expect(text("\(mine)/host/cgroup.procs") == "\(getpid())")
    #expect(text("\(own)/cgroup.subtree_control") == "+memory +pids")
    #expect(text("\(mine)/cgroup.subtree_control") == "+memory +pids")
    #expect(Directory.names(in: directory.file("\(own)/promethean-2147483647")) == ["used"])

    var limits = Limits()
    (limits.memory, limits.threads) = (64 << 20, 8)
    for name in ["memory.max", "pids.max", "cgroup.procs"] { try file("\(mine)/echo@demo/\(name)", "") }
    try file("\(mine)/echo@demo/memory.events", "oom 1\noom_kill 1\noom_group_kill 0\n")
    let group = try ControlGroup("echo@demo", in: groups, limits: limits)
    #expect(text("\(mine)/echo@demo/memory.max") == "67108864")
    #expect(text("\(mine)/echo@demo/pids.max") == "8")
    try group.add(4711)
    #expect(text("\(mine)/echo@demo/cgroup.procs") == "4711")
    // What was counted before it was made is not its own.
    #expect(!group.isOutOfMemory)
    try file("\(mine)/echo@demo/memory.events", "oom 2\noom_kill 2\noom_group_kill 0\n")
    #expect(group.isOutOfMemory)
  }

  @Test func `another's group of version 1 is left alone`() throws {
    try file("memory/box/7/memory.limit_in_bytes", "")
    do throws(HostError) {
      _ = try ControlGroups(membership: "4:memory:/box/7\n", mounts: mounts(("memory", "cgroup", "rw,memory")))
      Issue.record("it was divided")
    } catch {
      #expect(error.description == "\(directory.file("memory/box/7")) is not the host's to divide")
    }
    #expect(Directory.names(in: directory.file("memory/box/7")) == ["memory.limit_in_bytes"])
  }

  @Test func `limits are written as each version wants them`() {
    var limits = Limits()
    (limits.memory, limits.threads, limits.cpu) = (1 << 30, 3, 250)
    func settings(_ isUnified: Bool) -> [String] {
      ControlGroups.Controller.allCases.flatMap { ControlGroup.settings($0, limits, isUnified: isUnified) }
        .map { "\($0)=\($1)" }
    }
    #expect(settings(true) == ["memory.max=1073741824", "pids.max=3", "cpu.weight.nice=10", "cpu.max=250000 100000"])
    let old = [
      "memory.limit_in_bytes=1073741824", "pids.max=3", "cpu.shares=110", "cpu.cfs_period_us=100000",
      "cpu.cfs_quota_us=250000",
    ]
    #expect(settings(false) == old)
    limits.cpu = nil
    #expect(settings(true).filter { $0.hasPrefix("cpu") } == ["cpu.weight.nice=10"])
    #expect(ControlGroup.memoryKills("oom_kill_disable 0\nunder_oom 0\noom_kill 12\n") == 12)
    #expect(ControlGroup.memoryKills("oom_kill_disable 0\n") == nil)
  }
}
