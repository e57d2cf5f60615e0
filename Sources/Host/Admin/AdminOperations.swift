internal import Envelope
internal import PluginABI

/// What the host does for clients on the admin socket.
///
/// It belongs to the loop's thread. Anything that takes longer than a look answers later.
final class AdminOperations {
  unowned let host: HostProcess
  let server: AdminServer
  /// What is open per connection and ends with it.
  var open: [AdminAddress: Open] = [:]
  private var lastTap: UInt64 = 0

  enum Open {
    case tap(UInt64)
    case logs(LogSubscription)
    case waiting(deadline: Int64)
    /// For consumers to have settled what was recorded up to a sequence.
    case settling(through: Int64, deadline: Int64)
    /// A list of dead letters, of which the next page comes when the client has room for it.
    case deadLetters(after: Int64, left: Int, consumers: [Int64]?)
  }

  init(host: HostProcess, server: AdminServer) {
    self.host = host
    self.server = server
  }

  func handle(_ event: AdminServer.Event) {
    switch event {
    case .request(let request): perform(request)
    case .room(let address):
      giveLogs(to: address)
      giveDeadLetters(to: address)
    case .closed(let connection):
      for (address, thing) in open where address.connection == connection {
        end(thing)
        open[address] = nil
      }
    }
  }

  private func end(_ thing: Open) {
    if case .tap(let id) = thing { host.router.removeTap(id) }
  }

  private func perform(_ request: AdminRequest) {
    let address = request.address
    do throws(AdminFailure) {
      switch request.operation {
      case "status":
        let status = host.status
        server.answer(address, .ok(status))
      case "wait_ready": try waitReady(request)
      case "wait_settled": try waitSettled(request)
      case "shutdown":
        server.answer(address, .ok([:]))
        host.stop()
      case "request": try send(request, asks: true)
      case "publish": try send(request, asks: false)
      case "tap": try tap(request)
      case "logs": try logs(request)
      case "dead_letters.list": try listDeadLetters(request)
      case "dead_letters.show": try showDeadLetter(request)
      case "dead_letters.replay": try replayDeadLetters(request)
      case "apply": try apply(request)
      case "rollback": try rollback(request)
      case "reload": try reload(request)
      case "secrets.rotate": try rotateSecrets(request)
      case "erase": try erase(request)
      default: throw AdminFailure("invalid", "there is no operation \(request.operation)")
      }
    } catch {
      server.answer(address, .error(code: error.code, message: error.message))
    }
  }

  // MARK: - Waiting

  private func waitReady(_ request: AdminRequest) throws(AdminFailure) {
    let timeout = try request.number("timeout_ms", in: AdminRequest.timeouts) ?? 60_000
    open[request.address] = .waiting(deadline: HostClock.monotonic + timeout * nanosecondsPerMillisecond)
  }

  /// Waits until what has been recorded has been stored as well, so that whoever sent it can ask for it.
  private func waitSettled(_ request: AdminRequest) throws(AdminFailure) {
    let timeout = try request.number("timeout_ms", in: AdminRequest.timeouts) ?? 10_000
    open[request.address] = .settling(
      through: host.router.head,
      deadline: HostClock.monotonic + timeout * nanosecondsPerMillisecond
    )
  }

  /// Answers those who wait for something to be settled.
  ///
  /// Called after each pass of the loop.
  func pass() {
    for (address, thing) in open {
      guard case .settling(let sequence, let deadline) = thing else { continue }
      let behind = host.router.unstored(through: sequence)
      guard behind == 0 || deadline <= HostClock.monotonic else { continue }
      server.answer(address, .ok(["behind": .int(behind)]))
      open[address] = nil
    }
  }

  /// Answers those who wait, if what they wait for is there or their time is over.
  func tick() {
    for (address, thing) in open {
      guard case .waiting(let deadline) = thing else { continue }
      if host.readiness.isSettled {
        let status = host.status
        server.answer(address, .ok(status))
      } else if deadline <= HostClock.monotonic {
        let names = host.readiness.unready.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
        server.answer(address, .error(code: "timeout", message: "not ready: \(names)"))
      } else {
        continue
      }
      open[address] = nil
    }
  }

  // MARK: - Envelopes

  /// What stands as the sender of all that comes over the socket.
  ///
  /// It is one for all connections, so that what is sent again over another one is known for a copy.
  private static let source = "client:admin"

  private func send(_ request: AdminRequest, asks: Bool) throws(AdminFailure) {
    let body = request.body
    guard let topic = body["topic"]?.stringValue else { throw AdminFailure("invalid", "topic: expected a string") }
    let payload = body["payload"] ?? .object([:])
    var envelope = Envelope(topic: topic, intent: body["intent"]?.stringValue ?? "", payload: payload.bytes())
    envelope.id = body["envelope_id"]?.stringValue ?? ""
    envelope.key = body["key"]?.stringValue ?? ""
    envelope.resource = body["resource"]?.stringValue ?? ""
    envelope.trace = body["trace"]?.stringValue ?? ""
    if let timeout = try request.number("timeout_ms", in: AdminRequest.timeouts), timeout > 0 {
      envelope.deadline = HostClock.realtime + timeout * nanosecondsPerMillisecond
    }
    let address = request.address
    let server = server
    guard asks else {
      return host.router.send(envelope, from: Self.source, requester: nil) { result in
        server.answer(address, AdminAnswer(result))
      }
    }
    host.router.send(
      envelope,
      from: Self.source,
      requester: { result in server.answer(address, AdminAnswer(result)) }
    )
  }

  private func tap(_ request: AdminRequest) throws(AdminFailure) {
    let pattern: TopicPattern
    do throws(TopicError) {
      pattern = try TopicPattern(request.body["pattern"]?.stringValue ?? "promethean.>")
    } catch {
      throw AdminFailure("invalid", "\(error)")
    }
    lastTap += 1
    let id = lastTap
    let address = request.address
    var left = try request.number("count", in: 1...Int64.max)
    var missed: Int64 = 0
    open[address] = .tap(id)
    host.router.addTap(id, pattern) { [weak self] bytes in
      guard let self, open[address] != nil, left != 0 else { return }
      guard server.backlog < AdminServer.backlogLimit else {
        missed += 1
        return
      }
      if missed > 0 {
        let count = missed
        server.answer(address, .item(["dropped": .int(count)]))
        missed = 0
      }
      server.answer(address, AdminAnswer(tapped: bytes))
      guard let count = left else { return }
      left = count - 1
      guard left == 0 else { return }
      server.answer(address, .ok([:]))
      open[address] = nil
      // Not from within the pass over the taps.
      host.perform { $0.router.removeTap(id) }
    }
  }

  // MARK: - Logs

  private func logs(_ request: AdminRequest) throws(AdminFailure) {
    let body = request.body
    let address = request.address
    let server = server
    let filter = LogFilter(
      plugin: body["plugin"]?.stringValue,
      level: body["level"]?.stringValue.flatMap(LogLevel.init(name:)) ?? .debug,
      isAudit: body["audit"]?.boolValue ?? false
    )
    let limit = Int(try request.number("limit", in: AdminRequest.limits) ?? 100)
    guard body["follow"]?.boolValue == true else {
      for entry in host.log.latest(limit, matching: filter) { server.answer(address, .item(entry.json)) }
      return server.answer(address, .ok([:]))
    }
    let subscription = host.log.subscribe(filter, backlog: limit) {
      // What comes until the client has room is gathered in the subscription, which counts what it drops.
      server.awaitRoom(address)
    }
    open[address] = .logs(subscription)
    server.awaitRoom(address)
  }

  /// Hands on what a subscription to the log has gathered.
  private func giveLogs(to address: AdminAddress) {
    guard case .logs(let subscription) = open[address] else { return }
    let (entries, dropped) = subscription.take()
    for entry in entries { server.answer(address, .item(entry.json)) }
    if dropped > 0 { server.answer(address, .item(["dropped": .int(Int64(dropped))])) }
  }
}

extension AdminRequest {
  /// Milliseconds that may be waited: a day is more than anybody does.
  static let timeouts: ClosedRange<Int64> = 0...86_400_000
  /// Things that may be listed at once.
  static let limits: ClosedRange<Int64> = 1...100_000

  /// A whole number of the request, if it is there.
  func number(_ name: String, in range: ClosedRange<Int64>) throws(AdminFailure) -> Int64? {
    guard let value = body[name], !value.isNull else { return nil }
    guard let number = value.intValue, range.contains(number) else {
      throw AdminFailure(
        "invalid",
        "\(name): expected a whole number of \(range.lowerBound) to \(range.upperBound), found \(value.text)"
      )
    }
    return number
  }
}

/// Why the host does not do what a client asks for.
struct AdminFailure: Error {
  let code: String
  let message: String

  init(_ code: String, _ message: String) {
    self.code = code
    self.message = message
  }
}
