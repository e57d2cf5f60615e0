import Envelope
import Foundation
import Glibc
import Host
import Testing

import enum TestSupport.ELFFixture
@testable import CLI

/// The commands that change what runs, from their words to what they print and how they end.
struct DeployTests {
  /// A deployment with one worker.
  private final class Fixture {
    let directory = TemporaryDirectory()
    var path: String { directory.path }

    static let plugins = """
      version: 1
      tenants: [{ provider: echo, tenant: demo }]
      plugins:
        worker:
          library: Worker
          trust: unsigned
          tenants: [echo/demo]
          grants:
            subscribe: [promethean.p.echo.t.*.events.Created]
          limits: { rate: 10 }

      """

    init() throws {
      try FileManager.default.createDirectory(atPath: "\(path)/plugins.d", withIntermediateDirectories: true)
      _ = try directory.file("plugins.yml", Self.plugins)
      try build(version: "1.0.0")
    }

    func build(version: String) throws {
      let manifest = """
        agent:
          id: worker
          kind: worker
          version: \(version)
          abi: 1.1
          inputs: [{ topic: "promethean.p.echo.t.*.events.Created" }]
          capabilities: [log]
        """
      let bytes = ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8)))
      try Data(bytes).write(to: URL(filePath: "\(path)/plugins.d/libWorker.so"))
    }

    func edit(_ old: String, _ new: String) throws {
      let text = try String(contentsOfFile: "\(path)/plugins.yml", encoding: .utf8)
      try #require(text.contains(old))
      _ = try directory.file("plugins.yml", text.replacing(old, with: new))
    }

    func run(_ words: String...) -> Run { Run(words + ["--deployment", path]) }
  }

  @Test func `the exit code says what lies between what runs and plugins.yml`() throws {
    let fixture = try Fixture()
    #expect(fixture.run("plan").code == .unapproved)
    #expect(fixture.run("diff").code == .changes)
    #expect(fixture.run("history").output == "nothing yet\n")
    #expect(fixture.run("apply").code == .unapproved)
    #expect(fixture.run("rollback").code == .failure)
    #expect(fixture.run("apply", "--approve").code == .success)
    #expect(fixture.run("plan").code == .success)
    #expect(fixture.run("diff").code == .success)
    #expect(fixture.run("apply").code == .success)

    try fixture.edit("version: 1", "# a comment\nversion: 1")
    #expect(fixture.run("plan").code == .success)
    #expect(fixture.run("diff").code == .success)

    try fixture.edit("rate: 10", "rate: 11")
    #expect(fixture.run("plan").code == .changes)
    #expect(fixture.run("diff").code == .changes)
    #expect(fixture.run("apply").code == .success)
    #expect(fixture.run("diff", "1", "2").code == .changes)
    #expect(fixture.run("diff", "2", "2").code == .success)
    #expect(fixture.run("diff", "2").code == .success)

    try fixture.edit("    grants:\n", "    grants:\n      log: {}\n")
    #expect(fixture.run("plan").code == .unapproved)
    #expect(fixture.run("diff").code == .changes)
    #expect(fixture.run("apply").code == .unapproved)
    #expect(fixture.run("diff", "1", "2").code == .changes)
    #expect(fixture.run("apply", "--approve").code == .success)
    #expect(fixture.run("rollback").code == .success)
    #expect(fixture.run("plan").code == .unapproved)

    try fixture.edit("library: Worker", "library: Nothing")
    for command in ["plan", "diff", "apply"] { #expect(fixture.run(command).code == .failure) }
    #expect(fixture.run("rollback").code == .success)
    #expect(fixture.run("rollback", "77").code == .failure)
    #expect(fixture.run("history", "77").code == .failure)
    #expect(fixture.run("history").code == .success)
    #expect(fixture.run("reload", "worker").code == .failure)
  }

  @Test func `a wrong command line is no change where 2 says so`() throws {
    let fixture = try Fixture()
    for command in ["plan", "diff"] { #expect(fixture.run(command, "--aprove").code == .failure) }
    for command in ["apply", "rollback", "reload", "history"] {
      #expect(fixture.run(command, "--aprove").code == .usage)
    }
    #expect(fixture.run("diff", "0").code == .failure)
  }

  @Test func `a plan is written, applied exactly once, and refused after that`() throws {
    let fixture = try Fixture()
    let file = "\(fixture.path)/next.plan"
    let run = fixture.run("plan", "-o", file, "--json")
    #expect(run.code == .unapproved)
    let plan = try JSON.parse(run.output)
    #expect(try JSON.parse(String(contentsOfFile: file, encoding: .utf8)) == plan)
    #expect(plan["plugins"]?.arrayValue?.first?["action"] == "start")
    #expect(fixture.run("apply", file).code == .unapproved)
    let applied = fixture.run("apply", file, "--approve")
    #expect(applied.output == "generation 1 applied: no host runs; the next start runs it\n")
    let again = fixture.run("apply", file, "--approve")
    #expect(again.code == .failure)
    #expect(
      again.errors
        == "promethean: the plan is stale: it starts from nothing, and generation 1 runs now; make it anew\n"
    )
    #expect(fixture.run("apply", "\(fixture.path)/plugins.yml").code == .failure)
    let json = try JSON.parse(fixture.run("apply", file, "--approve", "--json").errors)
    #expect(json["error"]?["code"] == "stale")
  }

  @Test func `a plan shows what would happen, and why`() throws {
    let fixture = try Fixture()
    _ = fixture.run("apply", "--approve")
    #expect(fixture.run("plan").output == "nothing would change\n")
    try fixture.edit("rate: 10", "rate: 11")
    #expect(fixture.run("plan").output == "hot    worker\n       limits.rate: 10 -> 11\n")
    try fixture.build(version: "1.1.0")
    try fixture.edit("    grants:\n", "    grants:\n      log: {}\n")
    let lines = fixture.run("plan").output.split(separator: "\n")
    #expect(
      lines.prefix(4) == [
        "reload worker", "       library: version 1.0.0 -> 1.1.0", "       grants", "       limits.rate: 10 -> 11",
      ]
    )
    #expect(lines[4].hasPrefix("       library ") && lines[4].contains(" -> "))
    #expect(
      lines.suffix(2) == ["       + log", "needs --approve for what is marked +"]
    )
    let difference = fixture.run("diff").output.split(separator: "\n")
    #expect(difference.prefix(2) == ["--- generation 1", "+++ \(fixture.path)/plugins.yml"])
    #expect(difference.contains("-        \"rate\": 10,") && difference.contains("+        \"rate\": 11,"))
    #expect(difference.contains("+        \"log\","))
  }

  @Test func `history lists what was tried, and shows a generation`() throws {
    let fixture = try Fixture()
    _ = fixture.run("apply")
    _ = fixture.run("apply", "--approve")
    try fixture.edit("rate: 10", "rate: 11")
    _ = fixture.run("apply")
    _ = fixture.run("rollback")
    let entries = try fixture.run("history", "--json").lines.map { try JSON.parse($0) }
    #expect(entries.map { $0["generation"] } == [1, 1, 2, 3])
    #expect(entries.map { $0["outcome"] } == ["refused", "applied", "applied", "applied"])
    #expect(entries.map { $0["cause"] } == ["apply", "apply", "apply", "rollback"])
    #expect(entries.last?["reason"] == "back to generation 1")
    let table = fixture.run("history").lines
    #expect(table.count == 5)
    #expect(table.filter { $0.contains("*3") }.count == 1 && table.last?.contains("*3") == true)
    let first = try JSON.parse(fixture.run("history", "1", "--json").output)
    let third = try JSON.parse(fixture.run("history", "3", "--json").output)
    #expect(first["effective"]?.text == third["effective"]?.text)
    #expect(first["effective"]?["plugins"]?["worker"]?["limits"]?["rate"] == 10)
    #expect(third["origin"] == 1 && third["cause"] == "rollback")
  }

  @Test func `a lock that was edited is drift`() throws {
    let fixture = try Fixture()
    _ = fixture.run("apply", "--approve")
    let lock = try String(contentsOfFile: "\(fixture.path)/plugins.lock", encoding: .utf8)
    _ = try fixture.directory.file("plugins.lock", lock.replacing("echo/demo", with: "echo/more"))
    let run = fixture.run("diff")
    #expect(run.code == .changes)
    #expect(
      run.output == """
        drift: plugins.lock approves more for worker than runs: tenant echo/more
        drift: plugins.lock approves less for worker than runs: tenant echo/demo

        """
    )
    _ = try fixture.directory.file("plugins.lock", lock + "}")
    let broken = fixture.run("plan")
    #expect(broken.code == .failure)
    #expect(broken.errors.hasPrefix("\(fixture.path)/plugins.lock:"))
  }

  // MARK: - With a host

  private func run(_ words: String..., answer: @escaping FakeHost.Answer) throws -> Run {
    let host = try FakeHost(answer)
    return withExtendedLifetime(host) { Run(words + ["--deployment", host.deployment]) }
  }

  @Test func `a host is asked, its steps are shown, and its outcome is the exit code`() throws {
    let applied = try run("apply", "--approve") { request, connection in
      guard request["op"] == "apply", request["plan"] == .null, request["approve"] == true else { return false }
      connection.item(request, ["step": "start", "plugin": "echo", "state": "ready", "message": "in 8 ms"])
      connection.ok(request, ["generation": 4, "outcome": "applied", "reason": ""])
      return true
    }
    #expect(applied.output == "start echo ready: in 8 ms\ngeneration 4 applied\n")
    #expect(applied.code == .success)

    let returned = try run("rollback", "3", "--json") { request, connection in
      guard request["op"] == "rollback", request["generation"] == 3 else { return false }
      connection.ok(request, ["generation": 4, "outcome": "returned", "reason": "echo was not well"])
      return true
    }
    #expect(returned.code == .failure)
    #expect(try JSON.parse(returned.output)["outcome"] == "returned")

    let latest = try run("rollback") { request, connection in
      guard request["op"] == "rollback", request["generation"] == .null else { return false }
      connection.ok(request, ["generation": 5, "outcome": "applied", "reason": "back to generation 3"])
      return true
    }
    #expect(latest.output == "generation 5 applied: back to generation 3\n")

    let reloaded = try run("reload", "echo", "--library", "/x/libEcho.so") { request, connection in
      guard request["op"] == "reload", request["plugin"] == "echo", request["library"] == "/x/libEcho.so" else {
        return false
      }
      connection.ok(request, ["generation": .null, "outcome": "refused", "reason": "no such file"])
      return true
    }
    #expect(reloaded.code == .failure)
    #expect(reloaded.output == "no generation refused: no such file\n")

    let widened = try run("apply") { request, connection in
      connection.error(request, "unapproved", "echo would gain log (--approve agrees to it)")
      return true
    }
    #expect(widened.code == .unapproved)
    #expect(widened.errors == "promethean: echo would gain log (--approve agrees to it)\n")
  }

  @Test func `a plan is handed to the host as it was written, and a path from the root`() throws {
    let fixture = try Fixture()
    let file = "\(fixture.path)/next.plan"
    let plan = try JSON.parse(fixture.run("plan", "-o", file, "--json").output)
    let applied = try run("apply", file) { request, connection in
      guard request["plan"] == plan, request["approve"] == false else { return false }
      connection.ok(request, ["generation": 1, "outcome": "applied", "reason": ""])
      return true
    }
    #expect(applied.code == .success, "\(applied.errors)")
    let reloaded = try run("reload", "echo", "--library", "libEcho.so") { request, connection in
      guard request["library"]?.stringValue?.hasPrefix("/") == true else { return false }
      connection.ok(request, ["generation": 2, "outcome": "applied", "reason": ""])
      return true
    }
    #expect(reloaded.code == .success)
  }
}
