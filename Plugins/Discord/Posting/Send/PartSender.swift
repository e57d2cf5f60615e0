internal import PluginKit
internal import ProviderKit

/// Sends the parts of one wish, and finds those that are there already.
@PluginActor
struct PartSender {
  /// What came of a part.
  struct Sent {
    let message: Snowflake
    var losses: [Loss] = []
  }

  let rest: any RESTCalling
  let channel: Snowflake
  let draft: PostDraft
  let files: [PostFile]
  let identity: PostIdentity
  let requester: String
  let clock: Clock
  /// When nobody waits for the answer any more, 0: never.
  let deadline: Int64
  let hint: @PluginActor (Int, [UInt8]) -> String?

  private var until: Int64 {
    let latest = clock.now.nanoseconds + Poster.patience
    return deadline > 0 ? min(deadline, latest) : latest
  }

  private var path: String { "/channels/\(channel)/messages" }

  /// Sends a part; once more as no reply, if what it answers cannot be answered.
  func send(_ part: Int) async throws(PostFailure) -> Sent {
    let isReply = part == 0 && draft.reference != nil
    let call = call(part, isReply: isReply)
    let answer = try await perform(call)
    if answer.status == 400, isReply, DiscordProblem(answer).isAboutReference {
      // Refused is not posted: the same nonce is free.
      let reason = "message cannot be answered: Discord answered \(DiscordProblem(answer)); posted as no reply"
      let plain = self.call(part, isReply: false)
      return Sent(message: try posted(try await perform(plain), plain), losses: [Loss("in_reply_to", reason)])
    }
    let message = try posted(answer, call)
    let isAnswered = (try? JSON.parse(answer.body))?["message_reference"]?.objectValue != nil
    guard isReply, !isAnswered else { return Sent(message: message) }
    return Sent(message: message, losses: [Loss("in_reply_to", "the message is gone; posted as no reply")])
  }

  /// What is in the channel since a time; nil and why if it may not be read.
  func earlier(since: Snowflake) async throws(PostFailure) -> (found: EarlierMessages?, problem: String) {
    var found = EarlierMessages()
    var after = since
    for _ in 0..<EarlierMessages.pagesMax {
      let answer = try await history("after=\(after)&limit=\(EarlierMessages.pageMax)")
      if answer.status == 403 || answer.status == 404 { return (nil, "\(DiscordProblem(answer))") }
      let count = found.take(answer.body) ?? 0
      guard count == EarlierMessages.pageMax, let last = found.messages.last else { break }
      after = last.id
    }
    // Whom Discord does not let read the history it shows an empty one: then there is no message at all.
    guard found.messages.isEmpty else { return (found, "") }
    return found.take(try await history("limit=1").body) == 1 ? (EarlierMessages(), "") : (nil, "it shows no message")
  }

  private func history(_ query: String) async throws(PostFailure) -> RESTAnswer {
    var call = RESTCall(method: "GET", path: "\(path)?\(query)", requester: requester, deadline: until)
    call.isRepeatable = true
    let answer = try await perform(call)
    guard [200, 403, 404].contains(answer.status) else {
      throw PostFailure(answer, call, hint: hint(answer.status, answer.body))
    }
    return answer
  }

  /// Finds a part among what the channel holds.
  func find(_ part: Int, in earlier: inout EarlierMessages, by me: Snowflake?, isTaken: (Snowflake) -> Bool)
    -> Snowflake?
  {
    let count = part == draft.contents.count - 1 ? files.count : 0
    return earlier.find(
      nonce: identity.nonce(part),
      content: draft.contents[part],
      files: count,
      by: me,
      isTaken: isTaken
    )
  }

  private func call(_ part: Int, isReply: Bool) -> RESTCall {
    let nonce = identity.nonce(part)
    let files = part == draft.contents.count - 1 ? files : []
    let message = draft.message(part, nonce: nonce, files: files, isReply: isReply)
    var call = RESTCall(method: "POST", path: path, requester: requester, deadline: until)
    call.isRepeatable = true
    if files.isEmpty {
      call.body = JSON.object(message).bytes()
    } else {
      let form = MultipartForm(message, files: files, seed: nonce)
      (call.body, call.contentType) = (form.body, form.contentType)
    }
    return call
  }

  private func perform(_ call: RESTCall) async throws(PostFailure) -> RESTAnswer {
    do throws(RESTFailure) {
      return try await rest.perform(call)
    } catch {
      throw PostFailure(error)
    }
  }

  private func posted(_ answer: RESTAnswer, _ call: RESTCall) throws(PostFailure) -> Snowflake {
    guard (200...299).contains(answer.status) else {
      // A nonce that is known, of a message that is not there any more: not posted again, as whoever deleted it wants.
      let isDeleted = answer.status == 404 && DiscordProblem(answer).code == DiscordProblem.unknownMessage
      let advice = isDeleted ? "it was posted before, and has been deleted since" : hint(answer.status, answer.body)
      throw PostFailure(answer, call, hint: advice)
    }
    guard let id = (try? JSON.parse(answer.body))?["id"]?.stringValue.flatMap({ Snowflake($0) }) else {
      throw .again("\(call.method) \(call.path): expected a message with an id, found another answer of Discord's")
    }
    return id
  }
}
