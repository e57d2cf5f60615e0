internal import Envelope

/// What lies in `plugins.d` is noticed and shown; what runs is changed by `apply` alone.
extension HostProcess {
  /// How many files the log names at once; `status` has the others.
  private static let loggedMax = 16

  func tickDropIns(now: Int64) {
    if dropIns.problem != degraded["plugins.d"] {
      degraded["plugins.d"] = dropIns.problem
      if let problem = dropIns.problem { log.warn("plugins.d is not watched: \(problem)") }
    }
    let events = events
    dropIns.tick(now: now) { found in events.post(.perform { $0.adopt(found) }) }
  }

  private func adopt(_ found: DropIns.Found) {
    let changed = Set(dropIns.adopt(found).map(\.file))
    let notable = dropIns.notable(in: deployment).filter { changed.contains($0.dropIn.file) }
    for (dropIn, state, plugin) in notable.prefix(Self.loggedMax) {
      var fields: JSONObject = ["file": .string(dropIn.file), "state": .string(state.rawValue)]
      switch dropIn.content {
      case .library(let library): fields["digest"] = .string(library.digest)
      case .unreadable(let reason), .refused(let reason): fields["reason"] = .string(reason)
      }
      log.info("plugins.d: \(state.rawValue)", fields, plugin: plugin)
    }
    if notable.count > Self.loggedMax { log.info("plugins.d: \(notable.count - Self.loggedMax) files more") }
    countDropIns()
  }

  /// Sets the metric to what is there.
  func countDropIns() {
    let notable = dropIns.notable(in: deployment)
    for state in DropIn.State.allCases {
      metrics.dropIns.with(state.rawValue).set(Double(notable.count { $0.state == state }))
    }
  }
}
