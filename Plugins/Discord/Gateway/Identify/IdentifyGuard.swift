internal import PluginKit

/// Decides whether a session may be begun, so that no loop, of whatever cause, uses up what Discord allows in a day:
/// it would end all sessions then, and reset the token.
@PluginActor
final class IdentifyGuard {
  /// Why none may be begun now.
  enum Refusal: Error {
    /// Not before some time, in milliseconds since 1970.
    case until(Int64, String)
    /// Not before a person has changed something.
    case fatal(GatewayFailure)
  }

  /// How old what is known of Discord's allowance may be: others may have the same token.
  private static let freshness = Duration.seconds(60)
  /// When to ask again where something could not be found out, ms.
  private static let retry: Int64 = 10_000

  private let context: Context
  private let account: Account
  private let settings: GatewaySettings
  private let directory: GatewayDirectory
  private var ledgers: [Int: IdentifyLedger] = [:]
  private var areIntentsChecked = false

  init(context: Context, account: Account, settings: GatewaySettings, directory: GatewayDirectory) {
    self.context = context
    self.account = account
    self.settings = settings
    self.directory = directory
  }

  /// Returns if a shard may begin a session; it is not counted yet.
  func check(_ shard: Int) async throws(Refusal) -> GatewayDirectory.Entry {
    let now = context.clock.now.milliseconds
    let ledger = try await ledger(shard)
    let next = ledger.next(at: now, budget: settings.identifyBudget)
    if next > now { throw .until(next, words(shard, ledger, now, next)) }
    let entry = try await asking { () async throws(GatewayDirectory.Failure) in
      try await directory.entry(noOlderThan: Self.freshness)
    }
    guard entry.remaining >= settings.identifyFloor else {
      let reset = Timestamp(nanoseconds: entry.resetAt)
      let text = """
        no new session is begun: Discord allows \(entry.remaining) more of \(entry.total) a day, and \
        config.identify.floor keeps \(settings.identifyFloor); all are there again at \(reset). If they ran out too \
        early, something else that has this token logs in over and over
        """
      throw .until(max(reset.milliseconds, now + Self.retry), text)
    }
    try await checkIntents()
    return entry
  }

  /// Counts a session that is begun next, before it is: returns once that is kept.
  func record(_ shard: Int) async throws(Refusal) {
    var ledger = try await ledger(shard)
    ledger.record(at: context.clock.now.milliseconds, budget: settings.identifyBudget)
    do throws(HostError) {
      try await context.state.put(Self.document(shard), ledger.bytes)
    } catch {
      throw later("no new session is begun: that it is could not be kept: \(error)")
    }
    ledgers[shard] = ledger
    directory.spent()
  }

  /// Asks for the flags of the application, once, so that a missing privileged intent costs no session.
  private func checkIntents() async throws(Refusal) {
    guard !areIntentsChecked, !settings.intents.privileged.isEmpty else { return }
    let flags: Int
    do throws(GatewayDirectory.Failure) {
      flags = try await directory.applicationFlags()
    } catch {
      switch error {
      case .token(let found): throw .fatal(.token(of: account, found))
      // It is a courtesy: the gateway itself will refuse what is missing.
      case .other(let words): return context.log.warning("the intents are not checked: \(words)")
      }
    }
    let missing = settings.intents.missing(fromFlags: flags)
    guard missing.isEmpty else { throw .fatal(.intents(missing)) }
    areIntentsChecked = true
  }

  private func ledger(_ shard: Int) async throws(Refusal) -> IdentifyLedger {
    if let ledger = ledgers[shard] { return ledger }
    let document: State.Document?
    do throws(HostError) {
      document = try await context.state.get(Self.document(shard))
    } catch {
      throw later("no new session is begun: how many have been cannot be read: \(error)")
    }
    let kept = document.flatMap { IdentifyLedger($0.bytes) }
    if document != nil, kept == nil {
      context.log.error("the state \(Self.document(shard)) cannot be read: expected the times of identifications")
    }
    ledgers[shard] = kept ?? IdentifyLedger()
    return kept ?? IdentifyLedger()
  }

  private func asking<Value>(
    _ body: () async throws(GatewayDirectory.Failure) -> Value
  ) async throws(Refusal) -> Value {
    do throws(GatewayDirectory.Failure) {
      return try await body()
    } catch {
      switch error {
      case .token(let found): throw .fatal(.token(of: account, found))
      case .other(let words): throw later("no new session is begun: whether one may be is not known: \(words)")
      }
    }
  }

  private func later(_ words: String) -> Refusal {
    .until(context.clock.now.milliseconds + Self.retry, words)
  }

  private func words(_ shard: Int, _ ledger: IdentifyLedger, _ now: Int64, _ next: Int64) -> String {
    let recent = ledger.recent(now)
    let since = recent.first.map(Timestamp.init(milliseconds:)) ?? context.clock.now
    return """
      no new session is begun: shard \(shard) has begun \(recent.count) of at most \(settings.identifyBudget) within 24 h \
      since \(since); the next may follow at \(Timestamp(milliseconds: next)). What usually causes it: a plugin or host \
      that crashes and restarts over and over, or another program with the same token; the log tells how each ended
      """
  }

  private static func document(_ shard: Int) -> String { "gateway.identifies.\(shard)" }
}

extension Timestamp {
  /// A moment in milliseconds since 1970.
  init(milliseconds: Int64) {
    self.init(nanoseconds: milliseconds * 1_000_000)
  }
}
