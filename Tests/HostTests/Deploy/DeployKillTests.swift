import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// Kills a process that changes a deployment at each of its durable steps, and looks at what it left.
@Suite(.serialized) struct DeployKillTests {
  /// More steps than there are.
  private static let stepsMax = 100

  /// A deployment with one generation and another one wanted: a grant more, another library, a plugin less.
  private func fixture() throws -> DeployFixture {
    let fixture = try DeployFixture()
    try fixture.apply()
    try fixture.edit("net.dial: [\"echo.example:443\"]", "net.dial: [\"echo.example:443\", \"*.example:443\"]")
    try fixture.edit("Echo", "version: 0.1.0", "version: 0.1.1")
    try fixture.edit("    replicas: 2", "    enabled: false\n    replicas: 2")
    return fixture
  }

  /// What a deployment is made of, as far as it must go together.
  private struct State: Equatable {
    var effective: [UInt8]
    var libraries: [String: String]
    var lock: [UInt8]

    init(_ fixture: DeployFixture) throws {
      let base = try #require(try fixture.deployer.base())
      #expect(base.diagnostics.isEmpty)
      effective = base.deployment.effective.bytes()
      libraries = base.generation.libraries
      lock = try FileBytes.read(Lock.path(in: fixture.directory))
    }
  }

  /// Kills a change at each step until it comes to its end: what was left each time was the old or the new.
  private func killEverywhere(_ mode: String, _ make: () throws -> DeployFixture, old: State, new: State) throws {
    var isNew = false
    var kills = 0
    for step in 1...Self.stepsMax {
      let fixture = try make()
      let before = try #require(try fixture.deployer.store.current()?.generation)
      let path = "\(fixture.directory)/plugins.yml"
      let child = try ChildProcess(product: "DeploymentApplier", arguments: [path, mode, "\(step)"])
      let code = child.wait()
      try #require(code == 0 || code == -SIGKILL)
      // A reader sees the one or the other, also before anybody has cleaned up.
      let left = try #require(try fixture.deployer.base())
      let isNewNow = left.generation.number == before + 1
      #expect(isNewNow || left.generation.number == before)
      #expect(isNewNow || !isNew, "at step \(step) it was the old one again")
      isNew = isNewNow
      #expect(left.deployment.effective.bytes() == (isNew ? new : old).effective)
      if mode == "apply" { #expect(try fixture.plan().verdict == (isNew ? .nothing : .needsApproval)) }
      try fixture.deployer.settle()
      #expect(try State(fixture) == (isNew ? new : old), "step \(step)")
      let applied = try fixture.deployer.store.history().filter { $0.outcome == .applied }.map(\.generation)
      #expect(applied == Array(1...left.generation.number))
      let names = Directory.names(in: fixture.deployer.store.directory)
      #expect(names == ["current", "history.ndjson"].appending(applied.map { "\($0).json" }).sorted())
      #expect(!Directory.names(in: fixture.directory).contains { $0.hasPrefix("plugins.lock.") })
      if code == 0 {
        #expect(isNew)
        #expect(kills >= 15)
        return
      }
      kills += 1
    }
    Issue.record("it never came to its end")
  }

  @Test func `an apply that is killed leaves the old generation or the new one`() throws {
    let done = try fixture()
    let old = try State(done)
    #expect(try done.apply() == 2)
    try killEverywhere("apply", fixture, old: old, new: State(done))
  }

  @Test func `a first apply that is killed leaves nothing or the first generation`() throws {
    for step in 1...Self.stepsMax {
      let fixture = try DeployFixture()
      let path = "\(fixture.directory)/plugins.yml"
      let child = try ChildProcess(product: "DeploymentApplier", arguments: [path, "apply", "\(step)"])
      let code = child.wait()
      let left = try fixture.deployer.base()
      #expect(left == nil || left?.diagnostics.isEmpty == true)
      #expect(try fixture.apply() == 1)
      #expect(try fixture.plan().verdict == .nothing)
      if code == 0 { return }
    }
    Issue.record("it never came to its end")
  }

  @Test func `a rollback that is killed leaves the one or the other`() throws {
    let make = {
      let fixture = try fixture()
      try fixture.apply()
      return fixture
    }
    let done = try make()
    let old = try State(done)
    #expect(try done.deployer.rollbackOffline(nil) == (3, 1))
    try killEverywhere("rollback", make, old: old, new: State(done))
  }
}

extension [String] {
  fileprivate func appending(_ others: [String]) -> [String] { self + others }
}
