import Glibc
import TestSupport
import Testing

@testable import Host

/// Whether anything but a provider's own plugin knows the provider.
@Suite struct ProviderNamesTests {
  /// A provider, by what nobody would write who does not mean it: its name, and words of its protocol.
  struct Provider: Sendable, CustomTestStringConvertible {
    let plugin: String
    let words: [String]

    var testDescription: String { plugin }

    func isMentioned(in text: String) -> Bool {
      let text = text.lowercased()
      return words.contains { text.contains($0) }
    }
  }

  static let providers = [
    Provider(
      plugin: "Plugins/Discord",
      words: ["discord", "gateway_bot", "gateway/bot", "snowflake", "x-ratelimit-bucket"]
    ),
    Provider(plugin: "Plugins/Reddit", words: ["reddit", "t1_", "t3_", "raw_json", "x-ratelimit-used"]),
    Provider(plugin: "Plugins/OpenAI", words: ["openai", "insufficient_quota", "retry-after-ms"]),
  ]

  /// The lines of a folder's files that mention a provider, as `path:line: text`; and paths that do.
  private func mentions(of provider: Provider, in folder: String) throws -> [String] {
    try names(in: "\(ManifestFixture.repository)/\(folder)").flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      guard path != provider.plugin else { return [] }
      let isFolder = isFolder("\(ManifestFixture.repository)/\(path)")
      let within = isFolder ? try mentions(of: provider, in: path) : try lines(of: path, mentioning: provider)
      return (provider.isMentioned(in: name) ? [path] : []) + within
    }
  }

  private func lines(of path: String, mentioning provider: Provider) throws -> [String] {
    let text = String(decoding: try FileBytes.read("\(ManifestFixture.repository)/\(path)"), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { provider.isMentioned(in: String($0.element)) }
      .map { "\(path):\($0.offset + 1): \($0.element)" }
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func names(in folder: String) -> [String] {
    Directory.names(in: folder).filter { !$0.hasPrefix(".") }
  }

  @Test(arguments: providers, ["Sources", "Plugins", "schemas"])
  func `no provider's name or constant stands outside of its plugin`(provider: Provider, folder: String) throws {
    #expect(!names(in: "\(ManifestFixture.repository)/\(folder)").isEmpty)
    #expect(try mentions(of: provider, in: folder) == [])
  }

  @Test(arguments: providers)
  func `where it belongs it is found`(provider: Provider) throws {
    let within = try mentions(of: Provider(plugin: "", words: provider.words), in: provider.plugin)
    #expect(within.contains { $0.hasPrefix("\(provider.plugin)/plugin.yml:") })
    #expect(provider.isMentioned(in: provider.words[0].uppercased()) && !provider.isMentioned(in: "bucket"))
  }
}
