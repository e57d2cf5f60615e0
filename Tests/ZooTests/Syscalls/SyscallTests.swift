internal import CChannel
internal import Foundation
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Sandbox
internal import Testing

/// The list of system calls: in C, on its page, and in the kernel.
@Suite(.serialized) struct SyscallTests {
  /// Numbers that are asked about, well beyond those that any kernel has.
  static let numbers: Range<UInt32> = 0..<1024
  /// System calls of the x32 ABI have this bit.
  static let x32: UInt32 = 0x4000_0000

  /// Those of probes, uretprobe and uprobe, which newer kernels take before they ask any filter.
  static let unfiltered: [UInt32] = [335, 336]

  static let needsRoot: Comment = "only root, under no filter itself, can read another process's filter"
  static let canReadFilters =
    geteuid() == 0
    && (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8).contains("\nSeccomp:\t0\n")) == true

  @Test func `the page has the groups of the table, with their reasons`() throws {
    let table = try (0..<seccomp_group_count).map { index in
      let group = try unsafe #require(seccomp_group_at(index)).pointee
      return unsafe SyscallPage.Group(name: String(cString: group.name), reason: String(cString: group.reason))
    }
    #expect(try SyscallPage().groups == table)
  }

  @Test func `every call on the page is one that exists, and arguments are explained where they decide`() throws {
    let page = try SyscallPage()
    let verdicts = page.verdicts(writes: true)
    #expect(verdicts.keys.filter { SyscallNumbers.all[$0] == nil } == [])
    let deciding = verdicts.filter { if case .some = $0.value { true } else { false } }.keys
    #expect(page.conditional == Set(deciding))
    let rule = ArgumentRule(process: 1, writes: true)
    let zeros = [UInt64](repeating: 0, count: 6)
    #expect(Set(verdicts.keys.filter { rule.passes($0, zeros) != nil }) == page.conditional)
  }

  @Test(.enabled(if: canReadFilters, needsRoot), arguments: [false, true])
  func `the filter that is installed is the one on the page`(writes: Bool) async throws {
    try await onHostThread {
      let world = try World(for: Mode.root.user)
      let driver = try Mode.root.spawn(Animals.plugin()) { setup in
        if writes { setup.paths.append(.init(.write, world.writable)) }
      }
      try driver.start()
      let filters = try InstalledFilter.all(in: driver.process.pid)
      // A second one could only forbid more, but nobody would have written it down.
      let filter = try #require(filters.count == 1 ? filters.first : nil)
      let verdicts = try SyscallPage().verdicts(writes: writes)
      let named = Dictionary(uniqueKeysWithValues: SyscallNumbers.all.map { ($0.value, $0.key) })
      let rule = ArgumentRule(process: UInt32(driver.process.pid), writes: writes)
      var probe = Probe(filter)
      let few = probe.random(20)
      for number in Self.numbers {
        let name = named[number] ?? "call \(number)"
        let verdict = verdicts[name]
        let vectors: [[UInt64]] = if case .some(.some) = verdict { probe.systematic + probe.random(3_000) } else { few }
        for vector in vectors {
          let answer = filter.answer(to: .init(number: number, arguments: vector))
          let expected = Self.expected(verdict) { rule.passes(name, vector) == true }
          guard answer != expected else { continue }
          Issue.record("\(name)\(vector) is \(answer), expected \(expected)")
          break
        }
      }
      for number in Self.numbers {
        for architecture in [InstalledFilter.i386, InstalledFilter.aarch64] {
          #expect(filter.answer(to: .init(number: number, architecture: architecture)) == .killed)
        }
        #expect(filter.answer(to: .init(number: number | Self.x32)) == .killed)
      }
    }
  }

  @Test func `from inside, what is not on the page fails, and what is answered is answered`() async throws {
    try await onHostThread {
      let verdicts = try SyscallPage().verdicts(writes: false)
      let named = Dictionary(uniqueKeysWithValues: SyscallNumbers.all.map { ($0.value, $0.key) })
      let driver = try Driver(Animals.plugin())
      try driver.start()
      for number in Self.numbers where !Self.unfiltered.contains(number) {
        let expected = Self.expected(verdicts[named[number] ?? ""]) { true }
        guard case .error(let code) = expected else { continue }
        try driver.deliver("Attempt", payload: "attempt=call\nargument=\(number)")
        let name = code == 0 ? "done" : SyscallPage.errors.first { $0.value == code }?.key ?? "\(code)"
        #expect(try driver.line("call: ") == "call: \(name)", "\(named[number] ?? String(number))")
        _ = try driver.line("done")
      }
      #expect(try driver.stop() == .status(0))
    }
  }

  static let fatal = ((try? SyscallPage().verdicts(writes: true)) ?? [:]).filter { $0.value == .ends }.keys.sorted()

  @Test(arguments: fatal) func `from inside, what ends a process does`(call: String) async throws {
    try await onHostThread {
      let number = try #require(SyscallNumbers.all[call])
      let driver = try Driver(Animals.plugin())
      try driver.start()
      try driver.deliver("Attempt", payload: "attempt=call\nargument=\(number)")
      #expect(try driver.end() == .signal(SIGSYS))
    }
  }

  @Test(arguments: unfiltered) func `what passes every filter does nothing but end who calls it`(number: UInt32)
    async throws
  {
    try await onHostThread {
      let driver = try Driver(Animals.plugin())
      try driver.start()
      try driver.deliver("Attempt", payload: "attempt=call\nargument=\(number)")
      do {
        #expect(try ["call: EPERM", "call: ENXIO"].contains(driver.line("call: ")))
      } catch Driver.Failure.ended(let exit, _, _, _) {
        #expect(exit == .signal(SIGILL))
      }
    }
  }

  /// What a filter is to answer; `passes` is asked where arguments decide.
  private static func expected(_ verdict: SyscallPage.Verdict?, passes: () -> Bool) -> InstalledFilter.Answer {
    switch verdict {
    case Optional.none: .error(UInt32(EPERM))
    case .allowed?: .allowed
    case .ends?: .killed
    case .answered(let code)?: .error(code)
    case .some(elseError: let code)?: passes() ? .allowed : .error(code)
    }
  }
}
