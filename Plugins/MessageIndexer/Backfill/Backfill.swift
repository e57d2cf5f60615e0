internal import PluginKit

/// Has history fetched: takes orders, and makes of each a job whose steps it orders of itself, one behind the other.
///
/// The journal carries a job on. A step is an envelope of its own; it fetches one page, writes down how far it is, orders the
/// next step and is then acknowledged. A process that is ended, wherever that is, has at most its page fetched again; replicas
/// share the lanes; nothing has to be looked for at a start.
@PluginActor
final class Backfill {
  let context: Context
  let settings: BackfillSettings
  let troubles: BackfillTroubles

  /// Fetches as it is configured.
  init(context: Context) throws {
    self.context = context
    settings = try BackfillSettings(context.config)
    troubles = BackfillTroubles(settings)
  }

  /// Handles an envelope of `jobs`.
  ///
  /// - Throws: A `Rejection` of what can never be handled; a `HostError` of kind `unavailable` where it is to be delivered
  ///   again.
  func handle(_ envelope: Envelope, _ topic: Topic) async throws -> Response? {
    let work = BackfillWork(self, provider: topic.provider, tenant: topic.tenant)
    switch topic.name {
    case BackfillReports.prefix + "enqueue": return try await work.enqueue(envelope)
    case BackfillReports.prefix + "step":
      try await work.step(envelope)
      return nil
    case BackfillReports.prefix + "coverage": return try await work.coverage(envelope)
    default:
      throw Rejection("topic: expected jobs.backfill.messages.enqueue, step or coverage, found jobs.\(topic.name)")
    }
  }
}

/// What the operator has configured.
struct BackfillSettings: Sendable {
  /// How many spaces of a tenant are walked at once.
  let concurrency: Int
  /// For how long a space is tried that cannot be read before it is given up, ns.
  let patience: Int64

  /// Reads `backfill.concurrency` and `backfill.patience`.
  init(_ config: Config) throws {
    let config = try config.nested("backfill")
    concurrency = try config.int("concurrency", default: 2, in: 1...16)
    patience = Int64(try config.duration("patience", default: .seconds(900)) / .nanoseconds(1))
  }
}
