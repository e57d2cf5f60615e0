internal import PluginKit
internal import ProviderKit

/// The past of subreddits, as far as Reddit shows it: about a thousand submissions and a thousand comments.
///
/// A page is one of the listing that was read less far, so that both go back in time together.
@PluginActor
final class SubredditArchive: HistorySource {
  private let context: Context
  private let settings: Settings
  private let rest: any RESTCalling
  private let intake: Intake
  private let streams: Streams

  init(context: Context, settings: Settings, rest: any RESTCalling, intake: Intake, streams: Streams) {
    (self.context, self.settings, self.rest) = (context, settings, rest)
    (self.intake, self.streams) = (intake, streams)
  }

  private var account: Account { intake.normaliser.account }

  func page(_ wish: HistoryWish, for caller: HistoryCaller) async throws -> HistoryPage {
    guard let (kind, name) = account.own(wish.space), kind == .sub, StreamSettings.isSubreddit(name),
      !name.contains("+")
    else {
      throw HistoryRefusal(400, "history.space_urn: expected urn of a sub by its name, found \(wish.space)")
    }
    guard settings.allow.allows(name) else {
      throw HistoryRefusal(
        403,
        "history.space_urn: expected a subreddit that the tenant's `allow` covers, found \(name)"
      )
    }
    var cursor = try wish.before.map { text throws(ProviderError) in try HistoryCursor(text) } ?? HistoryCursor()
    let before = cursor.complete
    var things: [Thing] = []
    // Both at the beginning: nothing is complete before both are known.
    let due = wish.before == nil ? Array(cursor.fronts.indices) : [cursor.next].compactMap(\.self)
    for place in due {
      let path = "/r/\(name)/" + ["new", "comments"][place]
      things += try await advance(&cursor.fronts[place], along: path, wish.limit, for: caller)
    }
    let told = things.filter { thing in wish.until.map { thing.created.milliseconds < $0 } ?? true }
    try await record(told)
    let first = before ?? things.map(\.created.milliseconds).max()
    let newest = wish.until.flatMap { until in first.map { min($0, until - 1) } } ?? first
    let oldest = cursor.complete
    let isProven = newest.flatMap { newest in oldest.map { $0 <= newest } } ?? false
    return HistoryPage(
      messages: told.count,
      newest: isProven ? newest : nil,
      oldest: isProven ? oldest : nil,
      next: cursor.text,
      isTruncated: cursor.next == nil && cursor.fronts.contains(where: \.isTruncated)
    )
  }

  /// The subreddits that are configured, or else allowed by name: Reddit has no list of all.
  func spaces(after cursor: String?, for caller: HistoryCaller) async throws -> SpacePage {
    let allowed = settings.streams.subreddits.filter { settings.allow.allows($0) }
    // Reddit ignores their case.
    let names = Dictionary(allowed.map { ($0.lowercased(), $0) }) { first, _ in first }
    let rest = names.filter { name in cursor.map { name.key > $0 } ?? true }.sorted { $0.key < $1.key }
    let chosen = rest.prefix(SpacePage.spacesMax)
    return SpacePage(
      spaces: chosen.compactMap { name in
        account.urn(.sub, name.value).map { SpacePage.Space(urn: $0, name: "r/\(name.value)") }
      },
      next: chosen.count < rest.count ? chosen.last?.key : nil
    )
  }

  // MARK: - Reading

  /// How often a listing's beginning is asked for that has nothing: a page of nothing may be Reddit's trouble, and pass.
  private static let triesMax = 3

  /// Reads the next page of a listing.
  private func advance(
    _ front: inout HistoryCursor.Front,
    along path: String,
    _ limit: Int,
    for caller: HistoryCaller
  ) async throws -> [Thing] {
    var page = try await listing(path, limit, after: front.anchors.first, for: caller)
    for _ in 1..<Self.triesMax where page.things.isEmpty && front.anchors.isEmpty {
      page = try await listing(path, limit, after: nil, for: caller)
    }
    // Behind what is gone Reddit shows nothing; behind what stood before it, it does.
    for anchor in front.anchors.dropFirst() where page.things.isEmpty {
      page = try await listing(path, limit, after: anchor, for: caller)
    }
    let things = intake.read(page, of: path)
    front.add(things.count)
    front.isOver = page.after == nil
    if !things.isEmpty { front.anchors = things.suffix(HistoryCursor.anchorsMax).reversed().map(\.name) }
    let times = things.map(\.created.milliseconds)
    if let oldest = times.min() { front.oldest = min(oldest, front.oldest ?? oldest) }
    // A page of nothing that can be read leads nowhere.
    if things.isEmpty, !front.isOver {
      guard page.things.isEmpty else { throw ProviderError("\(path): expected things, found none that can be read") }
      front.isOver = true
    }
    return things
  }

  private func listing(
    _ path: String,
    _ limit: Int,
    after: Fullname?,
    for caller: HistoryCaller
  ) async throws -> Listing {
    var call = try RESTCall(
      reading: "\(path)?limit=\(limit)" + (after.map { "&after=\($0)" } ?? ""),
      requester: caller.requester
    )
    (call.deadline, call.isPatient) = (caller.deadline, true)
    do throws(ProviderError) {
      try settings.allowedCalls.check(call.method, call.path.path, named: call.name)
    } catch {
      throw HistoryRefusal(403, error.description)
    }
    let answer = try await rest.perform(call)
    guard answer.status == 200 else {
      let problem = RedditProblem(answer)
      let (found, hint) = (problem?.description ?? "\(answer.status)", problem?.hint.map { ": \($0)" } ?? "")
      throw HistoryRefusal(
        answer.status,
        "\(call.name): expected a listing, found \(found)\(hint)",
        retryAfter: answer.retryAfter ?? problem?.wait ?? 0
      )
    }
    do throws(ProviderError) { return try Listing(answer) } catch { throw ProviderError("\(path): \(error)") }
  }

  /// Has things recorded, oldest first, so that an answer comes after what it answers.
  private func record(_ things: [Thing]) async throws {
    let ordered = things.sorted { $0.created < $1.created }
    let now = context.clock.now
    // First, so that no process ends between: what is deleted meanwhile is listed no more, and would stay for ever.
    try await streams.watch(ordered)
    let envelopes = ordered.flatMap { intake.normaliser.created($0, .backfill, at: now) }
    guard await intake.record(envelopes) else { throw CancellationError() }
    guard intake.publishes(SocialMessageCreated.intent) else {
      throw HistoryRefusal(403, "expected a grant of publish for events.\(SocialMessageCreated.intent), found none")
    }
  }
}
