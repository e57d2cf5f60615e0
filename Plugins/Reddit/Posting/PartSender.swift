internal import PluginKit
internal import ProviderKit

/// Sends the parts of one wish.
@PluginActor
struct PartSender {
  /// What came of a part.
  struct Sent {
    /// Nil: Reddit does not say, as of private messages.
    var name: Fullname?
    /// The thing itself, where Reddit shows it.
    var thing: Thing?
  }

  /// How long a part waits for its turn and is tried, ns.
  private static let patience: Int64 = 120_000_000_000

  let rest: any RESTCalling
  let draft: PostDraft
  let requester: String
  let clock: Clock
  /// When nobody waits for the answer any more, 0: never.
  let deadline: Int64
  /// Told for how many nanoseconds Reddit lets nothing be written, and in which words.
  let held: (Int64, String) -> Void

  var until: Int64 {
    let latest = clock.now.nanoseconds + Self.patience
    return deadline > 0 ? min(deadline, latest) : latest
  }

  /// Which thing a part becomes, given the names of those before it.
  func part(_ number: Int, after names: [Fullname?]) -> EarlierThings.Part {
    let text = draft.texts[number]
    switch (draft.target, names.last ?? nil) {
    // Private messages stand beside each other, also where the name of one has been found since.
    case (.message(let user), _): return .message(to: user, text: text)
    case (_, let last?): return .answer(to: last, text: text)
    case (.submission(let subreddit), nil): return .submission(subreddit: subreddit)
    case (.answer(let name, _), nil), (.messageAnswer(let name, _), nil): return .answer(to: name, text: text)
    }
  }

  /// Sends a part.
  func send(_ number: Int, after names: [Fullname?]) async throws(PostFailure) -> Sent {
    switch part(number, after: names) {
    case .answer(let parent, let text):
      let json = try await post("/api/comment", ["thing_id": .string(parent.description), "text": .string(text)])
      let told = json["json"]?["data"]?["things"]?.arrayValue?.first
      let thing = told.flatMap { try? Thing($0) }
      let name = thing?.name ?? told?["data"]?["name"]?.stringValue.flatMap { Fullname($0) }
      guard let name else { throw .again("POST /api/comment: expected a comment with a name, found another answer") }
      return Sent(name: name, thing: thing)
    case .submission(let subreddit):
      var body: JSONObject = ["sr": .string(subreddit), "title": .string(draft.title)]
      for (key, value) in draft.fields.pairs { body[key] = .string(value) }
      if body["kind"] == "self" { body["text"] = .string(draft.texts[number]) }
      let json = try await post("/api/submit", body)
      guard let name = json["json"]?["data"]?["name"]?.stringValue.flatMap({ Fullname($0) }) else {
        throw .again("POST /api/submit: expected a submission with a name, found another answer")
      }
      return Sent(name: name, thing: await submission(name))
    case .message(let user, let text):
      let body: JSONObject = ["to": .string(user), "subject": .string(draft.title), "text": .string(text)]
      _ = try await post("/api/compose", body)
      return Sent()
    }
  }

  /// What the account has written; nil and why if it may not be read.
  func written(by username: String?) async throws(PostFailure) -> (things: [Thing]?, problem: String) {
    let path: String
    switch draft.target {
    case .message, .messageAnswer: path = "/message/sent"
    case .submission, .answer:
      guard let name = try await self.username(username) else { return (nil, "the account's name is not known") }
      path = "/user/\(name)/overview"
    }
    let answer = try await perform { () throws(RESTFailure) in
      try RESTCall(reading: "\(path)?sort=new&limit=\(Stream.pageMax)", requester: requester)
    }
    guard answer.status == 200, let listing = try? Listing(answer) else {
      if answer.status == 403 || answer.status == 404 { return (nil, "GET \(path): \(answer.status)") }
      throw .again("GET \(path): expected what the account has written, found \(answer.status)")
    }
    return (listing.things.compactMap { try? Thing($0) }, "")
  }

  private func username(_ configured: String?) async throws(PostFailure) -> String? {
    if let configured { return configured }
    let answer = try await perform { () throws(RESTFailure) in
      try RESTCall(reading: "/api/v1/me", requester: requester)
    }
    return (try? JSON.parse(answer.body))?["name"]?.stringValue
  }

  /// The submission as Reddit shows it; nil if it does not now.
  private func submission(_ name: Fullname) async -> Thing? {
    guard let call = try? RESTCall(reading: "/comments/\(name.id)?sort=confidence&limit=1", requester: requester),
      let answer = try? await rest.perform(call), let listing = try? Listing(answer)
    else { return nil }
    return listing.things.lazy.compactMap { try? Thing($0) }.first { $0.name == name }
  }

  // MARK: - Calls

  private func post(_ path: String, _ body: JSONObject) async throws(PostFailure) -> JSON {
    let answer = try await perform { () throws(RESTFailure) in
      try RESTCall("POST", path, body: .object(body), requester: requester, deadline: until)
    }
    if let problem = RedditProblem(answer) {
      if let wait = problem.wait { held(wait, problem.description) }
      throw PostFailure(problem, "POST \(path)")
    }
    guard answer.status == 200, let json = try? JSON.parse(answer.body) else {
      throw .again(
        "POST \(path): expected JSON, found \(answer.status) and \(answer.body.count) bytes of something else"
      )
    }
    return json
  }

  private func perform(_ call: () throws(RESTFailure) -> RESTCall) async throws(PostFailure) -> RESTAnswer {
    do throws(RESTFailure) {
      var call = try call()
      if call.deadline == 0 { call.deadline = until }
      return try await rest.perform(call)
    } catch {
      throw PostFailure(error)
    }
  }
}

extension PostFailure {
  /// What Reddit says no to.
  init(_ problem: RedditProblem, _ call: String) {
    let text = "\(call): Reddit answered \(problem)\(problem.hint.map { ": \($0)" } ?? "")"
    switch problem.status {
    case _ where problem.isPassing: self = .later(text)
    case 500...: self = .again(text)
    default: self = .never(text)
    }
  }
}
