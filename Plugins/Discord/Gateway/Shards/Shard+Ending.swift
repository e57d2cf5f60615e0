internal import PluginKit

/// How a visit to the gateway ends, and how a shard goes on.
extension Shard {
  /// How a visit to the gateway ended.
  enum Ending {
    /// The connection ended, or there was none.
    case end(GatewayEnd)
    /// The gateway went silent, or is of no use for another reason that this side found.
    case dead(String)
    /// A message could not be read.
    case unreadable(String)
    /// The gateway has asked for another connection.
    case reconnect
    /// The gateway does not accept the session, or no new one.
    case invalidSession(mayResume: Bool)
    /// No session may be begun now.
    case refused(IdentifyGuard.Refusal)
  }

  /// How often one event may break the session before it is given up.
  private static let breaksMax = 3

  /// What to wait before the next visit, nil if there is none.
  func next(after ending: Ending) async -> Duration? {
    let now = parts.context.clock.now.nanoseconds
    if case .running(let since) = state, now - since >= Backoff.lasting { backoff.reset() }
    switch ending {
    case .refused(.fatal(let failure)): return fail(failure)
    case .refused(.until(let time, let words)):
      refuse(time, words)
      return .milliseconds(max(1, time - parts.context.clock.now.milliseconds))
    case .end(.closed(let number, let reason)):
      let code = CloseCode(number)
      parts.context.metrics.add("gateway_closes_total")
      log("closed", ["code": .int(Int64(number)), "meaning": .string(code.meaning), "reason": .string(reason)])
      switch code.remedy {
      case .fatal:
        return fail(
          GatewayFailure(code, account: parts.account, intents: parts.settings.intents, shard: self.number, of: count)
        )
      case .identify: await lose("\(code.meaning) (\(number))")
      case .resume: break
      }
      away("the gateway closed the connection: \(code.meaning) (\(number))")
    case .invalidSession(let mayResume):
      log("the gateway does not accept the session", ["may_resume": .bool(mayResume)])
      if !mayResume { await lose("the gateway does not accept it") }
      away("the gateway did not accept the session")
    case .unreadable(let words), .end(.broken(let words)):
      parts.context.metrics.add("gateway_broken_total")
      log("what the gateway sent cannot be read", ["why": .string(words)])
      await broken(words)
      away(words)
    case .dead(let words), .end(.lost(let words)), .end(.unreachable(let words, _)):
      log("the connection is lost", ["why": .string(words)])
      away(words)
    case .reconnect: away("the gateway asked for another connection")
    case .end(.ended): away("")
    }
    return backoff.next(parts.random())
  }

  /// Counts what breaks the session at one place, and gives it up before that goes on for ever.
  private func broken(_ words: String) async {
    guard let session else { return }
    breaks = breaks.sequence == session.sequence ? (session.sequence, breaks.times + 1) : (session.sequence, 1)
    guard breaks.times >= Self.breaksMax else { return }
    parts.context.log.error(
      "the event that follows is skipped, for it broke the session \(breaks.times) times: \(words)",
      ["shard": .int(Int64(number)), "after_sequence": .int(session.sequence)]
    )
    await lose("an event broke it over and over")
  }

  private func lose(_ words: String) async {
    guard session != nil else { return }
    session = nil
    breaks = (-1, 0)
    resumeFailures = 0
    parts.context.metrics.add("gateway_sessions_lost_total")
    parts.context.log.warning("the session is lost: \(words)", ["shard": .int(Int64(number))])
    await parts.sessions.drop(number)
  }

  private func fail(_ failure: GatewayFailure) -> Duration? {
    state = .failed(failure)
    parts.context.log.error("the gateway is given up: \(failure)", ["shard": .int(Int64(number))])
    observer?.hasFailed(number, failure)
    return nil
  }

  private func refuse(_ time: Int64, _ words: String) {
    // The same refusal is told once.
    if case .refused(_, words) = state { return }
    guard time - parts.context.clock.now.milliseconds > GatewayHealth.grace / 1_000_000 else {
      log(words)
      return away(words)
    }
    state = .refused(until: time, words: words)
    parts.context.metrics.add("gateway_identifies_refused_total")
    parts.context.log.error(words, ["shard": .int(Int64(number))])
  }

  /// Shows that the shard is on its way, since it began to be.
  func away(_ words: String) {
    var since = parts.context.clock.now.nanoseconds
    switch state {
    case .connecting(let began, _), .resuming(let began, _): since = began
    default: break
    }
    state = session == nil ? .connecting(since: since, words: words) : .resuming(since: since, words: words)
  }
}
