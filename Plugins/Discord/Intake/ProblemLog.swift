internal import PluginKit

/// Says what events had that they should not have: each kind once, and from then on how often.
@PluginActor
final class ProblemLog {
  /// Kinds that are told apart; what comes beyond is counted alone.
  private static let kindsMax = 256

  private let context: Context
  private var known: Set<Problem> = []

  init(_ context: Context) {
    self.context = context
  }

  func write(_ normalised: Normalised) {
    if normalised.verdict == .refused { context.metrics.add("events_not_allowed_total") }
    if normalised.omissions > 0 { context.metrics.add("payloads_omitted_total", Double(normalised.omissions)) }
    write(normalised.problems)
  }

  func write(_ problems: [Problem]) {
    guard !problems.isEmpty else { return }
    context.metrics.add("event_problems_total", Double(problems.count))
    for problem in problems where known.count < Self.kindsMax && known.insert(problem).inserted {
      context.log.warning("an event is not as Discord describes it: \(problem)")
    }
  }
}
