internal import Envelope
internal import PluginABI

/// One instance of a plugin, as the runner drives it: each function here is one of the table's.
@PluginActor
final class Instance {
  /// How long handlers may go on when the instance stops: the other half of the time is for those that are cancelled
  /// then, and for the plugin's own `stop`.
  nonisolated static let stopGrace = Duration.seconds(PROMETHEAN_STOP_SECONDS) / 2

  private let host: HostHandle
  private let calls: HostCalls
  private let timers: Timers
  private let turns: Turns
  let plugin: any Plugin
  private let deliveries: Deliveries
  private var starting: Task<Void, Never>?
  /// The operation that the host is just asking for, and how it ended meanwhile.
  private var entering: UInt64?
  private var outcome: Result<Void, HostError>?
  private var isDestroyed = false
  /// What the host was lent last.
  private var lent = LentBytes([])

  init(_ type: any Plugin.Type, host: HostHandle) throws {
    self.host = host
    calls = HostCalls(host: host)
    timers = Timers(host: host)
    turns = Turns(host: host)
    plugin = try type.init(context: Context(host: host, calls: calls, timers: timers, turns: turns))
    deliveries = Deliveries(calls: calls, plugin: plugin)
  }

  func start(_ operation: UInt64) -> promethean_status {
    entering = operation
    starting = PluginActor.task { [self] in
      do {
        try await plugin.start()
        end(operation, .success(()))
      } catch {
        end(operation, .failure(HostError(.failed, "\(error)")))
      }
    }
    return runUntilEnd()
  }

  func deliver(_ delivery: UInt64, _ envelope: Envelope) -> promethean_status {
    deliveries.take(delivery, envelope) ? PROMETHEAN_OK : PROMETHEAN_PENDING
  }

  func completed(_ token: UInt64, _ status: promethean_status, _ message: String, _ result: Envelope?) {
    if token == Timers.token {
      timers.fired()
    } else if status == PROMETHEAN_OK, result?.flags.contains(.error) != true {
      calls.completed(token, .success(result))
    } else {
      let words = message.isEmpty ? result?.errorMessage ?? "" : message
      calls.completed(token, .failure(HostError(HostError.Kind(status), words)))
    }
    drain()
  }

  func secretsChanged() {
    PluginActor.task { [self] in await plugin.secretsChanged() }
    drain()
  }

  /// How the plugin is, and the reason, if it is unwell, in bytes that stay until the next are lent.
  func health() -> (promethean_status, promethean_bytes) {
    switch (plugin as? any HealthReporting)?.health {
    case .unwell(let reason)?: unsafe (PROMETHEAN_FAILED, lend(Array(reason.utf8)))
    case .well?, nil: unsafe (PROMETHEAN_OK, lend([]))
    }
  }

  /// What the next generation is to go on with, in bytes that stay until the next are lent.
  func give() -> (promethean_status, promethean_bytes) {
    defer { drain() }
    do {
      return unsafe (PROMETHEAN_OK, lend(try (plugin as? any HandingOver)?.giveState() ?? []))
    } catch {
      host.fail("\(error)")
      return unsafe (PROMETHEAN_FAILED, lend([]))
    }
  }

  func take(_ state: [UInt8], version: UInt32) -> promethean_status {
    defer { drain() }
    do {
      try (plugin as? any HandingOver)?.takeState(state, version: version)
      return PROMETHEAN_OK
    } catch {
      host.fail("\(error)")
      return PROMETHEAN_FAILED
    }
  }

  func resume() {
    (plugin as? any HandingOver)?.resume()
    drain()
  }

  private func lend(_ bytes: [UInt8]) -> promethean_bytes {
    lent = LentBytes(bytes)
    return unsafe lent.lent
  }

  func poll() {
    calls.retry()
    timers.arm()
    turns.polled()
    drain()
  }

  func stop(_ operation: UInt64) -> promethean_status {
    entering = operation
    deliveries.close()
    PluginActor.task { [self] in
      starting?.cancel()
      await starting?.value
      await finishDeliveries()
      await plugin.stop()
      await calls.flushed()
      close()
      end(operation, .success(()))
    }
    return runUntilEnd()
  }

  /// Leaves the host alone from here on; an instance that was never stopped, too.
  func destroy() {
    isDestroyed = true
    close()
    drain()
  }

  /// Waits for what is being handled, and cancels it when the grace is over.
  private func finishDeliveries() async {
    let grace = PluginActor.task { [self] in
      // Without the clock it is over at once: there is nothing to measure it by.
      try? await timers.sleep(for: Self.stopGrace)
      if !Task.isCancelled { deliveries.cancel() }
    }
    await deliveries.finished()
    grace.cancel()
  }

  private func close() {
    PluginActor.shared.executor.leave(host)
    timers.close()
    turns.close()
    calls.close()
  }

  /// Runs what is due, and says how the operation just begun has ended, if it has.
  private func runUntilEnd() -> promethean_status {
    outcome = nil
    drain()
    entering = nil
    guard let outcome else { return PROMETHEAN_PENDING }
    guard case .failure(let error) = outcome else { return PROMETHEAN_OK }
    host.fail(error.message)
    return PROMETHEAN_FAILED
  }

  private func end(_ operation: UInt64, _ result: Result<Void, HostError>) {
    // Nobody waits for it any more.
    guard !isDestroyed else { return }
    if operation == entering {
      outcome = result
      return
    }
    switch result {
    case .success: host.complete(operation, PROMETHEAN_OK, "")
    case .failure(let error): host.complete(operation, PROMETHEAN_FAILED, error.message)
    }
  }

  private func drain() {
    PluginActor.shared.executor.drain()
  }
}
