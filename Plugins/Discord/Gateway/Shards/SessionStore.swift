internal import PluginKit

/// A session of a shard's with the gateway: what it takes to go on with it.
struct GatewaySession: Hashable, Sendable {
  var id: String
  /// Where to go on with it.
  var resumeURL: String
  /// How many shards there were when it was begun; with another number it is of no use.
  var shards: Int
  /// The number of the last event.
  var sequence: Int64

  init(id: String, resumeURL: String, shards: Int, sequence: Int64) {
    self.id = id
    self.resumeURL = resumeURL
    self.shards = shards
    self.sequence = sequence
  }
}

/// Keeps the sessions of all shards so that the next process goes on with them.
///
/// What is kept of a session is never ahead of what is recorded of its events: it goes on after the last number that
/// the sink says is covered, and what came after that is sent again.
@PluginActor
final class SessionStore {
  /// How often what has changed is written.
  static let interval = Duration.seconds(1)
  /// How often a session is written in which nothing has changed, ns, so that it does not look older than it is.
  private static let refresh: Int64 = 60_000_000_000
  /// How old a session may be to be tried, ms: Discord keeps one for minutes, and refuses an older one without harm.
  private static let ageMax: Int64 = 4 * 3_600_000
  private static let version: JSON = 1

  private struct Kept {
    var session: GatewaySession
    /// Up to where it is known to be recorded; nil: nothing of it is.
    var covered: Int64?
    var written: Int64?
    var writtenAt: Int64 = .min / 2
    var isConnected = false
  }

  private let context: Context
  private let sink: any DispatchSink
  private let directory: GatewayDirectory
  private var kept: [Int: Kept] = [:]
  /// What another process has given.
  private var taken: JSON = [:]

  init(context: Context, sink: any DispatchSink, directory: GatewayDirectory) {
    self.context = context
    self.sink = sink
    self.directory = directory
  }

  /// The session that a shard of so many can go on with; nil if none is kept, or it is too old.
  func load(_ shard: Int, of shards: Int) async -> GatewaySession? {
    guard let json = await read(shard), json["version"] == Self.version, let id = json["id"]?.stringValue,
      let resumeURL = json["resume_url"]?.stringValue,
      let sequence = json["sequence"]?.intValue, sequence > 0, json["shards"]?.intValue == Int64(shards),
      let at = json["at"]?.intValue
    else { return nil }
    if let url = json["url"]?.stringValue { directory.remember(url: url) }
    guard context.clock.now.milliseconds - at <= Self.ageMax else { return nil }
    let session = GatewaySession(id: id, resumeURL: resumeURL, shards: shards, sequence: sequence)
    kept[shard] = Kept(session: session, covered: sequence, written: sequence)
    return session
  }

  /// How many shards the session of the first was begun with, for when Discord cannot be asked.
  func shards() async -> Int? {
    guard let json = await read(0), json["version"] == Self.version else { return nil }
    if let url = json["url"]?.stringValue { directory.remember(url: url) }
    return json["shards"]?.intValue.map { Int(clamping: $0) }
  }

  /// A shard has begun a session.
  func begin(_ shard: Int, _ session: GatewaySession) {
    kept[shard] = Kept(session: session, isConnected: true)
  }

  /// A shard is connected, or is no more.
  func connected(_ shard: Int, _ isConnected: Bool) {
    kept[shard]?.isConnected = isConnected
  }

  /// A shard's session is gone, and must not be tried again.
  func drop(_ shard: Int) async {
    kept[shard] = nil
    do throws(HostError) {
      try await context.state.remove(Self.document(shard))
    } catch {
      // The next process tries it once in vain.
      context.log.warning("the session of shard \(shard) is not removed: \(error)")
    }
  }

  /// The sessions of all shards, for a process that goes on with them at once.
  var given: JSON {
    .object(
      JSONObject(
        kept.compactMap { shard, entry in
          covered(shard, entry).map { ("\(shard)", json(entry.session, $0)) }
        }
      )
    )
  }

  /// Goes on with what another process has given, whatever is kept.
  func take(_ given: JSON) {
    taken = given
  }

  /// Writes what has changed.
  func flush() async {
    for shard in kept.keys.sorted() { await flush(shard) }
  }

  private func flush(_ shard: Int) async {
    guard var entry = kept[shard] else { return }
    let now = context.clock.now.nanoseconds
    entry.covered = covered(shard, entry)
    let isStale = entry.isConnected && now - entry.writtenAt >= Self.refresh
    guard let covered = entry.covered, covered != entry.written || isStale else { return }
    (entry.written, entry.writtenAt) = (covered, now)
    kept[shard] = entry
    do throws(HostError) {
      try await context.state.put(Self.document(shard), json(entry.session, covered).bytes())
    } catch {
      if kept[shard]?.session == entry.session { kept[shard]?.written = nil }
      context.log.warning("the session of shard \(shard) is not kept: \(error)")
    }
  }

  /// Up to where a session is known to be recorded, which is never before where it was gone on with.
  private func covered(_ shard: Int, _ entry: Kept) -> Int64? {
    guard let covered = sink.covered(shard: shard, session: entry.session.id) else { return entry.covered }
    return max(covered, entry.covered ?? 0)
  }

  private func read(_ shard: Int) async -> JSON? {
    if let given = taken["\(shard)"] { return given }
    return (try? await context.state.get(Self.document(shard))).flatMap { try? JSON.parse($0.bytes) }
  }

  private func json(_ session: GatewaySession, _ covered: Int64) -> JSON {
    [
      "version": Self.version, "id": .string(session.id), "sequence": .int(covered),
      "resume_url": .string(session.resumeURL), "url": directory.url.map { .string($0) } ?? .null,
      "shards": .int(Int64(session.shards)), "at": .int(context.clock.now.milliseconds),
    ]
  }

  private static func document(_ shard: Int) -> String { "gateway.session.\(shard)" }
}
