internal import Envelope

/// The envelopes that an instance is handling: one at a time for each key, in order, and those without a key all at
/// once.
@PluginActor
final class Deliveries {
  private struct Delivery {
    let id: UInt64
    let envelope: Envelope
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
  @TaskLocal static var cause: Envelope?

  private let calls: HostCalls
  private let plugin: any Plugin
  /// Keys with a delivery under way, and what waits behind it.
  private var chains: [String: [Delivery]] = [:]
  private var running = 0
  private var isClosed = false
  private var idle: [CheckedContinuation<Void, Never>] = []
  /// The delivery that the host is just handing over, and whether it has been handled meanwhile.
  private var entering: UInt64?
  private var isHandled = false

  init(calls: HostCalls, plugin: any Plugin) {
    self.calls = calls
    self.plugin = plugin
  }

  /// Takes an envelope and runs as far as that goes; true if it is acknowledged already, else its settlement follows.
  func take(_ id: UInt64, _ envelope: Envelope) -> Bool {
    let delivery = Delivery(id: id, envelope: envelope)
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

  /// Returns once nothing is being handled.
  func finished() async {
    guard running > 0 else { return }
    await withCheckedContinuation { idle.append($0) }
  }

  private func begin(_ delivery: Delivery) {
    running += 1
    PluginActor.task { [self] in
      let outcome = await handle(delivery.envelope)
      finish(delivery, outcome)
    }
  }

  private func handle(_ envelope: Envelope) async -> Outcome {
    do {
      return .handled(try await Self.$cause.withValue(envelope) { try await plugin.handle(envelope) })
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
    running -= 1
    switch outcome {
    case .failed, .postponed: advance(delivery.envelope.key, giveBack: !isRequest)
    case .handled, .rejected: advance(delivery.envelope.key, giveBack: false)
    }
    guard running == 0 else { return }
    for continuation in idle { continuation.resume() }
    idle.removeAll()
  }

  private func response(to request: Envelope, _ outcome: Outcome) -> Envelope {
    var response =
      switch outcome {
      case .handled(let response): Envelope(payload: response?.payload ?? [])
      case .failed(let reason), .rejected(let reason), .postponed(let reason): Envelope.failure(reason)
      }
    if case .handled(let answer?) = outcome { response.contentType = answer.contentType }
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
    for delivery in deliveries { calls.post(.settle(delivery: delivery.id, .release, reason: "")) }
  }
}
