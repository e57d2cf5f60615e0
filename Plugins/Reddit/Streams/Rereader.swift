internal import PluginKit
internal import ProviderKit

/// Looks at things again for some time after they came, since Reddit tells of no edit and no deletion.
///
/// The times between double, so that what is young, and changes most, is looked at most; a hundred things are one call.
@PluginActor
final class Rereader {
  /// Things of one call, by Reddit's limit.
  private static let batchMax = 100
  /// Things that are remembered at once; of more, those that were looked at most are forgotten.
  private static let thingsMax = 20_000
  /// How long after it came a thing is first looked at, at most, ns.
  private static let first: Int64 = 60_000_000_000
  /// The part of the calls of a minute that this may take.
  private static let share = 0.2
  /// How often in a row a thing has to be missing from an answer before it counts as deleted: once may be an accident.
  private static let missingMax = 2

  private struct Entry {
    /// When it came.
    let came: Int64
    var due: Int64
    /// What it was; nil: that is not known.
    var digest: String?
    /// Where it was written; nil: that is not known.
    var space: URN?
    var missing = 0
  }

  private let context: Context
  private let rest: any RESTCalling
  private let intake: Intake
  private let settings: StreamSettings
  private var entries: [Fullname: Entry] = [:]

  init(context: Context, rest: any RESTCalling, intake: Intake, settings: StreamSettings) {
    (self.context, self.rest, self.intake, self.settings) = (context, rest, intake, settings)
  }

  private var now: Int64 { context.clock.now.nanoseconds }
  private var first: Int64 { max(settings.fastest, min(Self.first, settings.reread / 64)) }
  /// Between two calls.
  private var interval: Int64 { max(settings.fastest, Int64(60e9 / (Self.share * Double(settings.perMinute)))) }

  /// A thing has come, whose change is to be told.
  func add(_ thing: Thing) {
    guard thing.standing == .present else { return }
    add(thing.name, digest: thing.digest, space: intake.normaliser.space(of: thing))
  }

  /// A thing was seen by an earlier process.
  func add(_ name: Fullname) {
    if entries[name] == nil { add(name, digest: nil, space: nil) }
  }

  private func add(_ name: Fullname, digest: String?, space: URN?) {
    // Private messages cannot be asked for, nor edited.
    guard settings.reread > 0, name.kind != .message else { return }
    entries[name] = Entry(came: now, due: now + first, digest: digest, space: space)
    guard entries.count > Self.thingsMax else { return }
    for (name, _) in entries.sorted(by: { $0.value.came < $1.value.came }).prefix(Self.thingsMax / 10) {
      entries[name] = nil
    }
  }

  /// Looks at what is due, until it is cancelled.
  func run() async {
    var tries = 0
    while !Task.isCancelled {
      do {
        try await look()
        tries = 0
      } catch {
        if Task.isCancelled { return }
        tries += 1
        context.log.debug("things cannot be looked at again: \(error)")
      }
      let wait = tries > 0 ? RetryDelay.delay(tries, .random(in: 0..<1)) : 0
      do { try await context.clock.sleep(for: .nanoseconds(interval + wait)) } catch { return }
    }
  }

  private func look() async throws {
    let due = entries.filter { $0.value.due <= now }.sorted { $0.value.due < $1.value.due }.prefix(Self.batchMax)
      .map(\.key)
    guard !due.isEmpty else { return }
    let ids = due.map(\.description).joined(separator: ",")
    let answer = try await rest.perform(try RESTCall(reading: "/api/info?id=\(ids)", requester: context.pluginID))
    guard answer.status == 200 else {
      throw ProviderError("/api/info: expected a listing, found \(RedditProblem(answer)?.description ?? "")")
    }
    let things = intake.read(try Listing(answer), of: "/api/info")
    let found = Dictionary(things.map { ($0.name, $0) }) { first, _ in first }
    var envelopes: [Envelope] = []
    for name in due { envelopes += look(at: name, found[name]) }
    guard await intake.record(envelopes) else { throw CancellationError() }
  }

  /// The events of a thing as it now is; nil: it is not there.
  private func look(at name: Fullname, _ thing: Thing?) -> [Envelope] {
    guard var entry = entries[name] else { return [] }
    let now = context.clock.now
    // As long again as it is there.
    entry.due = now.nanoseconds + max(first, now.nanoseconds - entry.came)
    defer { entries[name] = entry.due - entry.came > settings.reread ? nil : entry }
    guard let thing else {
      entry.missing += 1
      guard entry.missing >= Self.missingMax, let space = entry.space else { return [] }
      entry.due = .max / 2
      return intake.normaliser.gone(name, in: space, .live, at: now)
    }
    let known = entry.digest
    (entry.missing, entry.digest, entry.space) = (0, thing.digest, intake.normaliser.space(of: thing))
    if thing.standing != .present { entry.due = .max / 2 }
    // Of what an earlier process has seen only Reddit's own word says that it is not as it was.
    let isChanged = known.map { $0 != thing.digest } ?? (thing.edited != nil || thing.standing != .present)
    return isChanged ? intake.normaliser.changed(thing, .live, at: now) : []
  }
}
