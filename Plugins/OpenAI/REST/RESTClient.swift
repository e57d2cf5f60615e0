internal import PluginKit
internal import ProviderKit

/// Makes calls with the key of the moment: waits where the server says to, and tries again what passes.
@PluginActor
final class RESTClient {
  /// How often a call is sent at most.
  nonisolated static let triesMax = 5
  /// How long somebody waits who has not said how long, ns: a server that first loads a large model needs most of it.
  private static let patience: Int64 = 60_000_000_000
  /// How long the server's limit lasts, in seconds, for calls to be of no use: nobody waits that long.
  private static let longPause: Int64 = 60
  /// How long an answer takes at least, ns: what is sent later than that before its deadline is in vain.
  private static let answerTime: Int64 = 20_000_000

  private let context: Context
  private let api: String
  private let http: any HTTPSending
  private let random: @Sendable () -> Double
  /// Calls whose key was refused, by name: keys may be good for some calls alone.
  private var refused: Set<String> = []
  /// How often there was another key: an answer to the one before says nothing of this one.
  private var generation = 0
  /// Nothing is sent before.
  private var pausedUntil: Int64 = 0
  /// Why the last call was of no use; nil: it was.
  private var trouble: String?

  /// A client that knows of no limit yet; `random` gives numbers from 0 to below 1.
  init(
    context: Context,
    api: String,
    http: any HTTPSending,
    random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    (self.context, self.api, self.http, self.random) = (context, api, http, random)
  }

  /// Why calls are of no use, for the plugin's health; nil: they are, as far as is known.
  var problem: String? {
    guard refused.isEmpty else { return APIProblem.advice }
    let pause = (pausedUntil - now) / 1_000_000_000
    return pause > Self.longPause ? "the server's limit was hit, and lasts for \(pause) s more" : trouble
  }

  /// There is another key, which is to be tried.
  func secretsChanged() {
    generation += 1
    refused = []
    // The limit was the other key's.
    pausedUntil = 0
  }

  /// Performs a call, and says with which key; any status is an answer, 429 and 5xx when trying again was of no use.
  func perform(_ call: RESTCall) async throws(RESTFailure) -> (RESTAnswer, Credential) {
    var call = call
    if call.deadline <= 0 { call.deadline = now + Self.patience }
    do throws(RESTFailure) {
      let result = try await tried(call)
      trouble = APIProblem(result.0)?.trouble.map { "\(call.name): \($0)" }
      return result
    } catch {
      if case .unreachable = error { trouble = error.description }
      context.metrics.add("rest_failures_total", labels: ["route": call.name, "reason": error.kind])
      context.log.debug("no answer", ["route": .string(call.name), "reason": .string(error.description)])
      throw error
    }
  }

  private var now: Int64 { context.clock.now.nanoseconds }

  // MARK: - Trying

  private func tried(_ call: RESTCall) async throws(RESTFailure) -> (RESTAnswer, Credential) {
    var tries = 0
    while true {
      try await turn(call)
      guard !refused.contains(call.name) else { throw .refused(APIProblem.advice) }
      let (credential, generation) = (try Credential(context.secrets), self.generation)
      tries += 1
      do throws(RESTFailure) {
        let answer = try await send(call, credential)
        if answer.status == 401, generation == self.generation { refuse(call) }
        guard let wait = wait(after: answer, tries, generation), try await passes(wait, call, tries) else {
          return (answer, credential)
        }
      } catch {
        guard error.isPassing, try await passes(RetryDelay.delay(tries, random()), call, tries) else { throw error }
      }
    }
  }

  /// Returns when the server's limit lets the call be sent.
  private func turn(_ call: RESTCall) async throws(RESTFailure) {
    while pausedUntil > now {
      let seconds = max(1, (pausedUntil - now) / 1_000_000_000)
      guard pausedUntil < call.deadline - Self.answerTime else {
        throw .deadline("\(call.name): the server's limit was hit, and lasts for \(seconds) s more: ask again later")
      }
      try await sleep(pausedUntil - now)
    }
  }

  /// How long to wait before the same is tried again, ns; nil: that would be of no use.
  private func wait(after answer: RESTAnswer, _ tries: Int, _ generation: Int) -> Int64? {
    let delay = RetryDelay.delay(tries, random())
    guard let problem = APIProblem(answer), !problem.isSpent else { return nil }
    if answer.status == 429 {
      let wait = answer.retryAfter.map { $0 + RetryDelay.jitter(random()) } ?? delay
      // Whoever else asks would be refused as well.
      if generation == self.generation { pausedUntil = max(pausedUntil, now + wait) }
      return wait
    }
    // Half an answer, or a page of what stands before the server, passes as its troubles do.
    guard answer.isTrouble || (200..<300).contains(answer.status) else { return nil }
    return max(delay, answer.retryAfter ?? 0)
  }

  /// Waits and says to try again, where there is time.
  private func passes(_ wait: Int64, _ call: RESTCall, _ tries: Int) async throws(RESTFailure) -> Bool {
    guard tries < Self.triesMax, now + wait < call.deadline - Self.answerTime else { return false }
    context.metrics.add("rest_retries_total", labels: ["route": call.name])
    try await sleep(wait)
    return true
  }

  private func sleep(_ nanoseconds: Int64) async throws(RESTFailure) {
    do { try await context.clock.sleep(for: .nanoseconds(nanoseconds)) } catch { throw .cancelled }
  }

  private func refuse(_ call: RESTCall) {
    refused.insert(call.name)
    context.log.error(APIProblem.advice, ["route": .string(call.name)])
  }

  // MARK: - Requests

  private func send(_ call: RESTCall, _ credential: Credential) async throws(RESTFailure) -> RESTAnswer {
    var request = HTTPRequest(method: call.method, url: api + call.path.whole, headers: [("User-Agent", "promethean")])
    if !credential.text.isEmpty { request.headers.append(("Authorization", "Bearer \(credential.text)")) }
    if let body = call.body {
      request.headers.append(("Content-Type", "application/json"))
      request.body = body.bytes()
    }
    let sent = now
    let answer = try await http.send(request, until: call.deadline)
    let status = "\(answer.status)"
    context.metrics.add("rest_answers_total", labels: ["route": call.name, "status": status])
    context.metrics.observe("rest_seconds", labels: ["route": call.name], Double(now - sent) / 1e9)
    return answer
  }
}

extension RESTFailure {
  /// Whether the same may be tried again; none of these calls changes anything.
  fileprivate var isPassing: Bool {
    switch self {
    case .unreachable, .unknown: true
    case .deadline, .queueFull, .refused, .cancelled: false
    }
  }
}
