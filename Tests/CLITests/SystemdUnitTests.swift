import Envelope
import Foundation
import Testing

@testable import CLI
@testable import Host

/// The unit for systemd.
struct SystemdUnitTests {
  private static let package = String(
    #filePath.prefix(upTo: #filePath.ranges(of: "/Tests/").last?.lowerBound ?? #filePath.endIndex)
  )
  private static let file = "\(package)/packaging/promethean.service"
  private static let analyzer = "/usr/bin/systemd-analyze"
  private static let hasAnalyzer = FileManager.default.isExecutableFile(atPath: analyzer)

  private func unit(_ deployment: String = "/srv/agents/plugins.yml", user: String = "agents") -> SystemdUnit {
    SystemdUnit(executable: "/opt/promethean/promethean", deployment: deployment, user: user)
  }

  /// The values of a key.
  private func values(_ key: String, in text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  @Test func `the unit of packages is what the command prints`() throws {
    #expect(try String(contentsOfFile: Self.file, encoding: .utf8) == SystemdUnit.packaged.text)
  }

  @Test func `the command prints a unit for this deployment and this program`() throws {
    let run = Run("export", "systemd", "--deployment", Self.package, "--user", "agents")
    guard !Self.package.hasPrefix("/tmp/"), !Self.package.hasPrefix("/var/tmp/") else {
      #expect(run.code == .failure && run.errors.contains("out of a service's sight"), "\(run.errors)")
      return
    }
    #expect(run.code == .success, "\(run.errors)")
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    #expect(values("ExecStart", in: run.output) == ["\(program) --deployment \(Self.package)/plugins.yml up"])
    #expect(values("User", in: run.output) == ["agents"])
    #expect(values("ReadWritePaths", in: run.output) == [Self.package])
    let json = try JSON.parse(
      Run("export", "systemd", "--json", "--deployment", Self.package, "--user", "agents").output
    )
    #expect(json["unit"]?.stringValue == run.output)
  }

  @Test func `a reload is waited for, and sends the host no signal`() {
    let unit = unit().text
    #expect(values("ExecReload", in: unit) == ["/opt/promethean/promethean --deployment /srv/agents/plugins.yml apply"])
    // Of type notify-reload it would be SIGHUP, by which the host stops.
    #expect(values("Type", in: unit) == ["notify"])
  }

  @Test func `a deployment that is not there has no unit`() {
    let run = Run("export", "systemd", "--deployment", "/nonexistent/plugins.yml")
    #expect(run.code == .failure && run.output.isEmpty)
    #expect(run.errors == "promethean: /nonexistent/plugins.yml: there is no such file\n")
  }

  @Test func `systemd makes a state directory where it can, and others are opened`() {
    let own = unit("/var/lib/agents/plugins.yml").text
    #expect(values("StateDirectory", in: own) == ["agents"] && values("ReadWritePaths", in: own) == [])
    for place in ["/srv/agents", "/var/lib/agents/one"] {
      let other = unit("\(place)/plugins.yml").text
      #expect(values("StateDirectory", in: other) == [] && values("ReadWritePaths", in: other) == [place])
    }
  }

  @Test func `homes are hidden from a host that lies in none`() {
    #expect(values("ProtectHome", in: unit().text) == ["yes"])
    #expect(values("ProtectHome", in: unit("/home/me/agents/plugins.yml").text) == ["read-only"])
  }

  static let refused: [(deployment: String, user: String, problem: String)] = [
    (
      "/srv/my agents/plugins.yml", "agents",
      "/srv/my agents/plugins.yml has characters that mean something else in a unit"
    ),
    ("/srv/%h/plugins.yml", "agents", "/srv/%h/plugins.yml has characters that mean something else in a unit"),
    (
      "/srv/a\nUser=root/plugins.yml", "agents",
      "/srv/a\nUser=root/plugins.yml has characters that mean something else in a unit"
    ),
    (
      "/tmp/agents/plugins.yml", "agents",
      "/tmp/agents/plugins.yml is out of a service's sight: it has a /tmp of its own"
    ),
    ("/srv/plugins.yml", "", " is no user's name"), ("/srv/plugins.yml", "a b", "a b is no user's name"),
    ("/srv/plugins.yml", "a\nb", "a\nb is no user's name"),
    ("/srv/plugins.yml", "root", "the unit takes from root what a host of root's needs; name another user"),
  ]

  @Test(arguments: refused) func `what cannot be a service is refused`(
    deployment: String,
    user: String,
    problem: String
  ) {
    #expect(unit(deployment, user: user).problem == problem)
    #expect(unit().problem == nil && SystemdUnit.packaged.problem == nil)
  }

  @Test func `the manager waits for longer than the host takes to stop`() throws {
    let value = try #require(values("TimeoutStopSec", in: unit().text).first)
    let seconds = try #require(value.hasSuffix("s") ? Int64(value.dropLast()) : nil)
    let stages = Int64(PluginKind.allCases.count)
    #expect(seconds * nanosecondsPerSecond > stages * Supervisor.stopDeadline)
  }

  /// Runs systemd's own judgement of the unit.
  private func analyze(_ words: [String]) throws -> (status: Int32, output: String) {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(filePath: Self.analyzer)
    process.arguments = words
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test(.enabled(if: hasAnalyzer, "needs systemd-analyze, of Debian's package systemd"))
  func `systemd rates the exposure of the unit as OK`() throws {
    // In tenths; what it calls OK ends at 4.9.
    let run = try analyze(["security", "--offline=true", "--no-pager", "--threshold=30", Self.file])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains(/Overall exposure level for promethean\.service: [0-3]\.\d OK/), "\(run.output)")
  }

  @Test(.enabled(if: hasAnalyzer, "needs systemd-analyze, of Debian's package systemd"))
  func `systemd understands each line of a unit`() throws {
    let directory = TemporaryDirectory()
    var unit = SystemdUnit.packaged
    unit.executable = "/bin/true"
    let run = try analyze(["verify", "--man=no", try directory.file("promethean.service", unit.text)])
    #expect(run.status == 0 && !run.output.contains("promethean.service:"), "\(run.output)")
  }
}
