import Glibc
import TestSupport
import Testing

@testable import Host

@Suite struct DirectoryTests {
  private static let isRoot = geteuid() == 0
  /// A user that no account has.
  private static let stranger: UInt32 = 64_999

  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func owner(of name: String) -> UInt32? {
    var status = stat()
    return unsafe lstat(directory.file(name), &status) == 0 ? status.st_uid : nil
  }

  private func link(_ name: String, to target: String) throws {
    try #require(unsafe symlink(directory.file(target), directory.file(name)) == 0)
  }

  @Test(.enabled(if: isRoot, "only root gives files away"))
  func `a directory is given with all in it, and nothing that a link in it leads to`() throws {
    try Directory.make(directory.file("data/deep/deeper"), mode: 0o700)
    try Directory.make(directory.file("elsewhere/kept"), mode: 0o700)
    try directory.write("data/a", [1])
    try directory.write("data/deep/deeper/b", [1])
    try link("data/deep/link", to: "elsewhere")
    try Directory.give(directory.file("data"), to: Self.stranger)
    for name in ["data", "data/a", "data/deep", "data/deep/deeper", "data/deep/deeper/b", "data/deep/link"] {
      #expect(owner(of: name) == Self.stranger, "\(name)")
    }
    #expect(owner(of: "elsewhere") == 0)
    #expect(owner(of: "elsewhere/kept") == 0)
  }

  @Test(.enabled(if: isRoot, "only root gives files away"))
  func `what is in a directory that is the user's already is left alone`() throws {
    try Directory.make(directory.file("data/deep"), mode: 0o700)
    try #require(unsafe chown(directory.file("data"), Self.stranger, Self.stranger) == 0)
    try Directory.give(directory.file("data"), to: Self.stranger)
    #expect(owner(of: "data/deep") == 0)
  }

  @Test func `a link in the place of the directory is refused`() throws {
    try Directory.make(directory.file("elsewhere"), mode: 0o700)
    try link("data", to: "elsewhere")
    #expect(throws: HostError.self) { try Directory.give(directory.file("data"), to: Self.stranger) }
    #expect(owner(of: "elsewhere") == geteuid())
  }
}
