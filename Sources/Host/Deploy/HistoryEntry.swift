package import Envelope

/// What was tried with a deployment, and how it ended.
package struct HistoryEntry: Sendable, Hashable {
  package enum Outcome: String, CaseIterable, Sendable {
    /// It runs, or ran.
    case applied
    /// Nothing was changed.
    case refused
    /// It ran for a moment, was not well, and the generation before took over again.
    case returned
  }

  package var time: Timestamp
  package var cause: Generation.Cause
  /// The generation that it made, or would have made.
  package var generation: Int
  /// The plugin that decided it, if it was one.
  package var plugin: String?
  package var outcome: Outcome
  /// Empty where there is nothing to say.
  package var reason: String

  package init(
    time: Timestamp = .now,
    cause: Generation.Cause,
    generation: Int,
    plugin: String? = nil,
    outcome: Outcome,
    reason: String = ""
  ) {
    (self.time, self.cause, self.generation) = (time, cause, generation)
    (self.plugin, self.outcome, self.reason) = (plugin, outcome, reason)
  }

  package var json: JSON {
    var object: JSONObject = [
      "ts": .string("\(time)"), "cause": .string(cause.rawValue), "generation": .int(Int64(generation)),
    ]
    if let plugin { object["plugin"] = .string(plugin) }
    object["outcome"] = .string(outcome.rawValue)
    object["reason"] = .string(reason)
    return .object(object)
  }

  init(_ json: JSON) throws(HostError) {
    var fields = try DocumentFields(json, "history")
    let text = try fields.text("ts")
    do throws(TimestampError) { time = try Timestamp(text) } catch { throw HostError("\(error)") }
    cause = try fields.choice("cause")
    generation = try fields.number("generation")
    plugin = try fields.optionalText("plugin")
    outcome = try fields.choice("outcome")
    reason = try fields.text("reason")
    try fields.finish()
  }
}
