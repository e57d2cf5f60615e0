internal import PluginKit
internal import ProviderKit

/// Performs calls within all of Discord's limits.
///
/// It waits for a call's turn, sends it, learns from the answer, and tries again what may be tried again. A caller has
/// its answer as soon as it is there: who waits for a limit is whoever comes next.
@PluginActor
final class RESTClient: RESTCalling {
  let settings: RESTSettings
  private let context: Context
  private let http: any HTTPSending
  private let metrics: any RESTMetrics
  private let token: @PluginActor () throws(HostError) -> String
  private let random: @Sendable () -> Double
  private let queue: CallQueue
  private let guarding: RESTGuard
  private var lastNumber: UInt64 = 0

  /// A client that knows of no limits yet.
  ///
  /// `token` reads the bot's token whenever a call is sent that needs it; `random` gives numbers from 0 to below 1.
  init(
    context: Context,
    settings: RESTSettings,
    http: any HTTPSending,
    metrics: any RESTMetrics,
    token: @escaping @PluginActor () throws(HostError) -> String,
    random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    self.context = context
    self.settings = settings
    self.http = http
    self.metrics = metrics
    self.token = token
    self.random = random
    queue = CallQueue(clock: context.clock, rate: settings.rate, waitingMax: settings.waitingMax)
    guarding = RESTGuard(context: context, invalidMost: settings.invalidMost)
  }

  /// Why nothing is sent with the token, nil if it is good as far as is known: for the plugin's health.
  var refusal: String? { guarding.refusal }
  /// How many buckets are known.
  var bucketCount: Int { queue.buckets.count }

  /// Reads what an earlier process has counted.
  func start() async { await guarding.restore() }

  /// Writes down what was counted.
  func stop() async { await guarding.keep() }

  /// There is another token, which is to be tried.
  func secretsChanged() { guarding.secretsChanged() }

  /// Performs a call.
  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer {
    var call = call
    let now = context.clock.now.nanoseconds
    if call.deadline <= 0 { call.deadline = now + settings.patience }
    let route = try Route(method: call.method, path: call.path, now: now / 1_000_000)
    lastNumber += 1
    let ticket = Ticket(
      route,
      requester: call.requester,
      isAuthorized: call.isAuthorized,
      isPatient: call.isPatient,
      latest: queue.agenda.time(ofWall: call.deadline) - CallQueue.answerTime,
      number: lastNumber
    )
    do throws(RESTFailure) {
      return try await perform(call, ticket)
    } catch {
      metrics.failed(route: route.name, reason: error.kind)
      context.log.debug("no answer", ["route": .string(route.name), "reason": .string(error.description)])
      throw error
    }
  }

  // MARK: - Trying

  private func perform(_ call: RESTCall, _ ticket: Ticket) async throws(RESTFailure) -> RESTAnswer {
    var tries = 0
    while true {
      try guarding.check(call, ticket.route)
      let began = queue.agenda.now
      try await queue.enter(ticket)
      let sent = queue.agenda.now
      metrics.waited(route: ticket.route.name, seconds: Double(sent - began) / 1e9)
      metrics.measured(waiting: queue.waitingCount, invalid: guarding.invalidCount)
      tries += 1
      do throws(RESTFailure) {
        // Since it began to wait, the token may have been refused.
        let request = try request(call, ticket.route)
        let generation = guarding.generation
        let answer = try await http.send(request, until: call.deadline)
        record(answer, call, ticket.route, queue.agenda.now - sent)
        if let refusal = guarding.hear(answer, call, ticket.route, generation) { queue.refuseAuthorized(refusal) }
        if goesOn(after: answer, call, ticket, tries) { continue }
        if answer.isTrouble, !call.isRepeatable { throw .unknown(Self.unknown(ticket.route, answer.status)) }
        return answer
      } catch {
        if try goesOn(after: error, call, ticket, tries) { continue }
        throw error
      }
    }
  }

  /// Hands what was learnt to the queue, and says whether to try again.
  private func goesOn(
    after answer: RESTAnswer,
    _ call: RESTCall,
    _ ticket: Ticket,
    _ tries: Int
  ) -> Bool {
    let now = queue.agenda.now
    let limited = Limited(answer)
    var again: Int64?
    if let limited {
      again = now + limited.retryAfter + RetryDelay.jitter(random())
    } else if answer.isTrouble, call.isRepeatable {
      again = now + RetryDelay.delay(tries, random())
    }
    let goesOn = again.map { $0 <= ticket.latest } ?? false && tries < settings.triesMax
    if let limited, let again, limited.scope == .global || limited.scope == .machine {
      queue.pause(until: again, isForAll: limited.scope == .machine)
    }
    var headers = RateHeaders(answer)
    // What a 429 says besides is not always about the limit that was hit.
    if limited != nil { headers.limit = nil }
    let isSuccess = (200..<300).contains(answer.status)
    // Who comes behind must not overtake what is tried again.
    let hold = limited != nil || goesOn ? again : nil
    queue.leave(ticket, .answered(headers, isSuccess: isSuccess), hold: hold)
    if goesOn { metrics.retried(route: ticket.route.name) }
    return goesOn
  }

  /// Says whether to try again what has no answer.
  private func goesOn(
    after failure: RESTFailure,
    _ call: RESTCall,
    _ ticket: Ticket,
    _ tries: Int
  ) throws(RESTFailure) -> Bool {
    // An answer that was heard has already left.
    guard ticket.bucket != nil else { throw failure }
    let again = queue.agenda.now + RetryDelay.delay(tries, random())
    let mayGoOn = again <= ticket.latest && tries < settings.triesMax
    switch failure {
    case .unreachable where mayGoOn:
      queue.leave(ticket, .notSent, hold: again)
    case .unknown where mayGoOn && call.isRepeatable:
      queue.leave(ticket, .lost, hold: again)
    case .unreachable, .refused, .queueFull:
      queue.leave(ticket, .notSent)
      return false
    case .unknown, .deadline, .cancelled:
      queue.leave(ticket, .lost)
      return false
    }
    metrics.retried(route: ticket.route.name)
    return true
  }

  private static func unknown(_ route: Route, _ status: Int) -> String {
    "\(route.name): Discord was in trouble (\(status)), so it may or may not have been done, and is not tried again: a "
      + "message is sent exactly once with nonce and enforce_nonce in its body"
  }

  // MARK: - Requests

  private func request(_ call: RESTCall, _ route: Route) throws(RESTFailure) -> HTTPRequest {
    try guarding.check(call, route)
    var headers = [(name: "User-Agent", value: settings.userAgent)]
    if call.isAuthorized { headers.append(("Authorization", "Bot \(try credential())")) }
    if let reason = call.reason { headers.append(("X-Audit-Log-Reason", try Self.escaped(reason))) }
    if !call.body.isEmpty { headers.append(("Content-Type", call.contentType)) }
    return HTTPRequest(
      method: call.method,
      url: settings.baseURL + route.path.whole,
      headers: headers,
      body: call.body
    )
  }

  private func credential() throws(RESTFailure) -> String {
    let text: String
    do throws(HostError) { text = try token() } catch { throw .refused("the bot's token: \(error)") }
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .refused(
        "the bot's token: expected one word of printable characters, found something else: give it without \"Bot\" "
          + "before it, spaces and line breaks"
      )
    }
    return text
  }

  private static func escaped(_ reason: String) throws(RESTFailure) -> String {
    guard (1...512).contains(reason.count) else {
      throw .refused("reason: expected 1 to 512 characters, found \(reason.count)")
    }
    return PercentEncoding.encode(reason.utf8, keeping: PercentEncoding.inHeader)
  }

  private func record(_ answer: RESTAnswer, _ call: RESTCall, _ route: Route, _ elapsed: Int64) {
    let bucket = answer.header("x-ratelimit-bucket") ?? ""
    metrics.answered(route: route.name, bucket: bucket, status: answer.status, seconds: Double(elapsed) / 1e9)
    var fields: JSONObject = [
      "route": .string(route.name), "status": .int(Int64(answer.status)), "requester": .string(call.requester),
      "ms": .int(elapsed / 1_000_000), "bucket": .string(bucket),
    ]
    context.log.debug("answered", fields)
    guard let limited = Limited(answer) else { return }
    metrics.limited(route: route.name, bucket: bucket, scope: limited.scope.rawValue)
    fields["scope"] = .string(limited.scope.rawValue)
    fields["retry_after_ms"] = .int(limited.retryAfter / 1_000_000)
    context.log.warning("a limit was hit", fields)
  }
}
