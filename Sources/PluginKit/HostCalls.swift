internal import Envelope
internal import PluginABI

/// What an instance has asked of its host: calls that wait for room, in their order, and calls that wait for their
/// completion.
@PluginActor
final class HostCalls {
  /// How a call ended.
  typealias Completion = Result<Envelope?, HostError>

  /// Who hears how a call ended.
  private enum Listener {
    case task(CheckedContinuation<Completion, Never>)
    /// One that goes on with a connection.
    case dialler(CheckedContinuation<Completion, Never>)
    /// One that has no task.
    case callback(@PluginActor (Result<Void, HostError>) -> Void)
  }

  /// A task that goes on when fewer calls than that wait for room.
  private struct Guest {
    let limit: Int
    let continuation: CheckedContinuation<Void, Never>
  }

  let host: HostHandle
  private var queue: [HostCall] = []
  private var listeners: [UInt64: Listener] = [:]
  private var guests: [Guest] = []
  private var lastToken: UInt64 = 0
  private var isClosed = false

  init(host: HostHandle) {
    self.host = host
  }

  /// The connections that have come, until whoever waits for them goes on.
  private var connected: [UInt64: Int32] = [:]

  /// How many calls wait for room.
  var backlog: Int { queue.count }

  /// Makes a call and waits for its completion, or until the task is cancelled; `call` gets the token to make it with.
  func perform(isDial: Bool = false, _ call: (UInt64) -> HostCall) async throws(HostError) -> Envelope? {
    lastToken += 1
    let (token, call) = (lastToken, call(lastToken))
    let cancelled = HostError(.cancelled, "\(call.description): the task was cancelled")
    let completion = await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { (continuation: CheckedContinuation<Completion, Never>) in
          // Looked at here, where nothing can come between: a cancellation that came before finds nobody waiting.
          guard !Task.isCancelled else { return continuation.resume(returning: .failure(cancelled)) }
          listeners[token] = isDial ? .dialler(continuation) : .task(continuation)
          post(call)
        }
      }
    } onCancel: {
      PluginActor.task { [self] in completed(token, .failure(cancelled)) }
    }
    return try completion.get()
  }

  /// Publishes without waiting: the callback hears of the completion, once, and at once of a refusal.
  func publish(_ envelope: Envelope, _ callback: @escaping @PluginActor (Result<Void, HostError>) -> Void) {
    lastToken += 1
    listeners[lastToken] = .callback(callback)
    let token = lastToken
    // Most are taken at once, and never made a call that can wait.
    if queue.isEmpty {
      let status = isClosed ? PROMETHEAN_CANCELLED : host.publish(envelope, token: token)
      if isDone(status, .publish(envelope, token: token)) { return }
    }
    queue.append(.publish(envelope, token: token))
  }

  /// Dials and waits for the connection.
  func dial(_ network: Connection.Network, host: String, port: UInt16) async throws(HostError) -> Connection {
    var made: UInt64 = 0
    _ = try await perform(isDial: true) { token in
      made = token
      return .dial(network, host: host, port: port, token: token)
    }
    guard let descriptor = connected.removeValue(forKey: made) else {
      throw HostError(.failed, "dial of \(host):\(port): expected a connection, found none")
    }
    return Connection(descriptor: descriptor)
  }

  /// Makes a call, or puts it behind those that wait for room already.
  func post(_ call: HostCall) {
    guard queue.isEmpty, attempt(call) else {
      queue.append(call)
      return
    }
  }

  /// Hears how the call with a token ended; one that is not known is none of this instance's.
  func completed(_ token: UInt64, _ completion: Completion) {
    switch listeners.removeValue(forKey: token) {
    case nil: return
    case .task(let continuation): continuation.resume(returning: completion)
    case .dialler(let continuation):
      if let descriptor = host.takeConnection(token) { connected[token] = descriptor }
      continuation.resume(returning: completion)
    case .callback(let callback): callback(completion.map { _ in })
    }
  }

  /// Tries again what found no room, in order, until there is none again.
  func retry() {
    guard !queue.isEmpty else { return }
    // A call that is refused may have its callback make another one, which goes behind the others.
    var taken = 0
    while taken < queue.count, attempt(queue[taken]) { taken += 1 }
    queue.removeFirst(taken)
    admitGuests()
  }

  /// Returns once fewer calls than that wait for room.
  func room(below limit: Int) async {
    await PluginActor.staying {
      await withCheckedContinuation { continuation in
        // Looked at here, where nothing can come between: nobody makes room after `close`.
        guard !isClosed, queue.count >= limit else { return continuation.resume() }
        guests.append(Guest(limit: limit, continuation: continuation))
      }
    }
  }

  /// Returns once nothing waits for room.
  func flushed() async { await room(below: 1) }

  /// Ends what still waits: nothing of the host's will complete it any more.
  func close() {
    isClosed = true
    host.close()
    queue.removeAll()
    let cancelled = HostError(.cancelled, "the instance has stopped")
    for token in listeners.keys.sorted() { completed(token, .failure(cancelled)) }
    admitGuests()
  }

  private func admitGuests() {
    guard !guests.isEmpty else { return }
    let admitted = guests.filter { queue.count < $0.limit }
    guests.removeAll { queue.count < $0.limit }
    for guest in admitted { guest.continuation.resume() }
  }

  /// Makes a call; false if there was no room for it.
  private func attempt(_ call: HostCall) -> Bool {
    isDone(isClosed ? PROMETHEAN_CANCELLED : host.perform(call), call)
  }

  /// Whether a call was taken or refused for good; false: there was no room for it.
  private func isDone(_ status: promethean_status, _ call: @autoclosure () -> HostCall) -> Bool {
    switch status {
    case PROMETHEAN_AGAIN: false
    case PROMETHEAN_OK, PROMETHEAN_PENDING: true
    default: refused(call(), HostError.Kind(status))
    }
  }

  /// Deals with a call that the host did not take: whoever waits for it hears so, and a request is answered in any
  /// case.
  ///
  /// False if there was no room for that answer: the call is to be made again, and refused again.
  private func refused(_ call: HostCall, _ kind: HostError.Kind) -> Bool {
    let error = HostError(kind, "\(call.description): refused by the host")
    if let token = call.token {
      completed(token, .failure(error))
    } else if case .respond(let delivery, let response) = call, !isClosed, !response.flags.contains(.error) {
      let size = "a response of \(response.payload.count) bytes, at most \(PROMETHEAN_PAYLOAD_MAX)"
      let answer = HostCall.respond(delivery: delivery, .failure("\(error.message): \(size)"))
      guard host.perform(answer) != PROMETHEAN_AGAIN else { return false }
    }
    host.log(PROMETHEAN_LOG_WARN, error.message, fields: [])
    return true
  }
}

extension Envelope {
  /// The response that says that something failed, and why.
  static func failure(_ message: String) -> Envelope {
    // What was wrong may have been quoted whole; the answer must fit whatever it was.
    let limit = 4096
    let isLong = message.utf8.count > limit
    let message = isLong ? String(decoding: message.utf8.prefix(limit), as: UTF8.self) + "…" : message
    var envelope = Envelope(payload: JSON.object(["status": "error", "message": .string(message)]).bytes())
    envelope.flags = [.response, .error]
    return envelope
  }

  /// What an error response says: its `message`, or the whole payload where that has none.
  var errorMessage: String {
    let text = (try? JSON.parse(payload))?["message"]?.stringValue
    return text ?? String(decoding: payload, as: UTF8.self)
  }
}
