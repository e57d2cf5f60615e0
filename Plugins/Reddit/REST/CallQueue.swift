internal import PluginKit
internal import ProviderKit

/// Where calls wait for their turn; fair between requesters.
@PluginActor
final class CallQueue {
  /// A call's place.
  @PluginActor
  final class Ticket: FairlyQueued {
    nonisolated let requester: String
    nonisolated let number: UInt64
    /// When it is of no use any more to be sent, in nanoseconds since 1970.
    nonisolated let latest: Int64
    nonisolated let isPatient: Bool
    fileprivate var continuation: CheckedContinuation<Result<Void, RESTFailure>, Never>?

    init(requester: String, number: UInt64, isPatient: Bool = false, latest: Int64) {
      (self.requester, self.number, self.isPatient, self.latest) = (requester, number, isPatient, latest)
    }
  }

  /// Calls that are under way at once: each answer takes a tenth of a second or more, so that these use up any allowance.
  private static let atOnce = 4
  /// How long an answer takes at least, ns: what is sent later than that before its deadline is in vain.
  static let answerTime: Int64 = 50_000_000

  private let clock: Clock
  private let waitingMax: Int
  private var queue = FairQueue<Ticket>()
  private var limit: RateLimit
  private var counts: [String: Int] = [:]
  /// When somebody looks again.
  private var armed: Int64?

  init(clock: Clock, settings: RESTSettings) {
    self.clock = clock
    waitingMax = settings.waitingMax
    limit = RateLimit(perMinute: settings.perMinute)
  }

  private var now: Int64 { clock.now.nanoseconds }
  /// How many calls wait.
  var waitingCount: Int { counts.values.reduce(0, +) }
  /// How many calls Reddit has left; nil: not told.
  var left: Double? { limit.left }

  /// Returns when the ticket's call is to be sent at once; `leave` follows.
  func enter(_ ticket: Ticket) async throws(RESTFailure) {
    let waiting = counts[ticket.requester] ?? 0
    guard waiting < waitingMax else {
      throw .queueFull(
        "\(ticket.requester): expected at most \(waitingMax) calls to wait, found \(waiting) waiting: ask for more when "
          + "some of them are answered"
      )
    }
    let result = await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, RESTFailure>, Never>) in
          // Looked at here, where nothing can come between: a cancellation that came before finds nobody waiting.
          guard !Task.isCancelled else { return continuation.resume(returning: .failure(.cancelled)) }
          ticket.continuation = continuation
          counts[ticket.requester, default: 0] += 1
          queue.insert(ticket)
          release()
        }
      }
    } onCancel: {
      PluginActor.task { [self] in drop(ticket, .cancelled) }
    }
    try result.get()
  }

  /// Hears how a call ended that was sent at a time: with an answer, or without one.
  func leave(_ answer: RESTAnswer?, sent: Int64) {
    limit.hear(answer, sent: sent, at: now)
    release()
  }

  /// Hears that a call was not sent.
  func leave() {
    limit.giveBack()
    release()
  }

  /// Sends nothing before that time.
  func pause(until time: Int64) {
    limit.pause(until: time)
    for ticket in queue.all where ticket.latest < time { drop(ticket, tooLate(ticket)) }
  }

  // MARK: - Going on

  /// Sends what the limit allows.
  private func release() {
    let now = now
    for ticket in queue.all where ticket.latest <= now { drop(ticket, tooLate(ticket)) }
    while !queue.isEmpty, limit.underWay < Self.atOnce {
      guard let due = limit.due(at: now) else { break }
      guard due <= now else {
        look(at: due)
        break
      }
      let patientDue = limit.patientDue(at: now)
      guard let ticket = queue.pop(where: { !$0.isPatient || patientDue <= now }) else {
        look(at: patientDue)
        break
      }
      limit.send(at: now, isPatient: ticket.isPatient)
      end(ticket, .success(()))
    }
    if let first = queue.all.map(\.latest).min() { look(at: first) }
  }

  /// Looks again at that time, unless somebody does before.
  private func look(at time: Int64) {
    guard armed.map({ time < $0 }) ?? true else { return }
    armed = time
    PluginActor.task { [self] in
      // When everything ends, nobody waits: to look again at once would be without end.
      do { try await clock.sleep(for: .nanoseconds(max(0, time - now))) } catch { return }
      if armed == time { armed = nil }
      release()
    }
  }

  private func drop(_ ticket: Ticket, _ failure: RESTFailure) {
    guard queue.remove(ticket) else { return }
    end(ticket, .failure(failure))
  }

  private func end(_ ticket: Ticket, _ result: Result<Void, RESTFailure>) {
    let count = (counts[ticket.requester] ?? 0) - 1
    counts[ticket.requester] = count > 0 ? count : nil
    let waiter = ticket.continuation
    ticket.continuation = nil
    waiter?.resume(returning: result)
  }

  private func tooLate(_ ticket: Ticket) -> RESTFailure {
    .deadline("\(ticket.requester): its turn does not come before its deadline: Reddit's limit is used up")
  }
}
