internal import PluginKit

extension BackfillWork {
  /// An order to make a step, as `BackfillReports.step` writes it.
  private struct Step {
    let job: String
    /// Which lane's; nil: that of listing spaces.
    let lane: Int?
    let sequence: Int

    init(_ envelope: Envelope) throws(Rejection) {
      guard let json = try? JSON.parse(envelope.payload), let job = json["job"]?.stringValue,
        let lane = json["lane"]?.intValue, let sequence = json["sequence"]?.intValue, sequence >= 0
      else { throw Rejection("expected job, lane and sequence, found something else") }
      (self.job, self.lane, self.sequence) = (job, lane < 0 ? nil : Int(lane), Int(sequence))
    }
  }

  /// Makes a step, and orders the one behind it.
  ///
  /// What was made before, by whoever was ended before it was acknowledged, is not made again.
  ///
  /// - Throws: A `HostError` of kind `unavailable` where it cannot be made now: whatever fails is tried again, since a step
  ///   that nobody makes would be the end of its lane.
  func step(_ envelope: Envelope) async throws {
    let step = try Step(envelope)
    let trouble = "\(provider)/\(tenant)/\(step.job)/\(step.lane ?? -1)"
    try await backfill.troubles.rest(trouble, context.clock)
    do {
      guard let (job, version) = try await store.job(step.job) else { return backfill.troubles.over(trouble) }
      if job.isOver { return try await end(job) }
      if let lane = step.lane {
        try await walk(lane, of: job, step.sequence, trouble)
      } else {
        try await list(job, version, step.sequence, trouble)
      }
    } catch let error as HostError where error.kind == .unavailable || error.kind == .cancelled {
      throw error
    } catch {
      context.log.warning("a step of a job failed", ["job": .string(step.job), "why": .string("\(error)")])
      throw HostError(.unavailable, "job \(step.job): \(error)")
    }
  }

  // MARK: - Listing

  /// Writes down a page of spaces.
  private func list(_ job: BackfillJob, _ version: UInt64, _ sequence: Int, _ trouble: String) async throws {
    var job = job
    if job.isListing, job.sequence == sequence {
      let page: (spaces: [URN], next: String?)
      do throws(HistoryClient.Failure) {
        page = try await history.spaces(after: job.after)
      } catch {
        let reason = try await reason(error, trouble)
        try await context.publish(reports.error(reason, space: nil, of: job))
        return try await store.forget(job)
      }
      let spaces = page.spaces.prefix(BackfillJob.spacesMax - job.spaces)
      if spaces.count < page.spaces.count {
        context.log.warning("a job has more spaces than are walked", ["most": .int(Int64(BackfillJob.spacesMax))])
      }
      try await store.append(Array(spaces), behind: job.spaces, of: job.id)
      job.spaces += spaces.count
      (job.after, job.sequence) = (page.next, job.sequence + 1)
      job.isListing = page.next != nil && job.spaces < BackfillJob.spacesMax
      job.lanes = job.isListing ? 0 : min(backfill.settings.concurrency, job.spaces)
      try await store.keep(job, over: version)
    }
    backfill.troubles.over(trouble)
    try await begin(job)
  }

  /// Why something cannot be had; returns when that is for good.
  private func reason(_ failure: HistoryClient.Failure, _ trouble: String) async throws(HostError) -> String {
    switch failure {
    case .refused(let reason):
      backfill.troubles.over(trouble)
      return reason
    case .later(let reason, let wait):
      context.metrics.add("backfill_retries_total")
      try await backfill.troubles.failed(trouble, reason, after: wait, context.clock)
      backfill.troubles.over(trouble)
      return reason
    }
  }

  // MARK: - Walking

  /// Has the next page of a lane's space fetched.
  private func walk(_ number: Int, of job: BackfillJob, _ sequence: Int, _ trouble: String) async throws {
    var lane = try await store.lane(number, of: job)
    if lane.sequence == sequence {
      guard let space = try await store.space(lane.place, of: job) else { return try await end(lane, number, of: job) }
      let ledger = try await known.ledger(of: space)
      var walk = BackfillWalk(lane, ledger, job)
      if !walk.isOver {
        let page: PageReport
        do {
          page = try await fetch(walk, of: space, job)
        } catch let failure as HistoryClient.Failure {
          let reason = try await reason(failure, trouble)
          try await context.publish(reports.error(reason, space: space, of: job))
          lane.leave(job.lanes, failed: true)
          return try await go(on: lane, number, of: job)
        }
        walk.add(page)
        if walk.ledger != ledger { try await known.keep(walk.ledger, of: space) }
        context.metrics.add("backfill_pages_total")
        context.metrics.add("backfill_messages_total", Double(page.messages))
      }
      backfill.troubles.over(trouble)
      (lane.cursor, lane.fetched) = (walk.cursor, walk.fetched)
      try await context.publish(
        reports.progress(space, lane, number, oldest: walk.oldest, isComplete: walk.isOver, of: job)
      )
      if walk.isOver { lane.leave(job.lanes, failed: false) }
      return try await go(on: lane, number, of: job)
    }
    try await context.publish(reports.step(lane.sequence, lane: number, of: job))
  }

  private func fetch(_ walk: BackfillWalk, of space: URN, _ job: BackfillJob) async throws -> PageReport {
    let name = "\(provider)/\(tenant)"
    try await backfill.troubles.enter(name, context.clock)
    defer { backfill.troubles.leave(name) }
    return try await history.page(of: space, before: walk.cursor, until: job.until, limit: walk.left)
  }

  /// Writes down that a step is made, and orders the next.
  private func go(on lane: BackfillLane, _ number: Int, of job: BackfillJob) async throws {
    var lane = lane
    lane.sequence += 1
    try await store.keep(lane, number, of: job)
    try await context.publish(reports.step(lane.sequence, lane: number, of: job))
  }

  /// A lane has no more spaces: the last one ends the job.
  private func end(_ lane: BackfillLane, _ number: Int, of job: BackfillJob) async throws {
    while let (job, version) = try await store.job(job.id) {
      var job = job
      job.ended[number] = lane.sum
      do throws(HostError) {
        try await store.keep(job, over: version)
      } catch {
        // Another lane has ended meanwhile.
        guard error.kind == .conflict else { throw error }
        continue
      }
      if job.isOver { try await end(job) }
      return
    }
  }
}
