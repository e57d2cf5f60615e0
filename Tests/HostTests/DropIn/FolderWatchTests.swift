import Glibc
import TestSupport
import Testing

@testable import Host

/// What becomes of the drop-in folder is heard, whichever way it comes about.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct FolderWatchTests {
  private let directory: TemporaryDirectory
  private let watch: FolderWatch
  private var folder: String { directory.file("plugins.d") }

  init() throws {
    directory = try TemporaryDirectory()
    let made = unsafe Glibc.mkdir(directory.file("plugins.d"), 0o700)
    try #require(made == 0)
    watch = try FolderWatch(parent: directory.path, name: "plugins.d")
  }

  private func mkdir(_ path: String) {
    let made = unsafe Glibc.mkdir(path, 0o700)
    #expect(made == 0)
  }

  private func rename(_ from: String, _ to: String) {
    let renamed = unsafe Glibc.rename(directory.file(from), directory.file(to))
    #expect(renamed == 0)
  }

  /// All that has happened until now.
  private func heard(now: Int64 = 0) -> FolderWatch.Changes {
    var changes = FolderWatch.Changes()
    var wait = pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0)
    // The kernel has told of what was done by the time that it is done.
    while unsafe poll(&wait, 1, 0) == 1 { watch.read(into: &changes, now: now) }
    return changes
  }

  private func names() -> Set<String> {
    let changes = heard()
    #expect(!changes.isAll)
    return changes.names
  }

  @Test func `a file that is closed, renamed, linked, made another's or removed is to be looked at`() throws {
    #expect(names() == [])
    try directory.write("plugins.d/a.so", [1])
    #expect(names().contains("a.so"))
    rename("plugins.d/a.so", "plugins.d/b.so")
    #expect(names() == ["a.so", "b.so"])
    #expect(unsafe link(directory.file("plugins.d/b.so"), directory.file("plugins.d/c.so")) == 0)
    #expect(names().contains("c.so"))
    #expect(unsafe symlink("/etc/passwd", directory.file("plugins.d/d.so")) == 0)
    #expect(names() == ["d.so"])
    #expect(unsafe chmod(directory.file("plugins.d/b.so"), 0o400) == 0)
    #expect(names().contains("b.so"))
    #expect(unsafe unlink(directory.file("plugins.d/d.so")) == 0)
    #expect(names() == ["d.so"])
    let writer = unsafe open(directory.file("plugins.d/b.so"), O_WRONLY)
    close(writer)
    #expect(names() == ["b.so"])
  }

  @Test func `what is no library and says nothing of one is not`() throws {
    for name in [".a.so", "a.so.part", "README", ".minisig"] { try directory.write("plugins.d/\(name)", [1]) }
    #expect(names() == [])
    try directory.write("plugins.d/liba.so.minisig", [1])
    try directory.write("plugins.d/b.plugin.yml", [1])
    #expect(names() == ["liba.so", "libb.so", "b.so"])
  }

  @Test func `a file that is written to is not looked at until it is closed, or nothing is written for a while`() throws
  {
    try directory.write("plugins.d/a.so", [1, 2, 3])
    _ = heard()
    let writer = unsafe open(directory.file("plugins.d/a.so"), O_WRONLY)
    #expect(unsafe write(writer, [4 as UInt8], 1) == 1)
    var changes = heard(now: 100)
    #expect(changes.names == [] && changes.written.names == ["a.so"])
    #expect(changes.take(now: 100 + FolderWatch.Changes.quiet - 1) == nil)
    close(writer)
    #expect(names() == ["a.so"])
    #expect(unsafe truncate(directory.file("plugins.d/a.so"), 1) == 0, "which closes nothing")
    changes = heard(now: 100)
    #expect(changes.names == [])
    #expect(changes.take(now: 100 + FolderWatch.Changes.quiet)?.names == ["a.so"])
    #expect(changes.take(now: .max) == nil, "each once")
  }

  @Test func `a folder that is made later is heard`() throws {
    let directory = try TemporaryDirectory()
    let watch = try FolderWatch(parent: directory.path, name: "plugins.d")
    #expect(watch.problem == nil)
    mkdir(directory.file("plugins.d"))
    var changes = FolderWatch.Changes()
    watch.read(into: &changes, now: 0)
    #expect(changes.take(now: 0)?.isAll == true)
    try directory.write("plugins.d/a.so", [1])
    watch.read(into: &changes, now: 0)
    #expect(changes.take(now: 0)?.names == ["a.so"])
  }

  @Test func `a folder that takes the place of another is heard from then on`() throws {
    mkdir(directory.file("next"))
    rename("plugins.d", "before")
    rename("next", "plugins.d")
    #expect(heard().isAll)
    try directory.write("before/a.so", [1])
    try directory.write("plugins.d/b.so", [1])
    #expect(names() == ["b.so"])
  }

  @Test func `a folder that is removed and made again is heard`() throws {
    #expect(unsafe rmdir(folder) == 0)
    #expect(heard().isAll)
    try directory.write("plugins.d.txt", [1])
    #expect(names() == [])
    mkdir(folder)
    #expect(heard().isAll)
    try directory.write("plugins.d/a.so", [1])
    #expect(names() == ["a.so"])
  }

  @Test func `a file in the folder's place is no folder, and no reason to complain`() throws {
    #expect(unsafe rmdir(folder) == 0)
    try directory.write("plugins.d", [1])
    #expect(heard().isAll)
    #expect(watch.problem == nil)
  }

  @Test func `a folder that is a link to one is heard`() throws {
    rename("plugins.d", "real")
    #expect(unsafe symlink("real", folder) == 0)
    #expect(heard().isAll)
    try directory.write("real/a.so", [1])
    #expect(names() == ["a.so"])
    rename("real", "gone")
    #expect(heard().isAll, "what it leads to is another")
  }

  @Test func `where the kernel has lost events all is to be looked at`() throws {
    let limit = String(decoding: try FileBytes.read("/proc/sys/fs/inotify/max_queued_events"), as: UTF8.self)
    let events = try #require(Int(limit.prefix { $0.isNumber }))
    try directory.write("plugins.d/a.so", [1])
    for _ in 0...events / 4 {
      rename("plugins.d/a.so", "plugins.d/b.so")
      rename("plugins.d/b.so", "plugins.d/a.so")
    }
    #expect(heard().isAll)
    try directory.write("plugins.d/c.so", [1])
    #expect(names() == ["c.so"], "and it is heard again")
  }

  @Test func `more names than are kept mean that all is to be looked at`() throws {
    for number in 0...4096 { try directory.write("plugins.d/\(number).so", []) }
    #expect(heard().isAll)
  }

  @Test func `a directory that is not there cannot be listened to`() {
    #expect(throws: HostError.self) { try FolderWatch(parent: directory.file("no"), name: "plugins.d") }
  }
}
