internal import PluginKit
internal import ProviderKit

extension Stream {
  /// How often a listing is read as far back as it was at the time before the last, ns: Reddit lists some things seconds
  /// late, at their place, which may by then be behind the first page.
  static let sweepInterval: Int64 = 10_000_000_000
  /// After how much that came it is, at the latest: before a third of what Reddit shows has gone.
  private static let sweepCount = 300

  /// How often a page is asked for of which half an answer comes.
  private static let triesMax = 3

  /// How often another thing is tried as the anchor of the next page, where one that is gone showed none.
  private static let anchorsMax = 5

  /// What came of reading page after page.
  struct Walk {
    /// What was not seen before, in Reddit's order.
    var found: [Thing] = []
    /// What was.
    var known: [Thing] = []
    /// How many things came.
    var count = 0
    /// Whether something came that was seen before.
    var hasKnown = false
    /// When the oldest thing that came was written.
    var oldest = Int64.max
    /// Whether it broke off before its end: what the next page was asked for by had gone, as it does from the end of what
    /// Reddit shows while that is read.
    var isCut = false
    /// What is known of sweeps when it was read to its end.
    var sweep = Sweep()
    /// Why a page behind the first could not be read.
    var failure: (any Error)?
  }

  /// Reads the listing from its beginning to what is known, and one page more if that is not on the first: what came late
  /// may stand behind.
  ///
  /// A listing that was never read is read as far as its history is wanted.
  func walk() async throws -> Walk {
    var walk = Walk()
    let (bound, sweep) = nextSweep()
    walk.sweep = sweep
    var names: Set<Fullname> = []
    var page = try await page(after: nil)
    var pages = 1
    while true {
      let things = intake.read(page, of: path)
      let isLast = walk.hasKnown
      for thing in things {
        walk.oldest = min(walk.oldest, thing.created.nanoseconds)
        if cursor.contains(thing.name) {
          walk.hasKnown = true
          walk.known.append(thing)
        } else if names.insert(thing.name).inserted {
          walk.found.append(thing)
        }
      }
      walk.count += page.things.count
      if cursor.isNew, walk.found.count >= settings.history { break }
      if isLast || walk.hasKnown && pages == 1, walk.oldest <= bound { break }
      guard let after = page.after, walk.count < Self.listingMax else { break }
      do {
        page = try await next(after: after, things)
      } catch {
        walk.failure = error
        break
      }
      pages += 1
      walk.isCut = page.things.isEmpty
    }
    return walk
  }

  /// How far back to read this time, and what is known of sweeps then: what is younger was listed since the one before.
  private func nextSweep() -> (bound: Int64, sweep: Sweep) {
    let now = context.clock.now.nanoseconds
    guard isChronological, now - sweep.time >= Self.sweepInterval || sweep.count >= Self.sweepCount else {
      return (.max, sweep)
    }
    // Where nothing comes any more, what came last is looked at once more.
    let isIdle = cursor.newest == sweep.newest
    guard !isIdle || !sweep.isLast else { return (.max, sweep) }
    let bound = sweep.newest == .max ? .max : sweep.newest - Self.sweepInterval
    return (bound, Sweep(time: now, newest: cursor.newest, isLast: isIdle))
  }

  /// The page behind a thing; behind the one before it, if that is gone and so has nothing behind it.
  private func next(after: String, _ things: [Thing]) async throws -> Listing {
    let others = things.reversed().map(\.name.description).filter { $0 != after }
    var page = try await page(after: after)
    for anchor in others.prefix(Self.anchorsMax) where page.things.isEmpty {
      page = try await self.page(after: anchor)
    }
    return page
  }

  private func page(after: String?) async throws -> Listing {
    var query = "limit=\(Self.pageMax)"
    if let after { query += "&after=\(after)" }
    let call = try RESTCall(
      reading: path + (path.contains("?") ? "&" : "?") + query,
      requester: context.pluginID
    )
    var tries = 0
    while true {
      tries += 1
      let answer = try await rest.perform(call)
      guard answer.status == 200 else {
        let problem = RedditProblem(answer)
        let (found, hint) = (problem?.description ?? "\(answer.status)", problem?.hint.map { ": \($0)" } ?? "")
        throw ProviderError("\(path): expected a listing, found \(found)\(hint)")
      }
      do throws(ProviderError) {
        return try Listing(answer)
      } catch {
        // A page for people, or half an answer: it passes.
        guard tries >= Self.triesMax else { continue }
        throw RESTFailure.unknown("\(path): \(error)")
      }
    }
  }

  // MARK: - Holes

  /// Between which times something may have been written that nobody has seen; nil: there is no such time.
  func hole(_ walk: Walk) -> (from: Timestamp, to: Timestamp)? {
    // A listing that ends before half of what Reddit shows has nothing more: all that was known in it has vanished.
    let isLong = walk.isCut || walk.count >= Self.shownMax / 2
    guard isChronological, walk.failure == nil, !cursor.isNew, !walk.hasKnown, isLong, walk.oldest >= cursor.newest
    else { return nil }
    return (Timestamp(nanoseconds: cursor.newest), Timestamp(nanoseconds: walk.oldest))
  }

  /// The event that there is a hole, which is logged too.
  func tell(_ hole: (from: Timestamp, to: Timestamp)) -> Envelope {
    let account = intake.normaliser.account
    let payload: JSONObject = [
      "stream": .string(path), "provider": .string(account.provider), "tenant": .string(account.tenant),
      "from": .string(hole.from.description), "to": .string(hole.to.description),
      "reason": .string("Reddit shows about a thousand things of a listing, and more came since it was read"),
    ]
    context.log.warning("what was written between two times may not have been seen", payload)
    context.metrics.add("stream_holes_total")
    let intent = "StreamHole"
    var envelope = Envelope(
      topic: account.topic("events", intent),
      intent: intent,
      payload: JSON.object(payload).bytes()
    )
    envelope.id = account.identity(intent, "\(path):\(hole.from.milliseconds):\(hole.to.milliseconds)")
    envelope.configRev = intake.normaliser.configRev
    return envelope
  }
}
