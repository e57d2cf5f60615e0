import Testing

@testable import Host

@Suite struct ManifestBrokenTests {
  @Test(arguments: BrokenManifest.structure + BrokenManifest.hostAndTenants + BrokenManifest.plugins)
  func `a broken plugins.yml is refused, exactly`(row: BrokenManifest) throws {
    try check(row)
  }

  @Test(arguments: BrokenManifest.grants + BrokenManifest.between)
  func `a grant that cannot be is refused, exactly`(row: BrokenManifest) throws {
    try check(row)
  }

  @Test(arguments: BrokenManifest.manifests + BrokenManifest.schemas)
  func `a broken plugin.yml is refused, exactly`(row: BrokenManifest) throws {
    try check(row)
  }

  private func check(_ row: BrokenManifest) throws {
    let fixture = try ManifestFixture()
    fixture.edit(row.file, row.old, row.new)
    let messages = try fixture.messages()
    #expect(messages == row.messages, "\(messages.joined(separator: "\n"))")
    #expect(try mappedFiles().filter { $0.hasPrefix(fixture.directory) } == [])
  }

  @Test func `the table has at least 40 rows, each with its own message`() {
    let rows = BrokenManifest.structure + BrokenManifest.hostAndTenants + BrokenManifest.plugins + BrokenManifest.grants
    #expect(rows.count >= 40)
    #expect(Set(rows.flatMap(\.messages)).count >= 40)
  }
}

/// The files that this process has mapped.
func mappedFiles() throws -> Set<String> {
  // Read until nothing comes: the kernel gives this file out in pieces.
  let maps = String(decoding: try readFile("/proc/self/maps", sizeMax: 1 << 24), as: UTF8.self)
  return Set(maps.split(separator: "\n").compactMap { $0.firstIndex(of: "/").map($0.suffix(from:)).map(String.init) })
}
