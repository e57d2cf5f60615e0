internal import PluginKit
internal import ProviderKit

/// Keeps calls back that would only be refused again: those with a refused token, to a webhook that is gone, and all
/// when so many have been refused that the machine would be banned.
@PluginActor
final class RESTGuard {
  /// The document of the state that has the counts.
  nonisolated static let document = "rest-invalid"
  /// How often it is written at most.
  static let pause = Duration.seconds(10)
  /// How many webhooks are remembered.
  private static let webhooksMax = 1000

  nonisolated static let tokenAdvice = """
    the bot's token was refused (401): nothing more is sent with it. Make a new one at \
    https://discord.com/developers/applications (your application, Bot, Reset Token), write it where the tenant's \
    credentials say, and run promethean secrets rotate
    """

  private let context: Context
  private var invalid: InvalidRequests
  private var isKeeping = false
  private var isDirty = false
  /// Webhooks that are gone, the oldest first.
  private var webhooks: [String] = []
  /// Why nothing is sent with the token.
  private(set) var refusal: String?
  /// How often there was another token: an answer to the one before says nothing of this one.
  private(set) var generation = 0

  init(context: Context, invalidMost: Int) {
    self.context = context
    invalid = InvalidRequests(most: invalidMost)
  }

  private var now: Int64 { context.clock.now.nanoseconds }
  var invalidCount: Int { invalid.count(now) }

  func secretsChanged() {
    generation += 1
    refusal = nil
  }

  /// Throws why a call is not to be sent.
  func check(_ call: RESTCall, _ route: Route) throws(RESTFailure) {
    if call.isAuthorized, let refusal { throw .refused(refusal) }
    if let webhook = route.webhook, webhooks.contains(webhook) {
      throw .refused("\(route.name): the webhook is gone (404) or its token wrong (401): make a new one")
    }
    if let until = invalid.openUntil(now) {
      let seconds = max(1, (until - now) / 1_000_000_000)
      throw .refused(
        "\(route.name): expected fewer than \(invalid.most) answers of 401, 403 and 429 in ten minutes, found "
          + "\(invalid.count(now)): nothing is sent for \(seconds) s, since Discord bans machines at 10000; the log "
          + "tells who asked for what"
      )
    }
  }

  /// Draws the consequences of an answer.
  ///
  /// - Returns: Why nothing is sent with the token any more, when that has just turned out.
  func hear(_ answer: RESTAnswer, _ call: RESTCall, _ route: Route, _ generation: Int) -> RESTFailure? {
    if answer.isInvalid { count(route, answer.status) }
    if let webhook = route.webhook, answer.refusesWebhook, !webhooks.contains(webhook) {
      webhooks.append(webhook)
      if webhooks.count > Self.webhooksMax { webhooks.removeFirst() }
    }
    guard call.isAuthorized, answer.refusesToken, generation == self.generation, refusal == nil else { return nil }
    refusal = Self.tokenAdvice
    context.log.error(Self.tokenAdvice, ["route": .string(route.name)])
    return .refused(Self.tokenAdvice)
  }

  // MARK: - Counting

  private func count(_ route: Route, _ status: Int) {
    let wasOpen = invalid.openUntil(now) != nil
    invalid.add(now)
    if !wasOpen, invalid.openUntil(now) != nil {
      context.log.error(
        "too many calls were refused: nothing is sent for some minutes",
        ["count": .int(Int64(invalidCount)), "last": .string(route.name), "status": .int(Int64(status))]
      )
    }
    isDirty = true
    guard !isKeeping else { return }
    isKeeping = true
    Task { await keepWhileDirty() }
  }

  /// Adds what an earlier process has counted.
  func restore() async {
    do throws(HostError) {
      if let document = try await context.state.get(Self.document) { invalid.restore(document.bytes, now) }
    } catch {
      context.log.warning("refused calls of before are not known", ["reason": .string("\(error)")])
    }
  }

  /// Writes the counts down, if there is something new.
  func keep() async {
    guard isDirty else { return }
    isDirty = false
    do throws(HostError) {
      try await context.state.put(Self.document, invalid.bytes)
    } catch {
      context.log.warning("refused calls are not written down", ["reason": .string("\(error)")])
    }
  }

  /// Writes the first at once, since a process may die of what comes after it, and then only now and then.
  private func keepWhileDirty() async {
    while isDirty {
      await keep()
      do { try await context.clock.sleep(for: Self.pause) } catch { break }
    }
    isKeeping = false
  }
}
