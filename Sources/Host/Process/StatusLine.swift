/// How a host is, in a line for people: "4 of 5 instances ready; storage: quarantined".
enum StatusLine {
  /// Instances that are named before the rest are counted.
  private static let named = 5

  /// Says who is ready, who is not, and what is wrong with the host itself.
  ///
  /// - Parameters:
  ///   - instances: All there are; those that a safe start leaves out do not count.
  ///   - degraded: What is wrong with the host, in a word each.
  /// - Returns: The line.
  static func text(_ instances: [Instance], degraded: [String]) -> String {
    let wanted = instances.filter { !$0.isLeftOut }
    let unready = wanted.compactMap { instance in word(for: instance).map { "\(instance.name): \($0)" } }
    let rest = unready.count - named
    let parts =
      ["\(wanted.count - unready.count) of \(wanted.count) instances ready"] + unready.prefix(named)
      + (rest > 0 ? ["\(rest) more"] : []) + (degraded.isEmpty ? [] : ["degraded: \(degraded.joined(separator: ", "))"])
    return parts.joined(separator: "; ")
  }

  /// What an instance is that is not ready, and never why: that may be a plugin's text.
  private static func word(for instance: Instance) -> String? {
    switch instance.state {
    case .running: nil
    case .waiting: instance.lastError == nil ? "starting" : "failed, and is tried again"
    case .starting: "starting"
    case .stopping: "stopping"
    case .stopped: "stopped"
    case .quarantined: "quarantined"
    }
  }
}
