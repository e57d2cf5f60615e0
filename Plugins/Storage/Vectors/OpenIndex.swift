internal import PluginKit
internal import SQLite
internal import VectorIndex

/// The index of one model's vectors, in memory as far as it is read, and its file.
///
/// It comes to be in steps that each take little time: its vectors are read from the database, into the graph of the
/// file where that is whole and of these vectors; then those that wait are linked.
final class OpenIndex {
  /// Vectors that are read in one step: about 2 ms of those of 384 elements.
  static let readEach: Int64 = 512
  /// How long linking goes on before others have their turn; one vector takes half a millisecond or so.
  private static let linkingMax = Duration.milliseconds(4)
  /// The file is written when so many more vectors are linked, or this share of all: the rest is soon linked again.
  private static let savedEach = (count: 1_000, share: 20)
  /// A graph is made anew when more than so many vectors of it are gone, and this share of all: they cost every search
  /// time, and what is left ever more of its links.
  private static let goneMax = (count: 1_000, share: 3)

  /// Where the model's vectors are.
  let scope: DocumentScope
  let model: StoredModel
  private let file: IndexFile
  private let scanMax: Int
  private(set) var index: VectorIndex
  /// The last vector that was read.
  private var last: Int64 = 0
  /// Whether all vectors have been read that were there.
  private(set) var isLoaded = false
  /// Whether there was no memory for a vector: what is here is not all of them.
  private(set) var hasNoMemory = false
  /// Why the file cannot be used, until somebody has told it: the graph is made again.
  var damage: VectorIndexError?
  /// How many vectors are in the graph of the file.
  private var saved = 0

  /// Begins with the file, if it can be used, and with nothing else.
  ///
  /// `count` is how many vectors there are; up to `scanMax` they are looked at one by one.
  init(
    _ scope: DocumentScope,
    _ model: StoredModel,
    _ file: IndexFile,
    count: Int,
    scanMax: Int = VectorIndex.scanMax
  ) throws(VectorIndexError) {
    self.scope = scope
    self.model = model
    self.file = file
    self.scanMax = scanMax
    // A file may have some that are gone meanwhile; one with more is not worth it.
    let capacity = count + count / Self.goneMax.share + Self.goneMax.count
    let bytes = count > scanMax ? file.read(sizeMax: VectorIndex.fileSizeMax(count: capacity)) : nil
    var graph: VectorIndex?
    do throws(VectorIndexError) {
      graph = try bytes.map { (bytes) throws(VectorIndexError) in
        try VectorIndex.read(
          bytes,
          owner: model.owner,
          dimension: model.model.dimension,
          capacity: capacity,
          scanMax: scanMax
        ).index
      }
    } catch {
      damage = error
    }
    if let graph {
      index = graph
    } else {
      index = try VectorIndex(dimension: model.model.dimension, capacity: count, scanMax: scanMax)
    }
    saved = index.linked
  }

  /// Whether there is something to be done.
  var hasWork: Bool { !hasNoMemory && (!isLoaded || index.wantsLinks || isWorn) }

  /// Whether so much of it is gone that it is to be made anew.
  private var isWorn: Bool {
    index.gone > max(Self.goneMax.count, (index.count + index.gone) / Self.goneMax.share)
  }

  /// What there is to be known about it.
  var json: JSON {
    let state = !isLoaded ? "loading" : index.wantsLinks ? "linking" : "ready"
    return [
      "state": .string(state), "vectors": .int(Int64(index.count)), "linked": .int(Int64(index.linked)),
      "memory": .int(Int64(index.memory)),
    ]
  }

  // MARK: - Steps

  /// Does what can be done in a few milliseconds.
  func step(_ store: VectorStore) throws(SQLiteError) {
    guard isLoaded else { return try load(store, limit: Self.readEach) }
    try catchUp(store)
    let end = ContinuousClock.now + Self.linkingMax
    while index.wantsLinks, ContinuousClock.now < end {
      // Without memory the vectors are looked at one by one.
      guard (try? index.link()) != nil else { return }
    }
    if index.linked - saved >= max(Self.savedEach.count, index.linked / Self.savedEach.share) { save() }
    guard isWorn else { return }
    do { try beginAgain() } catch { hasNoMemory = true }
  }

  /// Reads the next vectors.
  func load(_ store: VectorStore, limit: Int64) throws(SQLiteError) {
    var read: Int64 = 0
    var failure: VectorIndexError?
    try store.forEachVector(of: model, after: last, limit: limit) { (id, vector) throws(SQLiteError) in
      do throws(VectorIndexError) {
        try index.fill(id, vector)
      } catch {
        failure = error
        return false
      }
      last = id
      read += 1
      return true
    }
    if let failure { return try recover(from: failure) }
    guard read < limit else { return }
    index.endFilling()
    isLoaded = true
  }

  /// Reads what has been written since.
  func catchUp(_ store: VectorStore) throws(SQLiteError) {
    try store.forEachVector(of: model, after: last) { (id, vector) throws(SQLiteError) in
      guard (try? index.append(id, vector)) != nil else {
        hasNoMemory = true
        return false
      }
      last = id
      return true
    }
  }

  /// Begins again when the graph was not of these vectors.
  private func recover(from failure: VectorIndexError) throws(SQLiteError) {
    guard failure.kind != .memory else {
      hasNoMemory = true
      return
    }
    // Without a graph it is the row that is not what it should be.
    guard index.linked > 0 else { throw SQLiteError(damaged: failure.description, path: scope.collection) }
    damage = failure
    do { try beginAgain() } catch { hasNoMemory = true }
  }

  /// Notes that a vector is gone.
  func remove(_ id: Int64) {
    index.remove(id)
  }

  // MARK: - The file

  /// Writes the graph, if it has grown since.
  func save() {
    guard isLoaded, index.linked > saved else { return }
    // What cannot be written now is later, or made again.
    try? file.write(index.file(owner: model.owner, last: last))
    saved = index.linked
  }

  /// Takes the file away: the model is gone.
  func discard() {
    file.remove()
  }

  /// Makes the graph anew, of what the database has.
  private func beginAgain() throws(VectorIndexError) {
    let count = index.count
    // The old one first: there may be no room for two.
    index = try VectorIndex(dimension: model.model.dimension, scanMax: scanMax)
    index = try VectorIndex(dimension: model.model.dimension, capacity: count, scanMax: scanMax)
    (last, isLoaded, saved) = (0, false, 0)
  }
}
