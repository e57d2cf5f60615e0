internal import CChannel
internal import Foundation
internal import Host
internal import RunnerSupport
internal import Testing

@Suite struct LoadTests {
  struct Refusal: CustomTestStringConvertible, Sendable {
    let flag: String
    let message: String

    var testDescription: String { flag }
  }

  static let refusals = [
    Refusal(
      flag: "-DENTRY=entry_v2",
      message: "it is no plugin: expected an exported function `promethean_plugin_entry_v1`, found none"
    ),
    Refusal(flag: "-DNO_TABLE", message: "it says that it cannot run here: its entry returned no table"),
    Refusal(flag: "-DMINOR=9", message: "it is built for ABI 1.9, expected 1.1 or an older minor version"),
    Refusal(flag: "-DMAJOR=2", message: "it is built for ABI 2.1, expected 1.1 or an older minor version"),
    Refusal(flag: "-DSIZE=0", message: "its table is too small: expected at least 80 bytes, found 0"),
    Refusal(flag: "-DSIZE=72", message: "its table is too small: expected at least 80 bytes, found 72"),
    Refusal(flag: "-DPOLL=NULL", message: "its table has no `poll`: expected a function, found NULL"),
    Refusal(
      flag: "-DID=\"other\"",
      message: "its table bears another id than its manifest: expected fixture, found other"
    ),
  ]

  @Test(arguments: refusals)
  func `a library that is no plugin of this host's is refused, and the message says why`(refusal: Refusal) async throws
  {
    try await onHostThread {
      let fixture = try Fixture.compile("plugin", refusal.flag, "-Wno-error=unused-function")
      let driver = try Driver(fixture)
      let failure = try driver.failure()
      #expect(failure.stage == WIRE_STAGE_LOAD)
      #expect(failure.text == "fixture (\(fixture.name)): \(refusal.message)")
      #expect(try driver.end() == .status(1))
    }
  }

  @Test(arguments: ["-DSIZE=80", "-DSIZE=4096"])
  func `a table of an older or newer header is accepted`(flag: String) async throws {
    try await onHostThread {
      // Longer than the table is: only the part that is known is read.
      let driver = try Driver(.compile("plugin", flag))
      #expect(try driver.start().status == 0)
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `a file that is no library is refused`() async throws {
    try await onHostThread {
      let text = Fixture(path: #filePath)
      let failure = try Driver(text).failure()
      #expect(failure.stage == WIRE_STAGE_LOAD)
      #expect(failure.text.contains("it cannot be loaded: "))
      #expect(failure.text.contains("LoadTests.swift"))
    }
  }

  @Test func `a library that lacks a symbol is refused, and the message names it`() async throws {
    try await onHostThread {
      let driver = try Driver(
        .compile("plugin", "-DCONSTRUCTOR=nowhere()", "-Wno-error", "-Wno-implicit-function-declaration")
      )
      let failure = try driver.failure()
      #expect(failure.stage == WIRE_STAGE_LOAD)
      #expect(failure.text.contains("undefined symbol: nowhere"))
    }
  }

  @Test func `a library whose own libraries are out of sight is refused, and the message names them`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile("database", "-lsqlite3")) { $0.paths = [] }
      let failure = try driver.failure()
      #expect(failure.stage == WIRE_STAGE_LOAD)
      #expect(failure.text.contains("libsqlite3.so.0: cannot open shared object file"))
    }
  }

  @Test func `a library that was replaced after it was opened is not loaded`() async throws {
    try await onHostThread {
      let real = try Fixture.compile()
      let copy = Fixture(path: real.path + ".copy.so")
      for path in [copy.path, copy.path + ".new"] {
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: real.path, toPath: path)
      }
      let failure = try Driver(copy) { _ in
        // After it was opened, before the runner is spawned.
        _ = unsafe rename(copy.path + ".new", copy.path)
      }.failure()
      // The file is at fault: the machine has namespaces, and other plugins keep them.
      #expect(failure.stage == WIRE_STAGE_SETUP)
      // The descriptor's own name says that the file has none any more.
      #expect(failure.text.contains(copy.name))
    }
  }

  @Test func `a crash in a constructor is the end of that process, and what it wrote is kept`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile("plugin", "-DCONSTRUCTOR=fputs(\"I die\",stderr);abort()"))
      _ = try driver.control(WIRE_SANDBOXED)
      #expect(try driver.end() == .signal(SIGABRT))
      driver.drainStderr()
      #expect(driver.stderr.contains("I die"))
    }
  }

  @Test func `a create that fails says why`() async throws {
    try await onHostThread {
      let fixture = try Fixture.compile()
      let failure = try Driver(fixture) { $0.config = "create fails" }.failure()
      #expect(failure.stage == WIRE_STAGE_CREATE)
      #expect(failure.text == "fixture (\(fixture.name)): create returned -1: there is no such colour")
    }
  }

  @Test func `a start that fails says why, and the instance can still be stopped`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { $0.config = "start fails" }
      let started = try driver.start()
      #expect(started.status == -5)
      #expect(started.text == "the engine is cold")
      #expect(try driver.stop() == .status(0))
    }
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let stage: Int32
    let change: @Sendable (inout RunnerSetup) -> Void
  }

  static let faults = [
    Fault(testDescription: "path 0: expected l, r or w and an absolute path", stage: WIRE_STAGE_SETUP) {
      $0.paths.append(.init(.read, "tmp"))
    },
    Fault(testDescription: "../escape.so: expected a file name, found a path", stage: WIRE_STAGE_SETUP) {
      $0.libraryName = "../escape.so"
    },
    Fault(testDescription: "65 paths, expected at most 64", stage: WIRE_STAGE_SETUP) {
      $0.paths = Array(repeating: .init(.read, "/tmp"), count: 65)
    },
    // Not a fault of namespaces, which the host could do without.
    Fault(testDescription: "/nowhere/at/all, which was granted: No such file", stage: WIRE_STAGE_SETUP) {
      $0.paths.append(.init(.read, "/nowhere/at/all"))
    },
  ]

  @Test(arguments: faults)
  func `a set-up that cannot be is refused in its stage`(fault: Fault) async throws {
    try await onHostThread {
      let driver = try Driver(.compile()) { fault.change(&$0) }
      let failure = try driver.failure()
      #expect(failure.stage == fault.stage)
      #expect(failure.text.contains(fault.testDescription))
      #expect(try driver.end() == .status(1))
    }
  }

  @Test func `a runner that is not there cannot be spawned`() async throws {
    await #expect(throws: RunnerError.system("spawn of /nowhere/promethean-runner", ENOENT)) {
      try await onHostThread { _ = try Driver(.compile(), runner: "/nowhere/promethean-runner") }
    }
  }

  @Test func `a set-up that no message holds is refused by the host`() async throws {
    await #expect(throws: RunnerError.self) {
      try await onHostThread {
        _ = try Driver(.compile()) { $0.config = String(repeating: "x", count: Int(WIRE_CONTROL_MAX)) }
      }
    }
  }
}
