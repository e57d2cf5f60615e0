internal import PluginKit
internal import ProviderKit

/// One shard: keeps a connection to the gateway, and a session through all connections for as long as it lasts.
@PluginActor
final class Shard {
  /// How many tries in a row at the URL to resume at, before others go to the gateway's own.
  private static let resumeTries = 2

  let number: Int
  let count: Int
  let parts: ShardParts
  weak var observer: (any ShardObserver)?

  var state = ShardState.idle
  var session: GatewaySession?
  private(set) var visit: ShardVisit?
  /// What the bot is to look like.
  private(set) var presence: Presence
  /// Whether the session was begun with it; one that was shown since may have been lost with its connection.
  var isBegunWithPresence = false
  /// How long the last acknowledgement took.
  var latency: Duration?

  private var task: Task<Void, Never>?
  var backoff = Backoff()
  var resumeFailures = 0
  var breaks: (sequence: Int64, times: Int) = (-1, 0)

  init(_ number: Int, of count: Int, session: GatewaySession?, presence: Presence, parts: ShardParts) {
    self.number = number
    self.count = count
    self.session = session
    self.presence = presence
    self.parts = parts
  }

  // MARK: - From outside

  /// Begins; does nothing if it has begun.
  func start() {
    guard task == nil else { return }
    backoff.reset()
    away("")
    task = PluginActor.task { [self] in await run() }
  }

  /// Ends the connection, not the session, and returns when nothing more will be taken in.
  func stop() async {
    let task = task
    // One that is not connected takes nothing in any more, and ends when whatever it waits for does.
    let isConnected = visit?.isConnected ?? false
    leave()
    if isConnected { await task?.value }
  }

  /// Ends the connection, not the session; no event is begun to be taken in any more.
  func leave() {
    task?.cancel()
    task = nil
    visit?.close()
    if case .failed = state {} else { state = .idle }
  }

  /// Shows the bot in another way from now on.
  func show(_ presence: Presence) throws(ProviderError) {
    self.presence = presence
    isBegunWithPresence = false
    try visit?.show(presence)
  }

  // MARK: - The life of a shard

  private func run() async {
    while !Task.isCancelled {
      let ending = session == nil ? await identify() : await resume()
      if Task.isCancelled { return }
      parts.sessions.connected(number, false)
      let pause = await next(after: ending)
      guard let pause, !Task.isCancelled else { return }
      guard pause > .zero else { continue }
      do { try await parts.context.clock.sleep(for: pause) } catch { return }
    }
  }

  /// Connects and begins a session, when it may.
  private func identify() async -> Ending {
    guard await parts.queue.enter(number) else { return .end(.ended) }
    let turn = IdentifyTurn(number, parts.queue)
    defer { turn.end() }
    let entry: GatewayDirectory.Entry
    do throws(IdentifyGuard.Refusal) {
      entry = try await parts.identifyGuard.check(number)
    } catch {
      return .refused(error)
    }
    if case .refused = state { away("") }
    return await visit(entry.url, .identify(turn))
  }

  /// Connects and goes on with the session.
  private func resume() async -> Ending {
    guard let session else { return .end(.ended) }
    // In turns, once the session's own URL has failed: either may come back first.
    let isOwn = resumeFailures < Self.resumeTries || resumeFailures % 2 == 1
    let url = isOwn || parts.directory.url == nil ? session.resumeURL : parts.directory.url
    let ending = await visit(url ?? session.resumeURL, .resume)
    if case .end(.unreachable) = ending { resumeFailures += 1 }
    return ending
  }

  private func visit(_ url: String, _ opening: ShardVisit.Opening) async -> Ending {
    let visit = ShardVisit(self, opening)
    self.visit = visit
    let ending = await visit.run(parts.settings.url(url))
    if self.visit === visit { self.visit = nil }
    return ending
  }

  // MARK: - What a visit tells

  /// A session has begun.
  func ready(_ session: GatewaySession) {
    self.session = session
    parts.sessions.begin(number, session)
    parts.sink.begin(shard: number, session: session.id)
    running()
    log("a session has begun")
    observer?.hasIdentified(number)
  }

  /// All that was missed has come.
  func resumed(replayed: Int) {
    parts.sessions.connected(number, true)
    running()
    log("the session goes on", ["replayed": .int(Int64(replayed))])
  }

  private func running() {
    resumeFailures = 0
    state = .running(since: parts.context.clock.now.nanoseconds)
  }

  func log(_ message: String, _ fields: JSONObject = [:]) {
    var fields = fields
    fields["shard"] = .int(Int64(number))
    fields["sequence"] = session.map { .int($0.sequence) }
    parts.context.log.info("gateway: \(message)", fields)
  }
}
