internal import CChannel
internal import Channel
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

/// What hostile plugins try, each in a runner of its own, and judged by what is to be seen of it.
@Suite(.serialized) struct ZooTests {
  @Test(arguments: Mode.available, Row.all)
  func `an attempt leaves no trace where a sandbox is said to stop it`(mode: Mode, row: Row) async throws {
    try await onHostThread {
      let world = try World(for: mode.user)
      let driver = try Self.spawn(mode, world)
      let observer = try Observer(world, animal: driver.process.pid, rings: driver.channel.memory)
      defer { observer.tidy() }
      try driver.deliver("Attempt", payload: world.message(row.attempt, row.argument))
      let said = try Self.whatIsSaid(by: driver, endsBySIGSYS: row.ends)
      let traces = try observer.traces(said: said)
      if mode.level >= row.level {
        #expect(traces.isEmpty)
      } else {
        // What is not claimed is not there: should this fail, the row claims too little.
        #expect((traces[row.trace] != nil) == row.worksAtLarge, "\(said)")
      }
    }
  }

  @Test(arguments: Row.all) func `at large it leaves the trace that is looked for`(row: Row) async throws {
    try await onHostThread {
      let world = try World(for: Mode.somebody)
      let animal = try AtLarge(user: Mode.somebody)
      let observer = try Observer(world, animal: animal.pid, rings: nil)
      defer { observer.tidy() }
      let said = try animal.tell(world.message(row.attempt, row.argument))
      let traces = try observer.traces(said: said)
      #expect((traces[row.trace] != nil) == row.worksAtLarge, "\(said)")
    }
  }

  @Test(arguments: Mode.available, Control.allCases)
  func `what a plugin needs works in every sandbox`(mode: Mode, control: Control) async throws {
    try await onHostThread {
      let world = try World(for: mode.user)
      let driver = try Self.spawn(mode, world)
      try driver.deliver("Attempt", payload: world.message(control.rawValue))
      #expect(try Self.whatIsSaid(by: driver, endsBySIGSYS: false) == ["works"])
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `every attempt is in the table, and every number once`() {
    let numbers = Row.all.map(\.number) + [80]
    #expect(numbers.sorted() == Array(1...(numbers.max() ?? 0)))
  }

  private static func spawn(_ mode: Mode, _ world: World) throws -> Driver {
    let driver = try mode.spawn(Animals.plugin()) { setup in
      setup.paths += [.init(.read, world.readable), .init(.write, world.writable)]
      setup.limits = Observer.limits
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
