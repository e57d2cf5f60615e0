internal import PluginKit
internal import ProviderKit

/// Performs calls within Reddit's limits, with the token of the moment.
@PluginActor
final class RESTClient: RESTCalling {
  private let context: Context
  private let settings: RESTSettings
  private let http: any HTTPSending
  private let authorizer: Authorizer
  private let queue: CallQueue
  private let random: @Sendable () -> Double
  private var lastNumber: UInt64 = 0
  /// Routes that were answered well, which alone make series of their own: others may be made up.
  private var routes: Set<String> = []
  /// How many routes are told apart; Reddit documents about 200.
  private static let routesMax = 250

  /// A client that knows of no limits yet; `random` gives numbers from 0 to below 1.
  init(
    context: Context,
    settings: RESTSettings,
    http: any HTTPSending,
    authorizer: Authorizer,
    random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    self.context = context
    self.settings = settings
    self.http = http
    self.authorizer = authorizer
    self.random = random
    queue = CallQueue(clock: context.clock, settings: settings)
  }

  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer {
    var call = call
    if call.deadline <= 0 { call.deadline = now + settings.patience }
    lastNumber += 1
    let ticket = CallQueue.Ticket(
      requester: call.requester,
      number: lastNumber,
      isPatient: call.isPatient,
      latest: call.deadline - CallQueue.answerTime
    )
    do throws(RESTFailure) {
      return try await perform(call, ticket)
    } catch {
      context.metrics.add("rest_failures_total", labels: ["route": label(call), "reason": error.kind])
      context.log.debug("no answer", ["route": .string(call.name), "reason": .string(error.description)])
      throw error
    }
  }

  private var now: Int64 { context.clock.now.nanoseconds }

  // MARK: - Trying

  private func perform(_ call: RESTCall, _ ticket: CallQueue.Ticket) async throws(RESTFailure) -> RESTAnswer {
    var tries = 0
    var isRenewed = false
    while true {
      let token = try await authorizer.token()
      let userAgent = try authorizer.userAgent()
      // Nothing may fail from here to `leave`: a call that is under way counts until then.
      try await queue.enter(ticket)
      tries += 1
      let answer: RESTAnswer
      do throws(RESTFailure) {
        answer = try await send(call, token, userAgent)
      } catch {
        guard try await goesOn(after: error, call, ticket, tries) else { throw error }
        continue
      }
      // What was refused for its token was not done.
      if answer.status == 401 {
        authorizer.refused(token)
        guard !isRenewed else { return answer }
        isRenewed = true
        continue
      }
      guard try await goesOn(after: answer, call, ticket, tries) else { return answer }
    }
  }

  private func send(
    _ call: RESTCall,
    _ token: AccessToken,
    _ userAgent: String
  ) async throws(RESTFailure) -> RESTAnswer {
    var headers = [(name: "User-Agent", value: userAgent), ("Authorization", "bearer \(token.text)")]
    if !call.body.isEmpty { headers.append(("Content-Type", call.contentType)) }
    let request = HTTPRequest(
      method: call.method,
      url: call.url(below: settings.baseURL),
      headers: headers,
      body: call.body
    )
    let sent = now
    do throws(RESTFailure) {
      let answer = try await http.send(request, until: call.deadline)
      queue.leave(answer, sent: sent)
      record(answer, call, now - sent)
      return answer
    } catch {
      if case .unreachable = error { queue.leave() } else { queue.leave(nil, sent: sent) }
      throw error
    }
  }

  /// Waits and says to try again, where that is safe and there is time.
  private func goesOn(
    after answer: RESTAnswer,
    _ call: RESTCall,
    _ ticket: CallQueue.Ticket,
    _ tries: Int
  ) async throws(RESTFailure) -> Bool {
    let again: Int64
    if let retryAfter = answer.retryAfter {
      again = now + retryAfter + RetryDelay.jitter(random())
      // Whoever else asked would have been refused as well.
      queue.pause(until: again)
    } else if answer.isTrouble || answer.isPage {
      guard call.isRepeatable else {
        guard answer.isTrouble else { return false }
        throw .unknown("\(call.name): Reddit was in trouble (\(answer.status)), so it may or may not have been done")
      }
      again = now + RetryDelay.delay(tries, random())
    } else {
      return false
    }
    return try await waits(until: again, call, ticket, tries)
  }

  private func goesOn(
    after failure: RESTFailure,
    _ call: RESTCall,
    _ ticket: CallQueue.Ticket,
    _ tries: Int
  ) async throws(RESTFailure) -> Bool {
    switch failure {
    case .unreachable: break
    case .unknown where call.isRepeatable: break
    default: return false
    }
    return try await waits(until: now + RetryDelay.delay(tries, random()), call, ticket, tries)
  }

  private func waits(
    until time: Int64,
    _ call: RESTCall,
    _ ticket: CallQueue.Ticket,
    _ tries: Int
  ) async throws(RESTFailure) -> Bool {
    guard time <= ticket.latest, tries < settings.triesMax else { return false }
    context.metrics.add("rest_retries_total", labels: ["route": label(call)])
    do { try await context.clock.sleep(for: .nanoseconds(max(0, time - now))) } catch { throw .cancelled }
    return true
  }

  private func label(_ call: RESTCall) -> String { routes.contains(call.name) ? call.name : "other" }

  private func record(_ answer: RESTAnswer, _ call: RESTCall, _ elapsed: Int64) {
    if answer.status < 300, routes.count < Self.routesMax { routes.insert(call.name) }
    context.metrics.add("rest_answers_total", labels: ["route": label(call), "status": "\(answer.status)"])
    context.metrics.observe("rest_seconds", labels: ["route": label(call)], Double(elapsed) / 1e9)
    context.metrics.set("rest_waiting", Double(queue.waitingCount))
    if let left = queue.left { context.metrics.set("rest_left", left) }
    var fields: JSONObject = [
      "route": .string(call.name), "status": .int(Int64(answer.status)), "requester": .string(call.requester),
      "ms": .int(elapsed / 1_000_000),
    ]
    context.log.debug("answered", fields)
    guard let retryAfter = answer.retryAfter else { return }
    context.metrics.add("rest_limited_total", labels: ["route": label(call)])
    fields["retry_after_ms"] = .int(retryAfter / 1_000_000)
    context.log.warning("Reddit's limit was hit", fields)
  }
}
