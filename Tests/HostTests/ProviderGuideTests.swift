import Glibc
import TestSupport
import Testing

@testable import Host

/// The provider that docs/adding-a-provider.md has its readers write, as it stands there.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct ProviderGuideTests {
  /// What the package's own targets are built with, for what is not one of them: nothing but what is public is there.
  private static let settings = [
    "-swift-version", "6", "-warnings-as-errors", "-strict-memory-safety",
    "-enable-upcoming-feature", "ExistentialAny", "-enable-upcoming-feature", "InternalImportsByDefault",
    "-enable-upcoming-feature", "MemberImportVisibility", "-enable-upcoming-feature", "NonisolatedNonsendingByDefault",
  ]

  /// The guide's blocks of code, by the line with a path that stands before one; those without have no name.
  private static func blocks() throws -> [(name: String?, text: String)] {
    let guide = String(decoding: try FileBytes.read("\(Products.package)/docs/adding-a-provider.md"), as: UTF8.self)
    var blocks: [(name: String?, text: String)] = []
    var (name, text): (String?, String?) = (nil, nil)
    for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
      if let found = text {
        text = line == "```" ? nil : found + line + "\n"
        guard line == "```" else { continue }
        blocks.append((name, found))
        name = nil
      } else if line.hasPrefix("```") {
        text = ""
      } else if line.hasPrefix("`"), line.hasSuffix("`:") {
        name = String(line.dropFirst().dropLast(2))
      } else if !line.isEmpty {
        name = nil
      }
    }
    return blocks
  }

  @Test func `its code builds against what is public of the kits`() async throws {
    let directory = try TemporaryDirectory()
    let sources = try Self.blocks().filter { block in
      let parts = (block.name ?? "").split(separator: "/")
      return parts.count == 3 && parts.first == "Plugins" && block.name?.hasSuffix(".swift") == true
    }
    #expect(sources.count >= 4)
    var words = ["/usr/bin/env", "swiftc", "-typecheck", "-module-name", "Example"] + Self.settings
    words += ["-I", "\(Products.directory)/Modules"]
    for path in try Self.modules() { words += ["-Xcc", path] }
    for source in sources {
      let name = String(source.name?.split(separator: "/").last ?? "")
      try directory.write(name, Array(source.text.utf8))
      words.append(directory.file(name))
    }
    let compiler = try ForeignProgram(words)
    let status = try await compiler.end()
    #expect(status == 0, "\(compiler.said)")
  }

  /// The arguments by which a compiler finds the C modules that the kits are made of.
  private static func modules() throws -> [String] {
    var arguments: [String] = []
    for target in Directory.names(in: "\(Products.package)/Sources") {
      let source = "\(Products.package)/Sources/\(target)"
      arguments.append("-I\(source)/include")
      for map in ["\(source)/module.modulemap", "\(Products.directory)/\(target).build/module.modulemap"]
      where unsafe access(map, R_OK) == 0 { arguments.append("-fmodule-map-file=\(map)") }
    }
    return arguments
  }

  @Test func `its manifest and its entry of plugins.yml fit each other, and nothing is wrong with them`() throws {
    let blocks = try Self.blocks()
    let fixture = try ManifestFixture()
    fixture.manifests["Example"] = blocks.first { $0.name == "Plugins/Example/plugin.yml" }?.text
    let tenant = try #require(blocks.first { $0.text.hasPrefix("  - provider: example\n") })
    let entry = try #require(blocks.first { $0.text.hasPrefix("  example:\n") })
    fixture.edit("plugins.yml", "tenants:\n  - {", "tenants:\n\(tenant.text)  - {")
    fixture.edit("plugins.yml", "plugins:\n  echo:", "plugins:\n\(entry.text)  echo:")
    #expect(try fixture.messages() == [])
    let deployment = try #require(try fixture.read().deployment)
    #expect(deployment.plugins.contains { $0.id == "example" })
  }
}
