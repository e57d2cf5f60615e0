import Foundation
import Testing

@testable import CLI

struct CompletionTests {
  private static let zsh = ["/bin/zsh", "/usr/bin/zsh", "/usr/local/bin/zsh"].first(
    where: FileManager.default.isExecutableFile
  )

  /// Runs a shell on a script and returns what it printed and its exit code.
  private func shell(_ path: String, _ arguments: [String]) throws -> (output: String, code: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: output, as: UTF8.self), process.terminationStatus)
  }

  private func complete(_ words: [String]) throws -> [String] {
    let directory = TemporaryDirectory()
    let driver = """
      COMP_WORDS=("$@")
      COMP_CWORD=$(( $# - 1 ))
      _promethean
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let script = try directory.file("complete.bash", BashCompletion(root: .promethean).script + driver)
    let (output, code) = try shell("/bin/bash", ["--norc", script] + words)
    #expect(code == 0, "\(output)")
    return output.split(separator: "\n").map(String.init)
  }

  @Test func `bash finds no fault with its script`() throws {
    let directory = TemporaryDirectory()
    let script = try directory.file("promethean.bash", Run("completion", "bash").output)
    let (output, code) = try shell("/bin/bash", ["-n", script])
    #expect(code == 0, "\(output)")
  }

  @Test(.enabled(if: zsh != nil)) func `zsh finds no fault with its script`() throws {
    let directory = TemporaryDirectory()
    let script = try directory.file("_promethean", Run("completion", "zsh").output)
    let (output, code) = try shell(try #require(Self.zsh), ["-n", script])
    #expect(code == 0, "\(output)")
  }

  @Test(arguments: [
    ("st", ["status"]),
    ("dlq ", ["list", "show", "replay"]),
    ("--deployment x dlq r", ["replay"]),
    ("--deployment = x dlq r", ["replay"]),
    ("--json dlq replay --pl", ["--plugin"]),
    ("completion ", ["bash", "zsh"]),
    ("logs --level ", ["debug", "info", "warn", "error"]),
    ("logs --level = w", ["warn"]),
    ("query --provider tap --co", ["--count"]),
    ("tap --count 5 --js", ["--json"]),
    ("send --file /etc/hostn", ["/etc/hostname"]),
    ("send /etc/hostn", ["/etc/hostname"]),
    ("tap --count ", []),
  ]) func `bash offers what may stand there`(line: String, offers: [String]) throws {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    #expect(try complete(["promethean"] + words) == offers)
  }

  @Test func `bash offers every command and every option`() throws {
    for (path, command) in Command.promethean.all() {
      let options = (command.options + GlobalOption.all).map { "--\($0.name)" }
      #expect(try complete(path + ["--"]) == options, "\(path)")
      guard !command.subcommands.isEmpty else { continue }
      #expect(try complete(path + [""]) == command.subcommands.map(\.name), "\(path)")
    }
  }

  @Test func `the script for zsh has every option of every command`() {
    let script = ZshCompletion(root: .promethean).script
    for (path, command) in Command.promethean.all() {
      #expect(script.contains("_\(path.joined(separator: "_"))() {"))
      for option in command.options { #expect(script.contains("--\(option.name)"), "\(path)") }
    }
  }
}
