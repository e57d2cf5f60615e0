internal import PluginKit
internal import ProviderKit

/// Looks at things again for some time after they came, since Reddit tells of no edit and no deletion.
///
/// The times between double, so that what is young, and changes most, is looked at most; a hundred things are one call.
@PluginActor
final class Rereader {
  /// Things of one call, by Reddit's limit.
  private static let batchMax = 100
  /// How long after it came a thing is first looked at, at most, ns.
  private static let first: Int64 = 60_000_000_000
  /// The part of the calls of a minute that this may take.
  private static let share = 0.2
  /// How often in a row a thing has to be missing from an answer before it counts as deleted: once may be an accident.
  private static let missingMax = 2

  private struct Entry {
    /// When it came.
    let came: Int64
    /// Where it was written.
    let space: URN
    /// What it was; nil: that is not known.
    var digest: String?
    var missing = 0
  }

  private let context: Context
  private let rest: any RESTCalling
  private let intake: Intake
  private let settings: StreamSettings
  private let log: RereadLog
  private var entries: [Fullname: Entry] = [:]
  /// What is to be looked at, by the second in which it is.
  private var agenda: [Int64: [Fullname]] = [:]
  /// What is due, and up to which second that is known.
  private var due: [Fullname] = []
  private var second: Int64

  init(context: Context, rest: any RESTCalling, intake: Intake, settings: StreamSettings) {
    (self.context, self.rest, self.intake, self.settings) = (context, rest, intake, settings)
    log = RereadLog(context.state)
    second = context.clock.now.nanoseconds / 1_000_000_000
  }

  private var now: Int64 { context.clock.now.nanoseconds }
  private var first: Int64 { max(settings.fastest, min(Self.first, settings.reread / 64)) }
  /// Between two calls.
  private var interval: Int64 { max(settings.fastest, Int64(60e9 / (Self.share * Double(settings.perMinute)))) }

  /// Reads what earlier processes have seen; all of it is looked at once, and then as usual.
  func load() async throws(HostError) {
    guard settings.reread > 0 else { return }
    for entry in try await log.load() where entry.came + settings.reread > now {
      entries[entry.name] = Entry(came: entry.came, space: entry.space)
      due.append(entry.name)
    }
  }

  /// Things have come, whose change is to be told; returns when that is durable.
  func add(_ things: [Thing]) async throws(HostError) {
    guard settings.reread > 0 else { return }
    // Private messages cannot be asked for, nor edited.
    for thing in things where thing.standing == .present && thing.name.kind != .message && entries[thing.name] == nil {
      guard let space = intake.normaliser.space(of: thing) else { continue }
      entries[thing.name] = Entry(came: now, space: space, digest: thing.digest)
      look(at: thing.name, from: now + first)
      for name in log.add(thing.name, in: space, at: now) { entries[name] = nil }
    }
    try await log.save()
  }

  private func look(at name: Fullname, from time: Int64) {
    agenda[max(time / 1_000_000_000, second) + 1, default: []].append(name)
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
    while second < now / 1_000_000_000 {
      second += 1
      due += agenda.removeValue(forKey: second) ?? []
    }
    let names = Array(due.prefix(Self.batchMax))
    guard !names.isEmpty else { return }
    let ids = names.map(\.description).joined(separator: ",")
    let answer = try await rest.perform(try RESTCall(reading: "/api/info?id=\(ids)", requester: context.pluginID))
    guard answer.status == 200 else {
      throw ProviderError("/api/info: expected a listing, found \(RedditProblem(answer)?.description ?? "")")
    }
    let things = intake.read(try Listing(answer), of: "/api/info")
    let found = Dictionary(things.map { ($0.name, $0) }) { first, _ in first }
    var envelopes: [Envelope] = []
    for name in names { envelopes += change(of: name, to: found[name]) }
    guard await intake.record(envelopes) else { throw CancellationError() }
    due.removeFirst(names.count)
  }

  /// The events of a thing as it now is; nil: it is not there.
  private func change(of name: Fullname, to thing: Thing?) -> [Envelope] {
    guard var entry = entries[name] else { return [] }
    let now = context.clock.now
    let known = entry.digest
    var isOver = false
    var envelopes: [Envelope] = []
    if let thing {
      (entry.missing, entry.digest) = (0, thing.digest)
      isOver = thing.standing != .present
      // Of what an earlier process has seen only Reddit's own word says that it is not as it was.
      let isChanged = known.map { $0 != thing.digest } ?? (thing.edited != nil || isOver)
      if isChanged { envelopes = intake.normaliser.changed(thing, .live, at: now) }
    } else {
      entry.missing += 1
      isOver = entry.missing >= Self.missingMax
      if isOver { envelopes = intake.normaliser.gone(name, in: entry.space, .live, at: now) }
    }
    // What is missing is looked at soon again, also if this was to be the last time.
    let (isMissing, end) = (entry.missing > 0, entry.came + settings.reread)
    guard !isOver, isMissing || now.nanoseconds < end else {
      entries[name] = nil
      return envelopes
    }
    // As long again as it is there, and at last when its time is over.
    let next = now.nanoseconds + max(first, now.nanoseconds - entry.came)
    entries[name] = entry
    look(at: name, from: isMissing ? now.nanoseconds + first : min(next, end))
    return envelopes
  }
}
