internal import PluginKit
internal import ProviderKit

/// Performs `PostMessage`: posts what a wish says, as one message or, of a long text, as several.
///
/// A wish is posted once, however often it is delivered:
/// - It is written down before anything is sent, and the ids of its messages before it is answered.
/// - Each part has a nonce of its own, the same each time, by which Discord itself knows it for some minutes.
/// - After that time the channel is looked through for the parts of which no answer came, before they are sent.
///
/// What is left, if no answer came and the wish is delivered again more than `nonceKept` later: a part is there twice
/// if the bot may not read the channel's history, which a loss says, if more than 500 messages came between, or if
/// Discord has changed its text; and not at all if the bot has said the same there by other means than a wish. The
/// ledger knows the last four hundred wishes of one message, or a hundred of ten.
@PluginActor
final class Poster {
  /// How long a nonce is relied on; Discord says "a few minutes".
  static let nonceKept: Int64 = 60_000
  /// How far Discord's clock may be behind, in milliseconds.
  static let skewMax: Int64 = 30_000
  /// How long a part waits for its turn, in nanoseconds, and is tried: no longer, for after `nonceKept` and this much
  /// more Discord may have forgotten its nonce.
  nonisolated static let patience: Int64 = 120_000_000_000
  /// The document in which the host keeps what is posted.
  nonisolated static let document = "discord-posts"

  private let context: Context
  private let account: Account
  private let rest: any RESTCalling
  private let settings: PostSettings
  private let ledger: PostLedger
  private let isAllowed: @PluginActor (Snowflake) async -> Bool
  private let me: @PluginActor () -> Snowflake?
  private let hint: @PluginActor (Int, [UInt8]) -> String?

  /// Makes one for an instance: `isAllowed` says in which channels the operator lets it write, `me` the bot's own id
  /// once that is known, `hint` what to do about an answer that is an error.
  init(
    context: Context,
    account: Account,
    rest: any RESTCalling,
    settings: PostSettings,
    isAllowed: @escaping @PluginActor (Snowflake) async -> Bool,
    me: @escaping @PluginActor () -> Snowflake? = { nil },
    hint: @escaping @PluginActor (Int, [UInt8]) -> String? = { _, _ in nil }
  ) {
    self.context = context
    self.account = account
    self.rest = rest
    self.settings = settings
    self.isAllowed = isAllowed
    self.me = me
    self.hint = hint
    ledger = PostLedger(context.state, document: Self.document)
  }

  /// Learns what an earlier process has posted; nothing is posted before.
  func start() async throws {
    try await ledger.load()
  }

  /// Posts what an envelope wishes.
  ///
  /// - Throws: A `Rejection` for what Discord will never take, a `HostError` of kind `unavailable` while it cannot be
  ///   reached, else an error that says which parts are out.
  func post(_ envelope: Envelope) async throws -> Response {
    let (wish, channel) = try PostDraft.read(envelope, for: account)
    guard await isAllowed(channel) else {
      throw Rejection(
        """
        space_urn: expected a channel that the tenant's `allow` in plugins.yml covers, found \(channel): add it to \
        `channels`, or its guild to `guilds`
        """
      )
    }
    let draft = PostDraft(wish, settings)
    let identity = PostIdentity(envelope, key: wish.idempotencyKey)
    if let entry = ledger.entry(identity), entry.isDone {
      // What was lost on the way was told then; what the wish itself cannot say is told again.
      context.log.info("posted before", ["channel": .string("\(channel)"), "wish": .string(envelope.id)])
      return answer(entry.messages.compactMap { $0.flatMap { Snowflake($0) } }, draft.losses)
    }
    let loaded = try await load(wish, draft)
    let sender = PartSender(
      rest: rest,
      channel: channel,
      draft: draft,
      files: loaded.files,
      identity: identity,
      requester: envelope.src,
      clock: context.clock,
      deadline: envelope.deadline,
      hint: hint
    )
    let losses = draft.losses + loaded.losses
    let (messages, more) = try await send(sender)
    for loss in Loss.told(losses + more) {
      context.log.warning("not expressed", ["channel": .string("\(channel)"), "loss": loss.json])
    }
    context.metrics.add("posts_total")
    context.metrics.add("post_losses_total", Double(losses.count + more.count))
    return answer(messages, losses + more)
  }

  private func load(_ wish: PostMessage, _ draft: PostDraft) async throws -> AttachmentLoader.Loaded {
    let attachments = wish.attachments ?? []
    guard !draft.isEmpty || !attachments.isEmpty else {
      throw Rejection("text: expected something to say, or a file to send, found white space alone")
    }
    let loader = AttachmentLoader(context: context, account: account, fileMax: settings.fileMax)
    let isLong = !draft.rest.isEmpty
    var loaded = try await loader.load(attachments, at: AttachmentLoader.countMax - (isLong ? 1 : 0))
    if isLong {
      let bytes = Array(draft.rest.utf8)
      loaded.files.append(PostFile(name: PostDraft.restName, contentType: "text/plain; charset=utf-8", bytes: bytes))
    }
    guard !draft.isEmpty || !loaded.files.isEmpty else {
      let reasons = loaded.losses.map { "\($0.field): \($0.reason)" }.joined(separator: "; ")
      throw ProviderError("nothing to post: there is no text, and no file could be had: \(reasons)")
    }
    return loaded
  }

  // MARK: - Sending

  /// Sends what is not out yet, one part after the other.
  private func send(_ sender: PartSender) async throws -> (messages: [Snowflake], losses: [Loss]) {
    let (identity, count) = (sender.identity, sender.draft.contents.count)
    var losses: [Loss] = []
    var messages: [Snowflake] = []
    do throws(PostFailure) {
      losses += try await recall(sender)
      for part in 0..<count {
        if let known = message(identity, part) {
          messages.append(known)
          continue
        }
        let sent = try await sender.send(part)
        messages.append(sent.message)
        losses += sent.losses
        ledger.note(identity, part: part, is: sent.message.description)
        context.metrics.add("post_parts_total")
      }
    } catch {
      context.metrics.add("posts_failed_total")
      if !messages.isEmpty { await save() }
      let ids = messages.map(\.description).joined(separator: ", ")
      throw error.error(count > 1 ? "part \(messages.count + 1) of \(count), posted are [\(ids)]: " : "")
    }
    await save()
    context.log.info(
      "posted",
      ["channel": .string("\(sender.channel)"), "messages": .array(messages.map { .string("\($0)") })]
    )
    return (messages, losses)
  }

  private func message(_ identity: PostIdentity, _ part: Int) -> Snowflake? {
    guard let messages = ledger.entry(identity)?.messages, messages.indices.contains(part) else { return nil }
    return messages[part].flatMap { Snowflake($0) }
  }

  /// Writes down a wish that is new; finds the parts of one that was begun too long ago for its nonces.
  private func recall(_ sender: PartSender) async throws(PostFailure) -> [Loss] {
    let now = context.clock.now.milliseconds
    let (identity, count) = (sender.identity, sender.draft.contents.count)
    guard let entry = ledger.entry(identity) else {
      do throws(HostError) {
        try await ledger.begin(identity, parts: count, at: now)
      } catch {
        throw error.kind == .cancelled
          ? .cancelled : .again("the state cannot be written, so nothing is sent: \(error)")
      }
      return []
    }
    guard now - entry.began > Self.nonceKept else { return [] }
    let since = Snowflake(millisecondsSince1970: entry.began - Self.skewMax)
    let (found, problem) = try await sender.earlier(since: since)
    guard var found else {
      let seconds = (now - entry.began) / 1000
      let reason =
        "begun \(seconds) s ago, and the channel's history cannot be read (\(problem)): "
        + "it may be there twice; give the bot the permission Read Message History"
      return [Loss("text", reason)]
    }
    for part in 0..<count where message(identity, part) == nil {
      let known = sender.find(part, in: &found, by: me()) { ledger.isTaken($0.description, notBy: identity) }
      if let known { ledger.note(identity, part: part, is: known.description) }
    }
    return []
  }

  /// Writes down what is out; what cannot be written is found again by its nonce, or in the channel.
  private func save() async {
    do throws(HostError) {
      try await ledger.save()
    } catch {
      context.log.warning("what is posted was not written down", ["reason": .string("\(error)")])
    }
  }

  private func answer(_ messages: [Snowflake], _ losses: [Loss]) -> Response {
    let ids = messages.map { JSON.string($0.description) }
    return Response(
      json: [
        "message_id": ids.first ?? .null, "message_ids": .array(ids), "losses": .array(Loss.told(losses).map(\.json)),
      ]
    )
  }
}
