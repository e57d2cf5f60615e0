/// Whether the host is ready: all that is to run runs.
package struct Readiness {
  /// Whether every instance is ready, or will not be.
  private(set) var isSettled = false
  /// Instances that are not ready, and why.
  private(set) var unready: [(name: String, reason: String)] = []
  /// Whether it became settled just now, for the first time.
  private(set) var becameSettled = false

  mutating func update(_ all: [Instance]) {
    let instances = all.filter { $0.role == .serving }
    unready = instances.compactMap { instance in
      if case .running = instance.state { return nil }
      if instance.isLeftOut { return nil }
      return (instance.name, instance.lack ?? instance.lastError ?? instance.stateName)
    }
    let settled = instances.allSatisfy { instance in
      switch instance.state {
      case .running, .quarantined, .stopped: true
      // One that failed and waits for its next try will not be ready soon; nobody is kept waiting for it.
      case .waiting: instance.lastError != nil || instance.lack != nil
      case .starting, .stopping: false
      }
    }
    becameSettled = settled && !isSettled
    isSettled = isSettled || settled
  }
}
