internal import Envelope
package import PluginABI

/// What a test does step by step.
extension FakeHost {
  /// Ends a publication, which is left for later if it is pending.
  package func end(_ publication: HostRecord.Request, _ status: promethean_status) {
    heard { record in
      record.publishing.removeAll { $0.token == publication.token }
      switch status {
      case PROMETHEAN_PENDING: record.publishing.append(publication)
      case PROMETHEAN_OK: record.published.append(publication.envelope)
      default: break
      }
    }
    guard status != PROMETHEAN_PENDING, publication.token != 0 else { return }
    add(Completion(token: publication.token, status: status, message: "publish on \(publication.envelope.topic)"))
  }

  /// Returns when the plugin has nothing more to do before time passes.
  ///
  /// All that it does, it does on the hosts' thread: each round is behind what the one before has caused there, such as
  /// the completion of a call, and no row of calls is longer than this.
  package func settle(rounds: Int = 100) async {
    await withCheckedContinuation { Self.go(rounds, $0) }
  }

  private static func go(_ rounds: Int, _ continuation: CheckedContinuation<Void, Never>) {
    HostThread.shared.enqueue {
      if rounds == 0 { continuation.resume() } else { go(rounds - 1, continuation) }
    }
  }

  /// Lets time pass in steps, in each of which the plugin does what is due.
  package func pass(_ duration: Duration, step: Duration = .milliseconds(250)) async {
    var left = duration
    while left > .zero {
      await advance(by: min(step, left))
      await settle()
      left -= step
    }
  }
}
