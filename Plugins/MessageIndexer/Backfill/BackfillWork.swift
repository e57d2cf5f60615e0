internal import PluginKit

/// What is done for one tenant: orders taken, steps made, and what is known shown.
@PluginActor
struct BackfillWork {
  let backfill: Backfill
  let provider: String
  let tenant: String
  let reports: BackfillReports
  let store: BackfillStore
  let history: HistoryClient
  let known: Coverage

  var context: Context { backfill.context }

  init(_ backfill: Backfill, provider: String, tenant: String) {
    (self.backfill, self.provider, self.tenant) = (backfill, provider, tenant)
    let context = backfill.context
    reports = BackfillReports(provider: provider, tenant: tenant)
    store = BackfillStore(state: context.state.of(provider: provider, tenant: tenant))
    history = HistoryClient(context: context, provider: provider, tenant: tenant)
    known = Coverage(context: context, provider: provider, tenant: tenant)
  }

  // MARK: - Orders

  /// Takes an order: returns when the job is kept and its first steps are ordered.
  ///
  /// An order that is delivered again is the same job.
  func enqueue(_ envelope: Envelope) async throws -> Response {
    let order: BackfillOrder
    do {
      order = try BackfillOrder(envelope.payload, provider: provider, tenant: tenant)
    } catch {
      throw Rejection("\(error)")
    }
    let id = Self.name(of: envelope)
    var job: BackfillJob
    if let kept = try await store.job(id) {
      job = kept.job
    } else {
      job = BackfillJob(id: id, began: context.clock.now.nanoseconds, order)
      if let spaces = order.spaces {
        try await store.append(spaces, behind: 0, of: id)
        job.lanes = min(backfill.settings.concurrency, spaces.count)
      }
      try await store.keep(job, over: 0)
    }
    try await begin(job)
    context.log.info("messages of the past are fetched", ["job": .string(id), "spaces": .int(Int64(job.spaces))])
    return Response(json: ["job": .string(id), "spaces": job.isListing ? .null : .int(Int64(job.spaces))])
  }

  /// A name that an order has however often it is delivered, and no other order.
  private static func name(of envelope: Envelope) -> String {
    // Sixteen hexadecimal digits of a digest: nobody has so many orders that two would share them.
    let bytes = Array("\(envelope.src)\u{0}\(envelope.id)\u{0}\(envelope.corr)".utf8)
    return Hex.encode(SHA256.digest(bytes).prefix(8))
  }

  /// Orders the first step of each lane, or the next one of listing the spaces.
  func begin(_ job: BackfillJob) async throws {
    if job.isListing { return try await context.publish(reports.step(job.sequence, lane: nil, of: job)) }
    guard !job.isOver else { return try await end(job) }
    for lane in 0..<job.lanes { try await context.publish(reports.step(0, lane: lane, of: job)) }
  }

  /// Says that a job is done, and forgets it.
  func end(_ job: BackfillJob) async throws {
    try await context.publish(reports.done(job))
    try await store.forget(job)
  }

  // MARK: - What is known

  /// Shows what is known of a space.
  func coverage(_ envelope: Envelope) async throws -> Response {
    let text = (try? JSON.parse(envelope.payload))?["space_urn"]?.stringValue
    guard let space = text.flatMap({ try? URN($0) }), space.provider == provider, space.tenant == tenant else {
      throw Rejection("space_urn: expected the name of a space of \(provider)/\(tenant)")
    }
    return Response(json: try await known.ledger(of: space).json)
  }
}
