import Envelope
import Testing

@testable import CLI

struct BackfillCommandTests {
  private static let topic = "promethean.p.echo.t.demo.jobs.backfill.messages."
  private static let tenant = ["--provider", "echo", "--tenant", "demo"]

  /// Runs the command on a host that takes the order, and tells these reports of its job and of another.
  private func run(_ words: [String], reports: [(name: String, data: JSONObject)] = []) throws -> Run {
    let host = try FakeHost { request, connection in
      if request["op"] == "tap" {
        guard request["pattern"]?.stringValue == Self.topic + "(progress|done|error)" else { return false }
        // The tap is the first request, and so has this number; of a job that nobody has named yet, too.
        let early: JSON = ["topic": .string(Self.topic + "progress"), "data": ["job": "other", "fetched": 9]]
        connection.item(request, ["envelope": early])
        for report in reports {
          var data = report.data
          data["job"] = "job1"
          connection.item(
            request,
            ["envelope": ["topic": .string(Self.topic + report.name), "data": .object(data)]]
          )
        }
        return true
      }
      guard request["topic"]?.stringValue == Self.topic + "enqueue", let payload = request["payload"] else {
        return false
      }
      guard payload["spaces"] != ["urn:echo:space:demo:no"] else {
        connection.error(request, "failed", "spaces: no")
        return true
      }
      connection.ok(request, ["envelope": ["data": ["job": "job1", "spaces": payload["limit"] ?? .null]]])
      return true
    }
    return withExtendedLifetime(host) { Run(["backfill"] + Self.tenant + words + ["--deployment", host.deployment]) }
  }

  @Test func `an order is taken and its job named`() throws {
    let plain = try run(["--all"])
    #expect(plain.output == "job job1\n" && plain.errors.isEmpty && plain.code == .success)
    let json = try run(["--space", "urn:echo:space:demo:a", "--limit", "3", "--since", "2026-01-01", "--json"])
    #expect(json.output == "{\"job\":\"job1\",\"spaces\":3}\n")
  }

  @Test func `an order that is not taken fails in the words of whoever refused it`() throws {
    let run = try run(["--space", "urn:echo:space:demo:no"])
    #expect(run.code == .failure && run.errors.contains("spaces: no") && run.output.isEmpty)
  }

  @Test func `following prints each report of the job until it is done`() throws {
    let space: JSON = "urn:echo:space:demo:lobby"
    let run = try run(
      ["--all", "--follow"],
      reports: [
        ("progress", ["space_urn": space, "fetched": 100, "oldest": 1_767_225_600_000, "complete": false]),
        ("progress", ["space_urn": space, "fetched": 130, "oldest": .null, "complete": true]),
        ("done", ["spaces": 1, "fetched": 130, "failed": 0]),
      ]
    )
    #expect(
      run.output == """
        job job1
        urn:echo:space:demo:lobby: 100 fetched, back to 2026-01-01 00:00:00
        urn:echo:space:demo:lobby: 130 fetched, complete
        done: 130 fetched

        """
    )
    #expect(run.code == .success)
  }

  @Test func `a space that could not be read is told, and the command fails at the end`() throws {
    let run = try run(
      ["--all", "--follow", "--json"],
      reports: [
        ("error", ["space_urn": "urn:echo:space:demo:b", "reason": "hidden"]),
        ("done", ["spaces": 2, "fetched": 7, "failed": 1]),
      ]
    )
    #expect(run.code == .failure)
    #expect(run.lines.count == 3 && run.lines[1].contains(#""report":"error""#) && run.lines[1].contains("hidden"))
  }

  @Test func `a job that is given up as a whole ends the command`() throws {
    let run = try run(["--all", "--follow"], reports: [("error", ["reason": "nobody serves it"])])
    #expect(run.code == .failure && run.output.hasSuffix("given up: nobody serves it\n"))
  }

  @Test(arguments: [[], ["--all", "--space", "urn:echo:space:demo:a"]])
  func `either spaces or all are named`(words: [String]) {
    let run = Run(["backfill"] + Self.tenant + words)
    #expect(run.code == .usage)
    #expect(run.errors.hasPrefix("promethean: either --space URN or --all is needed, and not both\n"))
  }

  @Test func `what is no URN is refused before anybody is asked`() {
    let run = Run(["backfill"] + Self.tenant + ["--space", "lobby"])
    #expect(run.code == .usage && run.errors.contains("urn:echo:user:demo:ann"))
  }
}
