import Glibc
import TestSupport
import Testing

@testable import Host

/// What counts against `limits.disk`.
@Suite struct DiskUseTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func use(enough: Int = .max) -> DiskUse {
    var use = DiskUse(enough: enough)
    use.add(directory: directory.path)
    return use
  }

  @Test func `a file counts with its length, and no entry with less than a block`() throws {
    #expect(use().bytes == 0)
    try directory.write("small", [1])
    #expect(use().bytes == DiskUse.entryBytes)
    try directory.write("large", [UInt8](repeating: 1, count: 10_000))
    #expect(use().bytes >= DiskUse.entryBytes + 10_000)
    #expect(use().bytes < DiskUse.entryBytes + 20_000)
  }

  @Test func `a hole counts as if it were filled`() throws {
    try directory.write("hole", [])
    #expect(unsafe truncate(directory.file("hole"), 1 << 30) == 0)
    #expect(use().bytes == 1 << 30)
  }

  @Test func `directories count with what is in them, and links are not followed`() throws {
    let other = try TemporaryDirectory()
    try other.write("file", [UInt8](repeating: 1, count: 1 << 20))
    try Directory.make(directory.file("a/b"))
    try directory.write("a/b/file", [1])
    #expect(unsafe symlink(other.path, directory.file("a/link")) == 0)
    // a, b, the file, the link
    #expect(use().bytes == 4 * DiskUse.entryBytes)
  }

  @Test func `counting ends when it is enough`() throws {
    for number in 1...100 { try directory.write("\(number)", []) }
    let use = use(enough: 10 * DiskUse.entryBytes)
    #expect(use.bytes == 11 * DiskUse.entryBytes)
    #expect(use.obstacle == nil)
  }

  @Test func `a tree that is too deep to be walked is an obstacle`() throws {
    try Directory.make(directory.file((1..<DiskUse.depthMax).map { "\($0)" }.joined(separator: "/")))
    #expect(use().obstacle == nil)
    try Directory.make(directory.file((1...DiskUse.depthMax).map { "\($0)" }.joined(separator: "/")))
    #expect(use().obstacle?.hasSuffix("is more than \(DiskUse.depthMax) directories deep") == true)
  }

  @Test func `a directory that is not there holds nothing`() {
    var use = DiskUse(enough: .max)
    use.add(directory: directory.file("none"))
    #expect(use == DiskUse(enough: .max))
  }

  @Test func `a file that is deleted counts as long as it is open`() throws {
    let file = unsafe open(directory.file("gone"), O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    #expect(unsafe unlink(directory.file("gone")) == 0)
    #expect(ftruncate(file, 1 << 29) == 0)
    var held = DiskUse(enough: .max)
    held.add(heldBy: getpid(), onDiskOf: directory.path)
    // Other tests of this process may have such files too.
    #expect(held.bytes >= 1 << 29)
    close(file)
  }
}
