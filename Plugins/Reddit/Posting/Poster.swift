internal import PluginKit
internal import ProviderKit

/// Performs `PostMessage`: submits, answers or writes privately, in one part or, of a long text, in several.
///
/// A wish is posted once, however often it is delivered: it is written down before anything is sent, and the names of its
/// things before it is answered; of one that was begun and not ended, what the account has written is looked through
/// before anything is sent again.
///
/// What is left: a part is there twice if what the account has written cannot be read, which a loss says, or if it has
/// written more than a page of other things meanwhile.
@PluginActor
final class Poster {
  /// The document in which the host keeps what is posted.
  nonisolated static let document = "reddit-posts"
  /// What stands in the ledger for a part whose name Reddit does not tell.
  private static let nameless = "t4_0"

  private let context: Context
  private let account: Account
  private let rest: any RESTCalling
  private let settings: Settings
  private let intake: Intake
  private let places: Places
  private let username: () -> String?
  private let ledger: PostLedger
  /// Nothing is sent before, in nanoseconds since 1970, and what Reddit said.
  private var pause: (until: Int64, reason: String)?

  init(
    context: Context,
    account: Account,
    rest: any RESTCalling,
    settings: Settings,
    intake: Intake,
    places: Places,
    username: @escaping () -> String?
  ) {
    (self.context, self.account, self.rest, self.settings) = (context, account, rest, settings)
    (self.intake, self.places, self.username) = (intake, places, username)
    ledger = PostLedger(context.state, document: Self.document)
  }

  /// Learns what an earlier process has posted; nothing is posted before.
  func start() async throws {
    try await ledger.load()
  }

  /// Posts what an envelope wishes.
  ///
  /// - Throws: A `Rejection` for what Reddit will never take, a `HostError` of kind `unavailable` while it cannot be
  ///   reached or lets nothing be written, else an error that says which parts are out.
  func post(_ envelope: Envelope) async throws -> Response {
    let wish: PostMessage
    do { wish = try PostMessage(envelope) } catch { throw Rejection("\(error)") }
    let found = Account(provider: wish.provider, tenant: wish.tenant)
    guard found == account else { throw Rejection("provider, tenant: expected \(account), found \(found)") }
    let target = try PostTarget(wish, for: account)
    let identity = PostIdentity(envelope, key: wish.idempotencyKey)
    let entry = ledger.entry(identity)
    // It goes on in as many parts as it was begun in, whatever is configured since.
    let draft = try PostDraft(wish, target, partsMax: entry?.messages.count ?? settings.partsMax)
    if let entry, entry.isDone {
      context.log.info("posted before", ["wish": .string(envelope.id)])
      return answer(entry.messages.map { $0.flatMap { Fullname($0) } }, draft.losses)
    }
    let sender = PartSender(
      rest: rest,
      draft: draft,
      requester: envelope.src,
      clock: context.clock,
      deadline: envelope.deadline,
      held: { self.pause = (self.context.clock.now.nanoseconds + $0, $1) }
    )
    do throws(PostFailure) {
      try check()
      try await allow(target, sender)
      let losses = try await recall(identity, sender)
      let names = try await send(identity, sender)
      for loss in Loss.told(draft.losses + losses) { context.log.warning("not expressed", ["loss": loss.json]) }
      context.metrics.add("posts_total")
      context.metrics.add("post_losses_total", Double(draft.losses.count + losses.count))
      return answer(names, draft.losses + losses)
    } catch {
      context.metrics.add("posts_failed_total")
      throw error.error(out(identity))
    }
  }

  // MARK: - Whether it may

  /// While Reddit lets nothing be written, nothing is tried: that makes it last longer.
  private func check() throws(PostFailure) {
    guard let pause, pause.until > context.clock.now.nanoseconds else { return }
    let seconds = (pause.until - context.clock.now.nanoseconds) / 1_000_000_000
    throw .later("nothing is written for \(seconds) s: \(pause.reason)")
  }

  /// Keeps answers where the wish says, and all to the subreddits that the operator allows.
  private func allow(_ target: PostTarget, _ sender: PartSender) async throws(PostFailure) {
    switch target {
    case .message: return
    case .submission(let subreddit): try allow(subreddit)
    case .answer(_, nil) where settings.allow.isOpen: return
    case .answer(let name, let subreddit):
      guard let place = try await places.place(of: name, for: sender.requester, until: sender.until) else {
        throw .never("in_reply_to: expected something that is there, found that \(name) is not, or is not shown")
      }
      guard let found = place.subreddit, subreddit.map({ $0.lowercased() == found.lowercased() }) ?? true else {
        throw .never("in_reply_to: expected something in \(subreddit ?? ""), found \(name), which is elsewhere")
      }
      try allow(found)
    case .messageAnswer(let name, let user):
      guard let user else { return }
      let place = try await places.place(of: name, for: sender.requester, until: sender.until)
      guard place?.partner?.lowercased() == user.lowercased() else {
        throw .never("in_reply_to: expected a message of \(user)'s, found \(name), which is another's or not there")
      }
    }
  }

  private func allow(_ subreddit: String) throws(PostFailure) {
    guard settings.allow.allows(subreddit) else {
      throw .never(
        "space_urn: expected a subreddit that the tenant's `allow` in plugins.yml covers, found \(subreddit): add it to "
          + "`subreddits`"
      )
    }
  }

  // MARK: - Sending

  /// Sends what is not out yet, one part after the other.
  private func send(_ identity: PostIdentity, _ sender: PartSender) async throws(PostFailure) -> [Fullname?] {
    var names: [Fullname?] = []
    for part in sender.draft.texts.indices {
      if let known = known(identity, part) {
        names.append(known)
        continue
      }
      let sent: PartSender.Sent
      do throws(PostFailure) {
        sent = try await sender.send(part, after: names)
      } catch {
        await save()
        throw error
      }
      names.append(sent.name)
      ledger.note(identity, part: part, is: sent.name?.description ?? Self.nameless)
      if let thing = sent.thing { await tell(thing) }
      context.metrics.add("post_parts_total")
    }
    await save()
    context.log.info("posted", ["names": .array(names.map { $0.map { .string($0.description) } ?? .null })])
    return names
  }

  /// What the account writes becomes an event as soon as it is there.
  private func tell(_ thing: Thing) async {
    places.saw(thing)
    _ = await intake.record(intake.normaliser.created(thing, .live, at: context.clock.now))
  }

  /// Writes down a wish that is new; finds the parts of one that was begun before.
  private func recall(_ identity: PostIdentity, _ sender: PartSender) async throws(PostFailure) -> [Loss] {
    guard let entry = ledger.entry(identity) else {
      do throws(HostError) {
        let now = context.clock.now.milliseconds
        try await ledger.begin(identity, parts: sender.draft.texts.count, at: now)
      } catch {
        throw error.kind == .cancelled
          ? .cancelled : .again("the state cannot be written, so nothing is sent: \(error)")
      }
      return []
    }
    let (things, problem) = try await sender.written(by: username())
    guard let things else {
      return [Loss("text", "begun before, and what was written cannot be read (\(problem)): it may be there twice")]
    }
    var earlier = EarlierThings(things, since: entry.began)
    var names: [Fullname?] = []
    for part in sender.draft.texts.indices {
      if let known = known(identity, part) {
        names.append(known)
        continue
      }
      let sought = sender.part(part, after: names)
      let found = earlier.take(sought, in: sender.draft) { ledger.isTaken($0, notBy: identity) }
      guard let found else { break }
      ledger.note(identity, part: part, is: found.description)
      names.append(found)
    }
    return []
  }

  /// What a part has become: a name, or none that Reddit tells; nil: nobody knows that it is out.
  private func known(_ identity: PostIdentity, _ part: Int) -> Fullname?? {
    guard let messages = ledger.entry(identity)?.messages, messages.indices.contains(part), let name = messages[part]
    else { return nil }
    return .some(name == Self.nameless ? nil : Fullname(name))
  }

  /// Writes down what is out; what cannot be written is found again among what the account has written.
  private func save() async {
    do throws(HostError) {
      try await ledger.save()
    } catch {
      context.log.warning("what is posted was not written down", ["reason": .string("\(error)")])
    }
  }

  // MARK: - Answering

  /// What is out already, for the words of an error.
  private func out(_ identity: PostIdentity) -> String {
    let names = ledger.entry(identity)?.messages.compactMap(\.self) ?? []
    return names.isEmpty ? "" : "posted are [\(names.joined(separator: ", "))]: "
  }

  private func answer(_ names: [Fullname?], _ losses: [Loss]) -> Response {
    let names = names.map { $0.flatMap { $0.description == Self.nameless ? nil : $0 } }
    let ids = names.compactMap { $0.map { JSON.string($0.description) } }
    return Response(
      json: [
        "message_id": ids.first ?? .null, "message_ids": .array(ids), "losses": .array(Loss.told(losses).map(\.json)),
      ]
    )
  }
}
