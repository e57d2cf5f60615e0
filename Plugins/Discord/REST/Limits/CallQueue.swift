internal import PluginKit
internal import ProviderKit

/// Where calls wait for their turn: first for their bucket, then for the global limit; fair between requesters.
@PluginActor
final class CallQueue {
  /// What is known of a call that has ended.
  enum Ending {
    case answered(RateHeaders, isSuccess: Bool)
    /// It may have arrived.
    case lost
    case notSent
  }

  /// How long Discord takes for an answer at least, ns: what is sent later than that before the deadline is in vain.
  static let answerTime: Int64 = 50_000_000

  let agenda: Agenda
  private let waitingMax: Int
  let buckets = Buckets()
  private let authorized: Gate
  private let anonymous: Gate
  private let exempt = Gate(slots: nil)
  /// How many calls of each requester wait.
  private var counts: [String: Int] = [:]
  private var closed: RESTFailure?

  /// A queue that lets `rate` calls go in a second, and as many again without the bot's token, which Discord counts as
  /// the machine's; `waitingMax` calls of each requester wait.
  init(clock: Clock, rate: Int, waitingMax: Int) {
    agenda = Agenda(clock: clock)
    self.waitingMax = waitingMax
    authorized = Gate(slots: rate)
    anonymous = Gate(slots: rate)
    agenda.look = { [weak self] matter in self?.look(matter) }
    agenda.end = { [weak self] error in self?.close(error) }
  }

  private var gates: [Gate] { [exempt, authorized, anonymous] }
  /// How many calls wait.
  var waitingCount: Int { counts.values.reduce(0, +) }

  // MARK: - Waiting

  /// Returns when the ticket's call is to be sent at once; `leave` follows.
  func enter(_ ticket: Ticket) async throws(RESTFailure) {
    if Task.isCancelled { throw .cancelled }
    if let closed { throw closed }
    let waiting = counts[ticket.requester] ?? 0
    guard waiting < waitingMax else {
      throw .queueFull(
        "\(ticket.requester): expected at most \(waitingMax) calls to wait, found \(waiting) waiting: ask for more when "
          + "some of them are answered"
      )
    }
    let now = agenda.now
    let bucket = buckets.bucket(for: ticket.route, now)
    let turn = max(bucket.turn(of: ticket, now), gate(of: ticket).pausedUntil)
    if turn > ticket.latest { throw tooLate(ticket, turn, now) }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, RESTFailure>, Never>) in
        // Looked at here, where nothing can come between: a cancellation that came before finds nobody waiting.
        guard !Task.isCancelled else { return continuation.resume(returning: .failure(.cancelled)) }
        ticket.continuation = continuation
        counts[ticket.requester, default: 0] += 1
        place(ticket, in: bucket)
        advance(bucket)
        if ticket.stage != .outside { agenda.add(.latest(ticket), at: ticket.latest) }
      }
    } onCancel: {
      Task { @PluginActor in self.drop(ticket, .cancelled) }
    }
    try result.get()
  }

  /// Hears how a call ended.
  ///
  /// Until `hold` its bucket sends nothing: its limit is hit, or it will be tried again first.
  func leave(_ ticket: Ticket, _ ending: Ending, hold: Int64? = nil) {
    guard let bucket = ticket.bucket else { return }
    let now = agenda.now
    let gate = gate(of: ticket)
    bucket.leave(ticket)
    var moved = [bucket]
    switch ending {
    case .notSent:
      bucket.giveBack()
      gate.limit?.giveBack(ticket.number)
    case .lost:
      gate.limit?.ended(ticket.number, now)
    case .answered(let headers, let isSuccess):
      gate.limit?.ended(ticket.number, now)
      if let name = headers.bucket { moved += buckets.learn(name, for: ticket.route, now) }
      let home = buckets.bucket(for: ticket.route, now)
      if home !== bucket { moved.append(home) }
      home.learn(headers, isSuccess: isSuccess, now)
    }
    if let hold {
      let home = buckets.bucket(for: ticket.route, now)
      home.block(until: hold)
      dropLate(home.waiting, until: hold, now)
    }
    ticket.bucket = nil
    for bucket in moved { advance(bucket) }
    release(gate)
  }

  // MARK: - Stopping

  /// Sends nothing but interaction callbacks until then, or not even these.
  func pause(until time: Int64, isForAll: Bool) {
    let now = agenda.now
    for gate in gates where isForAll || gate !== exempt {
      gate.pausedUntil = max(gate.pausedUntil, time)
      dropLate(gate.queue, until: time, now)
      remind(gate, at: time)
    }
    for bucket in buckets.waiting {
      for ticket in bucket.waiting.all where ticket.latest < time && gate(of: ticket).pausedUntil >= time {
        drop(ticket, tooLate(ticket, time, now))
      }
    }
  }

  /// Lets none of those wait any more that need the token.
  func refuseAuthorized(_ failure: RESTFailure) {
    for ticket in all where ticket.isAuthorized { drop(ticket, failure) }
  }

  /// Lets nobody wait any more.
  private func close(_ error: any Error) {
    let failure = error is CancellationError ? RESTFailure.cancelled : .refused("calls cannot wait: \(error)")
    closed = failure
    for ticket in all { drop(ticket, failure) }
  }

  private var all: [Ticket] { gates.flatMap(\.queue.all) + buckets.waiting.flatMap(\.waiting.all) }

  // MARK: - Going on

  private func gate(of ticket: Ticket) -> Gate {
    ticket.route.isExempt ? exempt : ticket.isAuthorized ? authorized : anonymous
  }

  private func place(_ ticket: Ticket, in bucket: Bucket) {
    ticket.stage = .waiting
    ticket.bucket = bucket
    bucket.waiting.insert(ticket)
  }

  /// Lets through what the bucket allows.
  private func advance(_ bucket: Bucket) {
    let now = agenda.now
    var touched: [Gate] = []
    while let ticket = bucket.next(now) {
      ticket.stage = .admitted
      let gate = gate(of: ticket)
      gate.queue.insert(ticket)
      if !touched.contains(where: { $0 === gate }) { touched.append(gate) }
    }
    if let due = bucket.due(now) { remind(bucket, at: due) }
    for gate in touched { release(gate) }
  }

  /// Sends what the global limit allows.
  private func release(_ gate: Gate) {
    let now = agenda.now
    while let ticket = gate.next(now) {
      if let bucket = ticket.bucket, bucket.blockedUntil > now {
        // Another call has run into the bucket's limit meanwhile.
        bucket.leave(ticket)
        bucket.giveBack()
        place(ticket, in: bucket)
        remind(bucket, at: bucket.blockedUntil)
      } else {
        gate.limit?.take(ticket.number, for: ticket.requester, isPatient: ticket.isPatient, now)
        counted(ticket)
        ticket.resume(.success(()))
      }
    }
    if let due = gate.due(now) { remind(gate, at: due) }
  }

  /// Has a bucket looked at when its time comes, unless that is sooner anyway.
  private func remind(_ bucket: Bucket, at time: Int64) {
    guard bucket.reminder.map({ time < $0 }) ?? true else { return }
    bucket.reminder = time
    agenda.add(.bucket(bucket), at: time)
  }

  private func remind(_ gate: Gate, at time: Int64) {
    guard gate.reminder.map({ time < $0 }) ?? true else { return }
    gate.reminder = time
    agenda.add(.gate(gate), at: time)
  }

  private func look(_ matter: Agenda.Matter) {
    switch matter {
    case .bucket(let bucket):
      bucket.reminder = nil
      advance(bucket)
    case .gate(let gate):
      gate.reminder = nil
      release(gate)
    case .latest(let ticket): drop(ticket, tooLate(ticket, nil, agenda.now))
    }
  }

  /// Takes a ticket out of its queue, if it is in one, and frees its place.
  private func drop(_ ticket: Ticket, _ failure: RESTFailure) {
    guard let bucket = ticket.bucket, ticket.stage != .outside else { return }
    switch ticket.stage {
    case .outside: return
    case .waiting: bucket.waiting.remove(ticket)
    case .admitted:
      gate(of: ticket).queue.remove(ticket)
      bucket.leave(ticket)
      bucket.giveBack()
    }
    ticket.bucket = nil
    counted(ticket)
    ticket.resume(.failure(failure))
    advance(bucket)
  }

  private func dropLate(_ queue: FairQueue<Ticket>, until time: Int64, _ now: Int64) {
    for ticket in queue.all where ticket.latest < time { drop(ticket, tooLate(ticket, time, now)) }
  }

  private func counted(_ ticket: Ticket) {
    let count = (counts[ticket.requester] ?? 0) - 1
    counts[ticket.requester] = count > 0 ? count : nil
  }

  /// Why a ticket is not waited for any longer; `turn`: when it would have been, if that is known.
  private func tooLate(_ ticket: Ticket, _ turn: Int64?, _ now: Int64) -> RESTFailure {
    guard let turn else { return .deadline("\(ticket.route.name): its turn did not come before its deadline") }
    let (wait, left) = (Self.seconds(turn - now), Self.seconds(max(0, ticket.latest - now)))
    return .deadline("\(ticket.route.name): its turn comes in \(wait) at the earliest, its deadline in \(left)")
  }

  private static func seconds(_ nanoseconds: Int64) -> String {
    let tenths = (nanoseconds + 99_999_999) / 100_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
