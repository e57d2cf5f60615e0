import PluginKit
import SQLite
import TestSupport
import Testing
import VectorIndex

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct OpenIndexTests {
  private static let scope = DocumentScope(provider: "echo", tenant: "demo", collection: "messages")

  private func open(_ world: VectorWorld, to the: String = "index.hnsw") throws -> OpenIndex {
    let model = try world.model()
    let count = Int(try world.store.vectors.counts(of: model).vectors)
    let file = IndexFile(path: world.directory.file(the))
    return try OpenIndex(Self.scope, model, file, count: count, scanMax: VectorWorld.scanMax)
  }

  /// Does all there is to be done, and says in how many steps.
  @discardableResult
  private func finish(_ index: OpenIndex, _ world: VectorWorld) throws -> Int {
    var steps = 0
    while index.hasWork {
      try index.step(world.store.vectors)
      steps += 1
    }
    return steps
  }

  private func expectAll(_ index: OpenIndex, _ world: inout VectorWorld) throws {
    let query = try UnitVector(world.latent.next())
    let found = try world.search(query, [:], 10, index.index).matches.map(\.foreignID)
    #expect(Set(found).intersection(world.expected(query, [:], 10)).count >= 9)
    #expect(index.index.count == world.entries.count)
  }

  @Test func `an index comes to be in small steps, and can be searched all along`() throws {
    var world = try VectorWorld(count: 3_000)
    let index = try open(world)
    #expect(!index.isLoaded && index.hasWork)
    #expect(try finish(index, world) > 5)
    #expect(index.index.linked == 3_000)
    try expectAll(index, &world)
  }

  @Test func `what was saved is there again, with what was written and deleted since`() throws {
    var world = try VectorWorld(count: 3_000)
    let before = try open(world)
    try finish(before, world)
    before.save()
    try world.add(3_000..<3_100)
    let gone = world.entries.filter { (Int($0.id) ?? 0).isMultiple(of: 7) }.map(\.id)
    _ = try world.store.apply(
      gone.map { ("messages", .delete(DocumentDeletion(foreignID: $0, revision: nil, now: 0))) }
    )
    world.entries.removeAll { gone.contains($0.id) }

    let after = try open(world)
    #expect(after.index.linked == 3_000)
    while !after.isLoaded { try after.step(world.store.vectors) }
    #expect(after.index.waiting == 100 - gone.count { (Int($0) ?? 0) >= 3_000 })
    try finish(after, world)
    try expectAll(after, &world)
  }

  @Test func `what is written and deleted while it is read is in it`() throws {
    var world = try VectorWorld(count: 2_000)
    let index = try open(world)
    try index.step(world.store.vectors)
    let gone = ["1", "2", "1999"]
    _ = try world.store.apply(
      gone.map { ("messages", .delete(DocumentDeletion(foreignID: $0, revision: nil, now: 0))) }
    )
    for (_, id) in world.store.vectors.changes.removed { index.remove(id) }
    world.entries.removeAll { gone.contains($0.id) }
    try world.add(2_000..<2_010)
    try finish(index, world)
    try index.catchUp(world.store.vectors)
    try expectAll(index, &world)
  }

  @Test(arguments: ["cut", "flipped", "empty", "other", "directory"])
  func `a file that is damaged, or of other vectors, is made again`(damage: String) throws {
    var world = try VectorWorld(count: 2_000)
    let before = try open(world)
    try finish(before, world)
    before.save()
    var file = try world.directory.read("index.hnsw")
    switch damage {
    case "cut": file.removeLast(100)
    case "flipped": file[file.count / 2] ^= 4
    case "empty": file = []
    case "other":
      // The graph of another database's vectors, under this one's name.
      let owner = try world.model().owner
      let other = try VectorIndex.read(file, owner: owner, dimension: VectorWorld.dimension, capacity: 4_000).index
      for id in 1...2_000 { try? other.fill(Int64(id), UnitVector(world.latent.next())) }
      file = other.file(owner: owner, last: 2_000)
    default: break
    }
    if damage == "directory" {
      _ = try world.directory.write("other", [1])
    } else {
      try world.directory.write("index.hnsw", file)
    }
    let after = try open(world, to: damage == "directory" ? "" : "index.hnsw")
    try finish(after, world)
    try expectAll(after, &world)
    after.save()
  }

  @Test func `a process that ends while vectors are linked goes on from what was saved`() throws {
    var world = try VectorWorld(count: 4_000)
    do {
      let index = try open(world)
      while index.index.linked < 2_500 { try index.step(world.store.vectors) }
      index.save()
    }
    let index = try open(world)
    #expect(index.index.linked >= 2_500)
    try finish(index, world)
    try expectAll(index, &world)
  }

  @Test func `a graph of which much is gone is made anew`() throws {
    var world = try VectorWorld(count: 4_500)
    let index = try open(world)
    try finish(index, world)
    let gone = world.entries.prefix(2_000).map(\.id)
    _ = try world.store.apply(
      gone.map { ("messages", .delete(DocumentDeletion(foreignID: $0, revision: nil, now: 0))) }
    )
    for (_, id) in world.store.vectors.changes.removed { index.remove(id) }
    world.entries.removeFirst(2_000)
    #expect(index.hasWork)
    try finish(index, world)
    #expect(index.index.gone == 0)
    try expectAll(index, &world)
  }

  @Test func `a row that is no vector is an error`() throws {
    let world = try VectorWorld(count: 600)
    try world.store.database.execute("UPDATE vectors SET vector = x'00' WHERE id = 5")
    let index = try open(world)
    #expect(throws: SQLiteError.self) { try finish(index, world) }
  }
}
