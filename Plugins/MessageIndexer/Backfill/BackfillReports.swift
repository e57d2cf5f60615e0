internal import PluginKit

/// What a job tells, and has itself told, by envelopes of `jobs.backfill.messages`.
///
/// What is told again since a step was made again has the ids of the first time, so that the journal knows it.
struct BackfillReports: Sendable {
  /// What stands before the names of topics.
  static let prefix = "backfill.messages."

  let provider: String
  let tenant: String

  /// The order to make a step: of a lane, or nil of listing spaces.
  func step(_ sequence: Int, lane: Int?, of job: BackfillJob) throws(TopicError) -> Envelope {
    let lane = lane ?? -1
    var envelope = try envelope(
      "step",
      "\(lane):\(sequence)",
      of: job,
      ["job": .string(job.id), "lane": .int(Int64(lane)), "sequence": .int(Int64(sequence))]
    )
    envelope.key = "backfill:\(job.id):\(lane)"
    // A trace of its own: the host takes one that goes through very many plugins for a loop without end, which this row of
    // steps is not.
    envelope.trace = Traceparent.begin().description
    return envelope
  }

  /// A page of a space is recorded.
  func progress(
    _ space: URN,
    _ lane: BackfillLane,
    _ number: Int,
    oldest: Int64?,
    isComplete: Bool,
    of job: BackfillJob
  ) throws(TopicError) -> Envelope {
    try envelope(
      "progress",
      "\(number):\(lane.sequence)",
      of: job,
      [
        "job": .string(job.id), "space_urn": .string(space.description), "fetched": .int(Int64(lane.fetched)),
        "oldest": oldest.map { .int($0) } ?? .null, "complete": .bool(isComplete),
      ]
    )
  }

  /// A space is given up, or without one the whole job.
  func error(_ reason: String, space: URN?, of job: BackfillJob) throws(TopicError) -> Envelope {
    var payload: JSONObject = ["job": .string(job.id), "reason": .string(reason)]
    payload["space_urn"] = space.map { .string($0.description) }
    return try envelope("error", space?.description ?? "", of: job, payload)
  }

  /// Everything is fetched, but for what was given up.
  func done(_ job: BackfillJob) throws(TopicError) -> Envelope {
    let sum = job.sum
    return try envelope(
      "done",
      "",
      of: job,
      [
        "job": .string(job.id), "spaces": .int(Int64(job.spaces)), "fetched": .int(Int64(sum.fetched)),
        "failed": .int(Int64(sum.failed)),
      ]
    )
  }

  private func envelope(
    _ name: String,
    _ identity: String,
    of job: BackfillJob,
    _ payload: JSONObject
  ) throws(TopicError) -> Envelope {
    let topic = try Topic(provider: provider, tenant: tenant, area: "jobs", name: Self.prefix + name)
    var envelope = Envelope(topic: topic.description, intent: name, payload: JSON.object(payload).bytes())
    envelope.id = "backfill:\(provider):\(tenant):\(job.id):\(job.began):\(name):\(identity)"
    envelope.key = "backfill:\(job.id)"
    return envelope
  }
}
