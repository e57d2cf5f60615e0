internal import PluginKit

/// Which things are looked at again, kept by the host for the next process: some documents, of which the one with the
/// oldest things is written over when all are full.
@PluginActor
final class RereadLog {
  /// A thing, and when it came.
  struct Entry {
    let name: Fullname
    let space: URN
    let came: Int64
  }

  /// What one document holds.
  fileprivate struct Chunk {
    /// When its first thing came, in nanoseconds since 1970.
    var began: Int64
    /// The names of things by the names of their spaces.
    var names: [String: [Fullname]] = [:]
    var count = 0
  }

  /// Documents, and things in each: as many as fit the 32 KiB of a document with names of twelve bytes.
  nonisolated static let chunksMax = 32
  nonisolated static let chunkMax = 2400
  private static let version: Int64 = 1

  private let state: State
  private var chunks: [Int: Chunk] = [:]
  /// Which document is being filled.
  private var current = 0
  /// Those that were changed since they were written.
  private var changed: Set<Int> = []

  init(_ state: State) {
    self.state = state
  }

  /// Reads what an earlier process has written.
  func load() async throws(HostError) -> [Entry] {
    var entries: [Entry] = []
    for number in 0..<Self.chunksMax {
      guard let document = try await state.get(Self.document(number)), let chunk = Chunk(bytes: document.bytes) else {
        continue
      }
      chunks[number] = chunk
      for (text, names) in chunk.names {
        guard let space = try? URN(text) else { continue }
        entries += names.map { Entry(name: $0, space: space, came: chunk.began) }
      }
    }
    current = chunks.max { $0.value.began < $1.value.began }?.key ?? 0
    return entries
  }

  /// Takes note of a thing that came at a time; durable with the next `save`.
  ///
  /// - Returns: What is remembered no more.
  func add(_ name: Fullname, in space: URN, at now: Int64) -> [Fullname] {
    var forgotten: [Fullname] = []
    if let chunk = chunks[current], chunk.count >= Self.chunkMax {
      current = (current + 1) % Self.chunksMax
      forgotten = chunks.removeValue(forKey: current)?.names.values.flatMap(\.self) ?? []
    }
    chunks[current, default: Chunk(began: now)].names[space.description, default: []].append(name)
    chunks[current]?.count += 1
    changed.insert(current)
    return forgotten
  }

  /// Writes what was noted.
  func save() async throws(HostError) {
    while let number = changed.popFirst() {
      guard let chunk = chunks[number] else { continue }
      do throws(HostError) {
        try await state.put(Self.document(number), chunk.bytes(Self.version))
      } catch {
        changed.insert(number)
        throw error
      }
    }
  }

  private static func document(_ number: Int) -> String { "things-\(number)" }
}

extension RereadLog.Chunk {
  fileprivate init?(bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"] == 1, let began = json["began"]?.intValue,
      let spaces = json["spaces"]?.objectValue
    else { return nil }
    self.init(began: began)
    for (space, list) in spaces {
      let found = (list.stringValue ?? "").split(separator: " ").compactMap { Fullname($0) }
      names[space] = found
      count += found.count
    }
  }

  fileprivate func bytes(_ version: Int64) -> [UInt8] {
    var spaces = JSONObject()
    for (space, names) in names { spaces[space] = .string(names.map(\.description).joined(separator: " ")) }
    return JSON.object(["version": .int(version), "began": .int(began), "spaces": .object(spaces)]).bytes()
  }
}
