import Glibc
import TestSupport
import Testing

@testable import Host

/// Whether anything but a provider's own plugin knows the provider.
@Suite struct ProviderNamesTests {
  /// What nobody would write who does not mean this provider: its name, and words of its protocol.
  private static let words = ["discord", "gateway_bot", "gateway/bot", "snowflake", "x-ratelimit-bucket"]
  private static let plugin = "Plugins/Discord"

  /// The lines of a folder's files that hold one of the words, as `path:line: text`; and paths that hold one.
  private func mentions(in folder: String) throws -> [String] {
    try names(in: "\(ManifestFixture.repository)/\(folder)").flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      guard path != Self.plugin else { return [] }
      let entry = isFolder("\(ManifestFixture.repository)/\(path)") ? try mentions(in: path) : try lines(of: path)
      return (isMention(name) ? [path] : []) + entry
    }
  }

  private func lines(of path: String) throws -> [String] {
    let text = String(decoding: try FileBytes.read("\(ManifestFixture.repository)/\(path)"), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { isMention(String($0.element)) }
      .map { "\(path):\($0.offset + 1): \($0.element)" }
  }

  private func isMention(_ text: String) -> Bool {
    let text = text.lowercased()
    return Self.words.contains { text.contains($0) }
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func names(in folder: String) -> [String] {
    Directory.names(in: folder).filter { !$0.hasPrefix(".") }
  }

  @Test(arguments: ["Sources", "Plugins", "schemas"])
  func `no provider's name or constant stands outside of its plugin`(folder: String) throws {
    #expect(!names(in: "\(ManifestFixture.repository)/\(folder)").isEmpty)
    #expect(try mentions(in: folder) == [])
  }

  @Test func `where it belongs it is found`() throws {
    #expect(try mentions(in: Self.plugin).contains { $0.hasPrefix("Plugins/Discord/plugin.yml:") })
    #expect(isMention("X-RateLimit-Bucket") && !isMention("bucket"))
  }
}
