internal import PluginKit

/// The documents of a tenant's jobs in the host's state.
@PluginActor
struct BackfillStore {
  /// How many spaces one document holds: with the longest names, two thirds of what the state takes.
  static let chunk = 20

  let state: State

  private static func name(_ job: String) -> String { "backfill.\(job)" }
  private static func name(_ job: String, lane: Int) -> String { "backfill.\(job).lane.\(lane)" }
  private static func name(_ job: String, chunk: Int) -> String { "backfill.\(job).spaces.\(chunk)" }

  /// A job and the version of its document; nil: there is none.
  func job(_ id: String) async throws(HostError) -> (job: BackfillJob, version: UInt64)? {
    guard let document = try await state.get(Self.name(id)) else { return nil }
    guard let job = BackfillJob(document.bytes) else {
      throw HostError(.invalid, "job \(id): expected a document of this version, found another")
    }
    return (job, document.version)
  }

  /// Writes a job over a version of it, 0 being none.
  func keep(_ job: BackfillJob, over version: UInt64) async throws(HostError) {
    try await state.put(Self.name(job.id), job.bytes, replacing: version == 0 ? .none : .version(version))
  }

  /// How far a lane is; at its beginning, if nothing is known of it.
  func lane(_ number: Int, of job: BackfillJob) async throws(HostError) -> BackfillLane {
    let document = try await state.get(Self.name(job.id, lane: number))
    return document.flatMap { BackfillLane($0.bytes) } ?? BackfillLane(number)
  }

  /// Writes how far a lane is.
  func keep(_ lane: BackfillLane, _ number: Int, of job: BackfillJob) async throws(HostError) {
    try await state.put(Self.name(job.id, lane: number), lane.bytes)
  }

  /// The space of a number; nil: there is none of it.
  func space(_ place: Int, of job: BackfillJob) async throws(HostError) -> URN? {
    guard place < job.spaces else { return nil }
    let spaces = try await spaces(place / Self.chunk, of: job.id)
    return place % Self.chunk < spaces.count ? spaces[place % Self.chunk] : nil
  }

  /// Writes more spaces behind the first so many, whatever an earlier try has written there.
  func append(_ more: [URN], behind count: Int, of job: String) async throws(HostError) {
    var count = count
    var rest = more[...]
    while !rest.isEmpty {
      let (number, kept) = (count / Self.chunk, count % Self.chunk)
      let before = kept == 0 ? [] : Array(try await spaces(number, of: job).prefix(kept))
      let part = rest.prefix(Self.chunk - kept)
      rest = rest.dropFirst(part.count)
      count += part.count
      let list = JSON.array((before + part).map { .string($0.description) })
      try await state.put(Self.name(job, chunk: number), JSON.object(["version": 1, "spaces": list]).bytes())
    }
  }

  /// Forgets a job, and itself last: so that whoever is ended meanwhile knows what is left to forget.
  func forget(_ job: BackfillJob) async throws(HostError) {
    for lane in 0..<job.lanes { try await state.remove(Self.name(job.id, lane: lane)) }
    for chunk in 0..<(job.spaces + Self.chunk - 1) / Self.chunk {
      try await state.remove(Self.name(job.id, chunk: chunk))
    }
    try await state.remove(Self.name(job.id))
  }

  private func spaces(_ chunk: Int, of job: String) async throws(HostError) -> [URN] {
    let document = try await state.get(Self.name(job, chunk: chunk))
    let list = document.flatMap { try? JSON.parse($0.bytes) }?["spaces"]?.arrayValue ?? []
    return list.compactMap { $0.stringValue.flatMap { try? URN($0) } }
  }
}
