import Envelope
import Foundation
import Host
import TestSupport
import Testing

@testable import CLI

/// The commands that read plugins.yml and need no host.
struct OfflineTests {
  /// The deployment of this package, whose libraries are built beside the tests.
  private static let deployment =
    String(#filePath.prefix(upTo: #filePath.ranges(of: "/Tests/").last?.lowerBound ?? #filePath.endIndex))
    + "/plugins.yml"

  /// The line of the deployment's file that begins with a text, from 1.
  private func line(beginning text: String) throws -> Int {
    let lines = try String(contentsOfFile: Self.deployment, encoding: .utf8).split(
      separator: "\n",
      omittingEmptySubsequences: false
    )
    return try #require(lines.firstIndex { $0.hasPrefix(text) }) + 1
  }

  @Test func `nothing is wrong with the deployment of this package`() throws {
    let run = Run("validate", Self.deployment)
    #expect(run.code == .success)
    #expect(run.output == "\(Self.deployment): nothing is wrong (6 plugins, 2 tenants)\n")
  }

  @Test func `a library is shown with an entry to paste`() throws {
    let directory = TemporaryDirectory()
    let manifest =
      "agent: { id: weather, kind: access, provider: sky, version: 1.0.0, abi: 1.1, capabilities: [clock] }"
    let bytes = ELFFixture.library(notes: ELFFixture.note(manifest: Array(manifest.utf8)))
    _ = try directory.file("plugins.yml", "version: 1\n")
    let library = "\(directory.path)/libWeather.so"
    try Data(bytes).write(to: URL(filePath: library))
    let run = Run("show", library, "--deployment", directory.path)
    #expect(run.code == .success)
    #expect(
      run.lines == [
        "# weather 1.0.0, access of sky, not signed", "  weather:", "    library: \"./libWeather.so\"",
        "    trust: unsigned  # nobody has signed it", "    tenants: [\"sky/*\"]", "    grants:",
        "      clock: {}",
      ]
    )
    let json = try JSON.parse(Run("show", library, "--deployment", directory.path, "--json").output)
    #expect(json["id"] == "weather" && json["entry"]?.stringValue == run.lines.dropFirst().map { $0 + "\n" }.joined())
    let failed = Run("show", "\(directory.path)/plugins.yml", "--deployment", directory.path)
    #expect(failed.code == .failure)
    #expect(failed.errors == "promethean: \(directory.path)/plugins.yml is not an ELF file\n")
  }

  @Test func `everything that is wrong is printed with its place`() throws {
    let directory = TemporaryDirectory()
    let file = try directory.file(
      "plugins.yml",
      """
      version: 1
      hots: {}
      tenants: [{ provider: echo, tenant: demo }]
      plugins:
        echo:
          library: NoSuchLibrary
          tenants: [echo/demo]
      """
    )
    let run = Run("validate", "--deployment", directory.path)
    #expect(run.code == .failure)
    try #require(run.lines.count == 2, "\(run.output)")
    #expect(run.lines[0].hasPrefix("\(file):2:1: error: "))
    #expect(run.lines[1].hasPrefix("\(file):6:14: error: "))
    #expect(run.lines[1].contains("libNoSuchLibrary.so"))
    let report = try JSON.parse(Run("validate", file, "--json").output)
    #expect(report["valid"] == false)
    let errors = try #require(report["errors"]?.arrayValue)
    #expect(errors.map { $0["line"] } == [2, 6])
    #expect(errors.map { $0["plugin"] } == [.null, "echo"])
  }

  @Test func `a file that is not there is wrong`() {
    let run = Run("validate", "/nonexistent/plugins.yml")
    #expect(run.code == .failure)
    #expect(run.output.hasPrefix("/nonexistent/plugins.yml:1:1: error: "))
  }

  @Test func `a denial names the line that lacks the grant`() throws {
    let topic = "promethean.p.echo.t.demo.social.PostMessage"
    let run = Run("grants", "explain", "message-indexer", "publish", topic, "--deployment", Self.deployment)
    #expect(run.code == .failure)
    #expect(run.lines.first == "deny")
    // Its grant of publish stands behind what it subscribes to.
    let place = try line(beginning: "        - promethean.p.*.t.*.jobs.backfill.messages.(enqueue") + 1
    #expect(run.lines.last?.hasPrefix("\(Self.deployment):\(place):") == true, "\(run.output)")
    #expect(run.errors.isEmpty)
  }

  @Test func `a permission names the grant that gives it`() throws {
    let words = ["grants", "explain", "message-indexer", "storage.documents", "messages:write"]
    let run = Run(words + ["--deployment", Self.deployment])
    #expect(run.code == .success)
    #expect(run.lines.first == "allow")
    let place = try "\(Self.deployment):\(line(beginning: "      storage.documents:")):"
    #expect(run.lines.last?.hasPrefix(place) == true, "\(run.output)")
    let json = try JSON.parse(Run(words + ["--deployment", Self.deployment, "--json"]).output)
    #expect(json["allowed"] == true)
    #expect(try json["line"] == .int(Int64(line(beginning: "      storage.documents:"))))
  }

  @Test func `grants are listed with their places`() throws {
    let run = Run("grants", "list", "storage", "--deployment", Self.deployment)
    #expect(run.lines.first?.hasPrefix("PLUGIN") == true)
    #expect(run.lines.dropFirst().allSatisfy { $0.hasPrefix("storage ") && $0.contains("plugins.yml:") })
    #expect(run.lines.contains { $0.contains("fs.write") })
    let json = try Run("grants", "list", "--json", "--deployment", Self.deployment).lines.map { try JSON.parse($0) }
    let plugins = Set(json.compactMap { $0["plugin"]?.stringValue })
    #expect(plugins == ["echo", "embedder", "message-embedder", "message-indexer", "search", "storage"])
    #expect(json.contains { $0["plugin"] == "storage" && $0["capability"] == "fs.write" && $0["resource"] == "data" })
  }

  @Test func `a plugin or capability that is not there is answered with the nearest`() {
    let plugin = Run("grants", "explain", "mesage-indexer", "publish", "--deployment", Self.deployment)
    #expect(
      plugin.errors.hasSuffix("has no plugin \"mesage-indexer\" that can be used (did you mean message-indexer?)\n")
    )
    #expect(plugin.code == .failure)
    let capability = Run("grants", "explain", "echo", "publsh", "--deployment", Self.deployment)
    #expect(capability.errors.contains("(did you mean publish?)"))
    #expect(capability.code == .usage)
  }
}
