/// Why something was not planned, applied or taken back.
package enum DeployError: Error, Sendable, CustomStringConvertible {
  /// plugins.yml, plugins.lock or a generation cannot be used; at least one.
  case invalid([Diagnostic])
  /// The plan is no longer what would be done.
  case stale(String)
  /// Plugins would be let do more than was approved, by id.
  case unapproved([String: [String]])

  /// A word for tools.
  package var code: String {
    switch self {
    case .invalid: "invalid"
    case .stale: "stale"
    case .unapproved: "unapproved"
    }
  }

  package var description: String {
    switch self {
    case .invalid(let diagnostics): diagnostics.map(\.description).joined(separator: "\n")
    case .stale(let reason): "the plan is stale: \(reason); make it anew"
    case .unapproved(let widened):
      widened.sorted { $0.key < $1.key }.map { "\($0.key) would gain \($0.value.joined(separator: ", "))" }
        .joined(separator: "; ") + " (--approve agrees to it)"
    }
  }
}
