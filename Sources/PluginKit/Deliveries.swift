internal import Envelope

/// The envelopes that an instance is handling: one at a time for each key, in order, and those without a key all at
/// once.
@PluginActor
final class Deliveries {
  private struct Delivery {
    let id: UInt64
    let envelope: Envelope

    /// Whether nobody waits to hear how it ended.
    var isEphemeral: Bool { id == 0 }
  }

  /// What came of handling an envelope.
  private enum Outcome {
    case handled(Response?)
    case failed(String)
    case rejected(String)
    /// What it needs is not to be had now, which is no fault of the envelope's: it is given back untried.
    case postponed(String)
  }

  /// The delivered envelope that the running task handles: what it publishes and requests is caused by it.
  static var cause: Envelope? { Handling.current?.cause }

  private let calls: HostCalls
  private let plugin: any Plugin
  /// Keys with a delivery under way, and what waits behind it.
  private var chains: [String: [Delivery]] = [:]
  /// What is being handled, by a number that is the task's own: deliveries that nobody waits for share one.
  private var handlers: [Int: Task<Void, Never>] = [:]
  private var lastHandler = 0
  private var ephemerals: Ephemerals
  private var isClosed = false
  private var idle: [CheckedContinuation<Void, Never>] = []
  /// The delivery that the host is just handing over, and whether it has been handled meanwhile.
  private var entering: UInt64?
  private var isHandled = false

  init(calls: HostCalls, plugin: any Plugin) {
    self.calls = calls
    self.plugin = plugin
    ephemerals = Ephemerals(host: calls.host)
  }

  /// Takes an envelope and runs as far as that goes; true if it is acknowledged already, else its settlement follows.
  func take(_ id: UInt64, _ envelope: Envelope) -> Bool {
    let delivery = Delivery(id: id, envelope: envelope)
    guard !delivery.isEphemeral || ephemerals.enter() else { return true }
    if isClosed {
      release([delivery])
      return false
    }
    if chains[envelope.key] != nil {
      chains[envelope.key, default: []].append(delivery)
      return false
    }
    if !envelope.key.isEmpty { chains[envelope.key] = [] }
    (entering, isHandled) = (id, false)
    begin(delivery)
    PluginActor.shared.executor.drain()
    entering = nil
    return isHandled
  }

  /// Takes no more and gives back, in order, what has not begun.
  func close() {
    isClosed = true
    for key in chains.keys.sorted() {
      release(chains[key] ?? [])
      chains[key] = []
    }
  }

  /// Tells what is being handled to end.
  func cancel() {
    for handler in handlers.values { handler.cancel() }
  }

  /// Returns once nothing is being handled.
  func finished() async {
    guard !handlers.isEmpty else { return }
    await withCheckedContinuation { idle.append($0) }
  }

  private func begin(_ delivery: Delivery) {
    lastHandler += 1
    let number = lastHandler
    handlers[number] = PluginActor.task { [self] in
      let outcome = await handle(delivery.envelope)
      handlers[number] = nil
      finish(delivery, outcome)
    }
  }

  private func handle(_ envelope: Envelope) async -> Outcome {
    do {
      let handling = Handling(of: envelope)
      return .handled(try await Handling.$current.withValue(handling) { try await plugin.handle(envelope) })
    } catch  where Task.isCancelled {
      // Whatever it threw, it was not let finish.
      return .postponed("the instance stopped before it was handled: \(error)")
    } catch let rejection as Rejection {
      return .rejected(rejection.description)
    } catch let error as HostError where error.kind == .unavailable {
      return .postponed("\(error)")
    } catch {
      return .failed("\(error)")
    }
  }

  private func finish(_ delivery: Delivery, _ outcome: Outcome) {
    let isRequest = delivery.envelope.flags.contains(.request)
    if isRequest {
      calls.post(.respond(delivery: delivery.id, response(to: delivery.envelope, outcome)))
    } else {
      settle(delivery.id, outcome)
    }
    if delivery.isEphemeral { ephemerals.leave() }
    switch outcome {
    case .failed, .postponed: advance(delivery.envelope.key, giveBack: !isRequest)
    case .handled, .rejected: advance(delivery.envelope.key, giveBack: false)
    }
    guard handlers.isEmpty else { return }
    for continuation in idle { continuation.resume() }
    idle.removeAll()
  }

  private func response(to request: Envelope, _ outcome: Outcome) -> Envelope {
    var response =
      switch outcome {
      case .handled(let response): Envelope(payload: response?.payload ?? [])
      case .failed(let reason), .rejected(let reason), .postponed(let reason): Envelope.failure(reason)
      }
    if case .handled(let answer?) = outcome {
      response.contentType = answer.contentType
      response.models = answer.models
    }
    response.intent = request.intent
    response.flags.insert(.response)
    return response
  }

  private func settle(_ id: UInt64, _ outcome: Outcome) {
    switch outcome {
    case .handled where id == entering: isHandled = true
    case .handled: calls.post(.settle(delivery: id, .ack, reason: ""))
    case .failed(let reason): calls.post(.settle(delivery: id, .retry, reason: reason))
    case .rejected(let reason): calls.post(.settle(delivery: id, .reject, reason: reason))
    case .postponed(let reason): calls.post(.settle(delivery: id, .release, reason: reason))
    }
  }

  /// Begins what waits next in a key; after a failure gives all of it back, so that it comes again behind what failed.
  private func advance(_ key: String, giveBack: Bool) {
    guard !key.isEmpty, var chain = chains[key] else { return }
    if giveBack {
      release(chain)
      chain = []
    }
    guard !chain.isEmpty else {
      chains[key] = nil
      return
    }
    let next = chain.removeFirst()
    chains[key] = chain
    begin(next)
  }

  private func release(_ deliveries: [Delivery]) {
    for delivery in deliveries {
      if delivery.isEphemeral { ephemerals.leave() }
      calls.post(.settle(delivery: delivery.id, .release, reason: ""))
    }
  }
}
