internal import CChannel
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

@Suite struct SandboxTests {
  /// Whose the directories are that a plugin writes to.
  static let owner: UInt32 = 60_999

  static let needsRoot: Comment = "only root can start a runner as somebody else"

  @Test(.enabled(if: geteuid() == 0, needsRoot), arguments: Machine.allCases)
  func `nothing that a constructor tries gets out`(machine: Machine) async throws {
    try await onHostThread {
      let driver = try machine.spawn(.compile("escape")) { setup in
        setup.paths.append(.init(.read, "/usr/share/zoneinfo"))
      }
      try driver.start()
      #expect(driver.level == (machine.hasNamespaces ? WIRE_LEVEL_FULL : WIRE_LEVEL_LANDLOCK))
      #expect(driver.missing.isEmpty == machine.hasNamespaces)
      try driver.deliver("Report")
      _ = try driver.frame(WIRE_SETTLE)
      let lines = driver.frames.filter { $0.op == WIRE_LOG }.map(\.line)
      #expect(lines.count > 45)
      var worked = Set(lines.filter { $0.hasSuffix(": worked") }.map { String($0.dropLast(8)) })
      if !machine.hasNamespaces { worked.remove("see a file of the host's") }
      // Counted by user, and this one is not the plugin's alone.
      if machine == .userWithoutNamespaces { worked.remove("start two hundred threads") }
      #expect(worked.isEmpty)
    }
  }

  @Test func `what the others rely on works where nothing closes it`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile("escape")) { $0.omissions = [.namespaces, .landlock] }
      try driver.start()
      try driver.deliver("Report")
      _ = try driver.frame(WIRE_SETTLE)
      let worked = driver.frames.filter { $0.op == WIRE_LOG && $0.line.hasSuffix(": worked") }.map(\.line)
      for attempt in ["read a file of the host's", "list the root", "list processes", "see a file of the host's"] {
        #expect(worked.contains("\(attempt): worked"))
      }
    }
  }

  static let fatal = [
    "ptrace", "process_vm_readv", "pidfd_open", "pidfd_getfd", "bpf", "perf_event_open", "userfaultfd",
    "io_uring_setup",
    "keyctl", "execve", "execveat", "fork", "vfork", "mount", "pivot_root", "chroot", "setns", "unshare",
    "open_by_handle_at", "personality", "iopl", "x32", "int80",
  ]

  @Test(arguments: fatal)
  func `a call that nothing honest makes ends the process`(call: String) async throws {
    try await onHostThread {
      let driver = try Driver(.compile("escape"))
      try driver.start()
      try driver.deliver("Fatal", payload: call)
      #expect(try driver.end() == .signal(SIGSYS))
    }
  }

  @Test(.enabled(if: geteuid() == 0, needsRoot))
  func `where user namespaces are off, the stage says so, and the host can do without`() async throws {
    try await onHostThread {
      let fixture = try Fixture.compile()
      let runner = try Fixture.becoming("-DNO_USER_NAMESPACES")
      let failure = try Driver(fixture, runner: runner).failure()
      #expect(failure.stage == WIRE_STAGE_NAMESPACES)
      #expect(failure.text == "fixture: unshare: No space left on device")
      let driver = try Driver(fixture, runner: runner) { $0.omissions = .namespaces }
      try driver.start()
      #expect(driver.level == WIRE_LEVEL_LANDLOCK)
      #expect(driver.missing == "no namespaces: it can see that files exist, and how large they are")
    }
  }

  @Test func `without Landlock and namespaces the level is none, and says what that means`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { $0.omissions = [.namespaces, .landlock] }
      try driver.start()
      #expect(driver.level == WIRE_LEVEL_NONE)
      #expect(driver.missing == "no Landlock and no namespaces: files are open to it as to its user")
    }
  }

  @Test(.enabled(if: geteuid() == 0, needsRoot), arguments: Machine.allCases)
  func `SQLite works in WAL mode in a directory that was granted`(machine: Machine) async throws {
    try await onHostThread {
      let owner: UInt32 = machine.isRoot ? Self.owner : 65_534
      let directory = try Fixture.writableDirectory("database-\(machine)", owner: owner)
      let driver = try machine.spawn(.compile("database", "-lsqlite3")) { setup in
        // Within one that was granted to read only, and named before it.
        setup.paths.append(.init(.write, directory))
        setup.paths.append(.init(.read, Fixture.directory))
        if machine.isRoot { setup.uid = Self.owner }
        setup.limits.fileSize = 64 << 20
        setup.config = directory + "/test.db"
      }
      try driver.start()
      try driver.deliver("Work")
      #expect(try driver.line("database") == "database: wal 1000 ok")
    }
  }

  struct Grant: CustomTestStringConvertible, Sendable {
    let access: RunnerSetup.Path.Access?
    let omissions: RunnerSetup.Omissions
    let outcome: String

    var testDescription: String { "\(access.map { "\($0)" } ?? "none") \(omissions.rawValue)" }
  }

  static let grants = [
    Grant(
      access: nil,
      omissions: [],
      outcome: "list ENOENT, make ENOENT, fill no file, move EPERM, remove EPERM, load refused"
    ),
    Grant(
      access: .read,
      omissions: [],
      outcome: "list worked, make EROFS, fill no file, move EPERM, remove EPERM, load refused"
    ),
    // What can be written cannot be run.
    Grant(
      access: .write,
      omissions: [],
      outcome: "list worked, make worked, fill EFBIG, move worked, remove worked, load refused"
    ),
    Grant(
      access: nil,
      omissions: .namespaces,
      outcome: "list EACCES, make EACCES, fill no file, move EPERM, remove EPERM, load refused"
    ),
    Grant(
      access: .read,
      omissions: .namespaces,
      outcome: "list worked, make EACCES, fill no file, move EPERM, remove EPERM, load worked"
    ),
    // Without a mount of its own nothing keeps it from running what it can read.
    Grant(
      access: .write,
      omissions: .namespaces,
      outcome: "list worked, make worked, fill EFBIG, move worked, remove worked, load worked"
    ),
  ]

  @Test(arguments: grants)
  func `a path can be used as it was granted, and no further`(grant: Grant) async throws {
    try await onHostThread {
      let directory = try Fixture.writableDirectory("grant-\(grant.testDescription)", owner: Self.owner)
      let library = try Fixture.compile()
      let copy = directory + "/code.so"
      try Fixture.run("/bin/cp", ["-f", library.path, copy])
      let driver = try Driver(library) { setup in
        setup.omissions = grant.omissions
        if setup.uid != 0 { setup.uid = Self.owner }
        setup.limits.fileSize = 1 << 20
        if let access = grant.access { setup.paths.append(.init(access, directory)) }
      }
      try driver.start()
      try driver.deliver("Path", payload: directory)
      #expect(try driver.line("list") == grant.outcome)
    }
  }

  @Test func `a file outside of what was granted cannot be opened by SQLite either`() async throws {
    try await onHostThread {
      let directory = try Fixture.writableDirectory("database-denied", owner: Self.owner)
      let driver = try Driver(.compile("database", "-lsqlite3")) { $0.config = directory + "/test.db" }
      try driver.start()
      try driver.deliver("Work")
      #expect(try driver.line("database") == "database: unable to open database file")
    }
  }
}
