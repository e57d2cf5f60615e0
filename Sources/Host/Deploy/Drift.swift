internal import Envelope

extension Deployer {
  /// What is not as the generation that runs left it, a sentence each: plugins.lock, and libraries in the store.
  package func drift() throws -> [String] {
    guard let base = try base() else { return [] }
    let altered = base.diagnostics.map(\.message)
    guard var lock = try approved(base) else { return altered }
    // Of these there is nothing left to hold the lock against.
    for plugin in base.diagnostics.compactMap(\.plugin) { lock.plugins[plugin] = nil }
    return altered + Self.drift(of: lock, from: Lock(plugins: base.deployment.approvals))
  }

  private static func drift(of lock: Lock, from own: Lock) -> [String] {
    Set(lock.plugins.keys).union(own.plugins.keys).sorted().flatMap { id -> [String] in
      switch (lock.plugins[id], own.plugins[id]) {
      case (nil, nil): return []
      case (_?, nil): return ["plugins.lock approves \(id), which does not run"]
      case (nil, _?): return ["plugins.lock does not approve \(id), which runs"]
      case (let written?, let running?):
        guard written != running else { return [] }
        let difference = GrantDifference(from: running, to: written)
        var sentences = difference.gained.map { "plugins.lock approves more for \(id) than runs: \($0)" }
        sentences += difference.lost.map { "plugins.lock approves less for \(id) than runs: \($0)" }
        if written.library != running.library { sentences.append("plugins.lock names another library for \(id)") }
        return sentences.isEmpty ? ["plugins.lock says something else of \(id) than runs"] : sentences
      }
    }
  }
}
