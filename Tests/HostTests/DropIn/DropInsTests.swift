import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// What lies in the drop-in folder is told apart by what plugins.yml makes of it.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct DropInsTests {
  private let manifest: ManifestFixture
  private let mailbox = Mailbox<DropIns.Found>()

  init() throws { manifest = try ManifestFixture() }

  /// Looks until nothing is left to be looked at, and returns what is new.
  @discardableResult
  private func look(_ dropIns: DropIns) -> [String] {
    var new: [String] = []
    while true {
      dropIns.hear(now: 0)
      var isLooking = false
      dropIns.tick(now: .max) { [mailbox] in mailbox.post($0) }
      var wait = pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&wait, 1, dropIns.isLooking ? -1 : 0) == 1 {
        for found in mailbox.drain() {
          isLooking = true
          new += dropIns.adopt(found).map(\.file)
        }
      }
      if !isLooking { return new }
    }
  }

  /// What `status` says: a word for each file.
  private func states(_ dropIns: DropIns, _ deployment: Deployment) -> [String: String] {
    let status = dropIns.status(in: deployment)
    let files = status["files"]?.arrayValue ?? []
    #expect(status["count"]?.intValue == Int64(files.count))
    return files.reduce(into: [:]) { states, file in
      let plugin = file["plugin"]?.stringValue.map { " \($0)" } ?? ""
      states[file["file"]?.stringValue ?? ""] = (file["state"]?.stringValue ?? "") + plugin
    }
  }

  private func deployment() throws -> Deployment { try #require(manifest.read().deployment) }

  @Test func `what runs as it is is not shown`() throws {
    let deployment = try deployment()
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    #expect(look(dropIns) == ["libEcho.so", "libIndexer.so", "libStorage.so"])
    #expect(states(dropIns, deployment) == [:])
  }

  @Test func `what is not named is discovered, and what is named and another is changed`() throws {
    let deployment = try deployment()
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    look(dropIns)
    let other = DropInFixture.library("other")
    try manifest.write("plugins.d/libOther.so", other)
    // Named as Indexer, and by its path.
    try manifest.write("plugins.d/libIndexer.so", other)
    try manifest.write("plugins.d/libStorage.so", other)
    #expect(look(dropIns).sorted() == ["libIndexer.so", "libOther.so", "libStorage.so"])
    #expect(
      states(dropIns, deployment) == [
        "libOther.so": "discovered", "libIndexer.so": "changed indexer", "libStorage.so": "changed storage",
      ]
    )
    // Found before libEcho.so would be, were it not there.
    try manifest.write("plugins.d/Echo.so", other)
    look(dropIns)
    #expect(states(dropIns, deployment)["Echo.so"] == "discovered")
    unsafe unlink("\(manifest.directory)/plugins.d/libEcho.so")
    look(dropIns)
    #expect(states(dropIns, deployment)["Echo.so"] == "changed echo")
    for name in ["Echo", "libOther", "libIndexer", "libStorage"] {
      unsafe unlink("\(manifest.directory)/plugins.d/\(name).so")
    }
    look(dropIns)
    #expect(states(dropIns, deployment) == [:] && dropIns.files.isEmpty)
  }

  @Test func `what cannot be read is broken, and a link is not where a plugin names it`() throws {
    let deployment = try deployment()
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    try manifest.write("plugins.d/libEcho.so", [1])
    try manifest.write("plugins.d/text.so", [1])
    let folder = "\(manifest.directory)/plugins.d"
    unsafe unlink("\(folder)/libStorage.so")
    for link in ["libStorage.so", "link.so"] { #expect(unsafe symlink("libIndexer.so", "\(folder)/\(link)") == 0) }
    look(dropIns)
    #expect(
      states(dropIns, deployment) == ["libEcho.so": "broken echo", "text.so": "broken", "link.so": "broken"]
    )
  }

  @Test func `what is disabled or was left out is not said to change`() throws {
    manifest.edit("plugins.yml", "    library: Indexer\n", "    library: Indexer\n    enabled: false\n")
    manifest.edit("Storage", "kind: service", "kind: nonsense")
    manifest.edit("plugins.yml", "storage.documents: { messages: write }", "clock: {}")
    manifest.edit("Indexer", "    - storage.documents: { messages: write }\n", "    - clock\n")
    let (read, diagnostics) = try manifest.read()
    let deployment = try #require(read)
    #expect(Set(diagnostics.map(\.plugin)) == ["storage"])
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    try manifest.write("plugins.d/libIndexer.so", DropInFixture.library("indexer"))
    look(dropIns)
    #expect(states(dropIns, deployment) == ["libStorage.so": "broken storage"])
    try manifest.write("plugins.d/libStorage.so", DropInFixture.library("storage"))
    look(dropIns)
    #expect(states(dropIns, deployment) == [:])
  }

  @Test func `other keys have every signature looked at again`() throws {
    let deployment = try deployment()
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    look(dropIns)
    guard case .by? = dropIns.files["libEcho.so"]?.library?.signature else {
      Issue.record("it is signed")
      return
    }
    dropIns.use([])
    #expect(look(dropIns).count == 3)
    guard case .badly? = dropIns.files["libEcho.so"]?.library?.signature else {
      Issue.record("nobody's key is trusted")
      return
    }
    dropIns.use([])
    #expect(look(dropIns).isEmpty)
  }

  @Test func `a library is shown with all that is known of it, a hundred at most`() throws {
    let deployment = try deployment()
    let dropIns = try DropIns(of: deployment)
    defer { dropIns.close() }
    for number in 100..<250 { try manifest.write("plugins.d/\(number).so", DropInFixture.library("small", size: 0)) }
    look(dropIns)
    let status = dropIns.status(in: deployment)
    #expect(status["count"] == 150 && status["files"]?.arrayValue?.count == 100)
    #expect(
      status["files"]?.arrayValue?.first == [
        "file": "100.so", "state": "discovered", "plugin": nil, "id": "small", "version": "1.2.3", "kind": "worker",
        "provider": nil, "description": "Says small.",
        "requests": ["subscribe promethean.p.*.t.*.events.Created", "clock"],
        "digest": .string(sha256(DropInFixture.library("small", size: 0))), "signature": ["state": "unsigned"],
      ]
    )
  }
}
