internal import CChannel
internal import Channel
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

/// What hostile plugins try, each in a runner of its own, and judged by what is to be seen of it.
@Suite(.serialized) struct ZooTests {
  /// Small, so that it takes little to go beyond them.
  static let limits: RunnerSetup.Limits = {
    var limits = limitsInSwift
    limits.addressSpace = 256 << 20
    limits.data = 64 << 20
    return limits
  }()

  /// What Swift's runtime needs.
  static let limitsInSwift: RunnerSetup.Limits = {
    var limits = RunnerSetup.Limits()
    limits.fileSize = 1 << 20
    return limits
  }()

  @Test(arguments: Mode.available, Row.all)
  func `an attempt leaves no trace where a sandbox is said to stop it`(mode: Mode, row: Row) async throws {
    try await onHostThread { try Self.confine(row, to: mode, Animals.plugin()) }
  }

  @Test(arguments: Row.all) func `at large it leaves the trace that is looked for`(row: Row) async throws {
    try await onHostThread { try Self.release(row, AtLarge(user: Mode.loner)) }
  }

  @Test(arguments: Mode.available, Row.inSwift)
  func `an attempt in Swift leaves none either`(mode: Mode, row: Row) async throws {
    try await onHostThread {
      try Self.confine(row, to: mode, Animals.swiftPlugin(), limits: Self.limitsInSwift)
    }
  }

  @Test(arguments: Row.inSwift) func `at large it does in Swift as well`(row: Row) async throws {
    try await onHostThread {
      try Self.release(row, AtLarge(user: Mode.loner, program: Animals.swiftProgram()))
    }
  }

  @Test(arguments: Mode.available, Control.allCases)
  func `what a plugin needs works in every sandbox`(mode: Mode, control: Control) async throws {
    try await onHostThread {
      let world = try World(for: mode.user)
      let driver = try Self.spawn(Animals.plugin(), mode, world)
      try driver.deliver("Attempt", payload: world.message(control.rawValue))
      #expect(try Self.whatIsSaid(by: driver, endsBySIGSYS: false) == ["works"])
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test(arguments: Mode.available) func `a plugin's process has no right left, nor a way to one`(mode: Mode)
    async throws
  {
    try await onHostThread {
      let driver = try Self.spawn(Animals.plugin(), mode, World(for: mode.user))
      let facts = ProcessState(driver.process.pid).facts
      #expect(facts["Uid"] == Array(repeating: String(mode.user), count: 4).joined(separator: "\t"))
      #expect(facts["Gid"] == facts["Uid"])
      // Who has no namespaces had no right to give up the last, which is worth nothing without the others.
      let sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"] + (mode.level == .full ? ["CapBnd"] : [])
      for set in sets { #expect(facts[set] == "0000000000000000", "\(set)") }
      #expect(facts["NoNewPrivs"] == "1")
      #expect(facts["Seccomp"] == "2")
      #expect(facts["Seccomp_filters"] == "1")
      // Those of another user, as far as others can tell, so that nobody of its own can read its memory.
      var found = stat()
      #expect(unsafe stat("/proc/\(driver.process.pid)/environ", &found) == 0 && found.st_uid != mode.user)
    }
  }

  @Test func `every attempt is in the table, and every number once`() {
    let numbers = Row.all.map(\.number) + [80]
    #expect(numbers.sorted() == Array(1...(numbers.max() ?? 0)))
  }

  /// Makes an attempt in a sandbox.
  private static func confine(
    _ row: Row,
    to mode: Mode,
    _ plugin: Fixture,
    limits: RunnerSetup.Limits = limits
  ) throws {
    let world = try World(for: mode.user)
    let driver = try spawn(plugin, mode, world, limits: limits)
    let observer = try Observer(world, animal: driver.process.pid, rings: driver.channel.memory, limits: limits)
    defer { observer.tidy() }
    try driver.deliver("Attempt", payload: world.message(row.attempt, row.argument))
    let said = try whatIsSaid(by: driver, endsBySIGSYS: row.ends)
    let traces = try observer.traces(said: said)
    if mode.level >= row.level {
      #expect(traces.isEmpty)
    } else {
      // What is not claimed is not there: should this fail, the row claims too little.
      #expect((traces[row.trace] != nil) == row.worksAtLarge, "\(said)")
    }
  }

  /// Makes an attempt where nothing is in its way.
  private static func release(_ row: Row, _ animal: AtLarge) throws {
    let world = try World(for: Mode.loner)
    let observer = try Observer(world, animal: animal.pid, rings: animal.memory, limits: limits)
    defer {
      observer.tidy()
      // Before the world: what it traces could not be buried.
      animal.end()
    }
    let said = try animal.tell(world.message(row.attempt, row.argument))
    let traces = try observer.traces(said: said)
    #expect((traces[row.trace] != nil) == row.worksAtLarge, "\(said)")
  }

  private static func spawn(
    _ plugin: Fixture,
    _ mode: Mode,
    _ world: World,
    limits: RunnerSetup.Limits = limits
  ) throws -> Driver {
    let driver = try mode.spawn(plugin) { setup in
      setup.paths += [.init(.read, world.readable), .init(.write, world.writable)]
      setup.limits = limits
    }
    try driver.start()
    #expect(driver.level == mode.level.rawValue)
    return driver
  }

  /// The lines of an attempt, and on standard error; that it ended as expected, the plugin, and by its own process.
  private static func whatIsSaid(by driver: Driver, endsBySIGSYS: Bool) throws -> [String] {
    if endsBySIGSYS {
      #expect(try driver.end() == .signal(SIGSYS))
    } else {
      #expect(try driver.line("done") == "done")
    }
    driver.drainStderr()
    return driver.frames.filter { $0.op == WIRE_LOG }.map(\.line) + (driver.stderr.isEmpty ? [] : [driver.stderr])
  }
}
