internal import PluginKit
internal import ProviderKit

/// One listing, newest first, that is read again and again: what is new in it becomes events, once.
///
/// - A page that has nothing known on it is followed by the next, until something known comes, or Reddit shows no more;
///   then there is a hole, which is told.
/// - What comes late is found on the pages that are read anyway, since all that is not known counts as new.
/// - What was seen is written down when its events are recorded, so that a process that is killed loses nothing, and what
///   is told twice the journal knows.
@PluginActor
final class Stream {
  /// Things of a page, which is Reddit's limit.
  nonisolated static let pageMax = 100
  /// Things that Reddit shows of a listing, and those that are read at most: more, so that it is Reddit that ends it.
  nonisolated static let shownMax = 1000
  nonisolated static let listingMax = 2000
  /// How long before it is read a thing may have been written to count as live, ns: as long as an instance may be away
  /// while it is restarted; of what there was before a listing was first read, as long as Reddit takes to list it.
  private static let fresh: (later: Int64, first: Int64) = (300_000_000_000, 5_000_000_000)

  /// A reading that went further back than need be.
  struct Sweep {
    /// When it was.
    var time: Int64 = 0
    /// When the newest thing of then was written.
    var newest = Int64.max
    /// Whether nothing had come since the one before.
    var isLast = false
    /// How much has come since.
    var count = 0
  }

  let path: String
  let context: Context
  let rest: any RESTCalling
  let intake: Intake
  let settings: StreamSettings
  private let came: @PluginActor ([Thing]) async throws(HostError) -> Void
  private let document: String
  /// Whether things stand in the order in which they were written.
  let isChronological: Bool
  /// When this process began with it.
  private let began: Int64
  private(set) var cursor = Cursor()
  private(set) var sweep = Sweep()
  private var isLoaded = false
  private var lastRead: Int64

  /// A stream of a listing; `came` is told of things that are about to be recorded.
  init(
    _ path: String,
    context: Context,
    rest: any RESTCalling,
    intake: Intake,
    settings: StreamSettings,
    came: @escaping @PluginActor ([Thing]) async throws(HostError) -> Void
  ) {
    self.path = path
    self.context = context
    self.rest = rest
    self.intake = intake
    self.settings = settings
    self.came = came
    let query = path.split(separator: "?").dropFirst().first ?? ""
    let isSorted = query.split(separator: "&").contains { $0.hasPrefix("sort=") && $0 != "sort=new" }
    isChronological = !path.hasPrefix("/comments/") && !isSorted
    // A name in the state is short and of few characters, a path need not be.
    document = "stream-" + Hex.encode(SHA256.digest(Array(path.utf8)).prefix(12))
    began = context.clock.now.nanoseconds
    lastRead = context.clock.now.nanoseconds
    sweep.time = lastRead
  }

  /// Reads what an earlier process has seen.
  func load() async throws(HostError) {
    guard !isLoaded else { return }
    if let document = try await context.state.get(document), let found = Cursor(bytes: document.bytes, of: path) {
      cursor = found
      // What was listed late of what an earlier process read is looked for at once.
      sweep = Sweep(newest: found.newest - Self.sweepInterval)
    }
    isLoaded = true
  }

  /// Reads what is new, and returns when it is recorded: how much it was, and in how many nanoseconds it came.
  ///
  /// - Throws: Why it could not be read to its end: what was read is recorded, and does not count as seen, so that all of it
  ///   is read again.
  func read() async throws -> (count: Int, elapsed: Int64) {
    try await load()
    let walk = try await walk()
    let now = context.clock.now
    let elapsed = now.nanoseconds - lastRead
    lastRead = now.nanoseconds
    guard !walk.found.isEmpty || cursor.isNew else {
      if let failure = walk.failure { throw failure }
      sweep = walk.sweep
      return (0, elapsed)
    }
    let told =
      cursor.isNew
      ? Array(walk.found.prefix(settings.history))
      : walk.found.filter { !isChronological || $0.created.nanoseconds >= cursor.oldest }
    // Newest first becomes oldest first; an answer comes after what it answers.
    let things = isChronological ? told.reversed() : told
    let since = cursor.isNew ? began - Self.fresh.first : now.nanoseconds - Self.fresh.later
    var envelopes: [Envelope] = []
    for thing in things {
      let origin: Envelope.Origin = thing.created.nanoseconds < since ? .backfill : .live
      envelopes += intake.normaliser.created(thing, origin, at: now)
    }
    if let hole = hole(walk) { envelopes.append(tell(hole)) }
    // First, so that no process ends between: what is deleted meanwhile is listed no more, and would stay for ever.
    try await came(things)
    guard await intake.record(envelopes) else { throw CancellationError() }
    if let failure = walk.failure { throw failure }
    sweep = walk.sweep
    sweep.count += walk.found.count
    cursor.add(walk.known.reversed() + walk.found.reversed())
    context.metrics.add("things_total", Double(things.count))
    try await context.state.put(document, cursor.bytes(of: path))
    return (told.count, elapsed)
  }
}
