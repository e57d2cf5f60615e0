internal import Envelope
internal import Host

extension Command {
  private static let words = Argument(
    .text("WORDS"),
    "What to look for: words, or a question in quotes.",
    isRequired: false
  )
  private static let like = Option.value(
    "like",
    .text("ID"),
    "Looks for attachments that look like one, or like those of a message."
  )
  private static let searchLimit = Option.value(
    "limit",
    short: "n",
    .integer(in: 1...50),
    "The most to print.",
    default: "10"
  )
  private static let explain = Option.flag("explain", "Prints how each was found: by words, by meaning, and how near.")
  /// How long an answer may take, in milliseconds: a model computes the question first.
  private static let searchTimeout: Int64 = 30_000

  static let search = Command(
    "search",
    "Finds messages by their words and their meaning, and pictures by others",
    details: """
      Looks for messages that have some of the words, the rarest counting most, and for those that mean alike, as far as the embedder's model tells; what stands high in both comes first. With --like instead of words: for attachments that look like that one, or like those of that message. All conditions given must hold. A time is RFC 3339, a date (its beginning in UTC), or how long ago: 2h, 3d.

      Waits until what was sent before has been stored. Prints a table, best first; with --json the answer as it came. Where there are no vectors it says so, and searches the words alone.
      """,
    arguments: [words],
    options: TenantOptions.all + [like] + DocumentConditions.all + [searchLimit, explain, Settling.wait],
    examples: [
      Example(
        "promethean search --provider echo --tenant demo 'who broke the build'",
        "Prints the messages that come nearest."
      ),
      Example("promethean search -p echo -t demo emacs --since 7d --explain", "Says why each is among them."),
      Example("promethean search -p echo -t demo --like m17", "Prints attachments that look like those of a message."),
    ]
  ) { invocation, session in
    guard (invocation[words] == nil) != (invocation[like] == nil), invocation[like] == nil || !invocation.has(explain)
    else {
      throw UsageError.combination("either WORDS or --like ID is needed, and not both; --explain is of words")
    }
    let client = try session.connect()
    try Settling.settle(client, invocation, session)
    let topic = try TenantOptions.topic(invocation, area: "search", name: "messages")
    let answer = try client.call(
      "request",
      [
        "topic": .string(topic.description),
        "intent": "search.messages",
        "payload": .object(question(invocation)),
        "trace": .string(Traceparent.begin().description),
        "timeout_ms": .int(searchTimeout),
      ]
    )
    guard let found = answer["envelope"]?["data"], let results = found["results"]?.arrayValue else {
      throw CommandError.failed("\(topic) answered without results")
    }
    if let why = found["without_vectors"]?.stringValue {
      session.console.remark(invocation[like] == nil ? "searched by words alone: \(why)" : why)
    }
    if session.isJSON {
      try session.console.json(found)
      return .success
    }
    let lines =
      invocation[like] == nil
      ? lines(results, explains: invocation.has(explain), session) : attachmentLines(results, session)
    for line in lines { try session.console.line(line) }
    return .success
  }

  private static func question(_ invocation: Invocation) -> JSONObject {
    var question = DocumentConditions.json(invocation)
    question["text"] = invocation[words].map { .string($0) }
    question["like"] = invocation[like].map { .string($0) }
    question["limit"] = .int(Int64(invocation.required(searchLimit)) ?? 10)
    if invocation.has(explain) { question["explain"] = true }
    return question
  }

  private static func lines(_ results: [JSON], explains: Bool, _ session: Session) -> [String] {
    guard !results.isEmpty else { return ["nothing found"] }
    var columns: [Table.Column] = [.init("TIME"), .init("SPACE", limit: 24), .init("AUTHOR", limit: 20)]
    if explains { columns += [.init("WORDS"), .init("MEANING"), .init("NEAR")] }
    var table = Table(columns + [.init("TEXT")])
    for result in results {
      var row: [Table.Field] = [
        .init(DocumentRow.time(result), .faint), .init(DocumentRow.text(result, "space"), .name),
        .init(DocumentRow.text(result, "author"), .good),
      ]
      if explains { row += ["word_rank", "vector_rank", "similarity"].map { .init(reason(result, $0)) } }
      table.append(row + [.init(DocumentRow.text(result, "text"))])
    }
    return table.lines(style: session.console.style, width: session.console.width)
  }

  private static func attachmentLines(_ results: [JSON], _ session: Session) -> [String] {
    guard !results.isEmpty else { return ["nothing found"] }
    var table = Table([
      .init("ALIKE"), .init("TIME"), .init("SPACE", limit: 24), .init("AUTHOR", limit: 20), .init("MESSAGE", limit: 40),
      .init("FILE"),
    ])
    for result in results {
      table.append([
        .init(percent(result["score"])), .init(DocumentRow.time(result), .faint),
        .init(DocumentRow.text(result, "space"), .name), .init(DocumentRow.text(result, "author"), .good),
        .init(DocumentRow.text(result, "message_id")), .init(DocumentRow.text(result, "filename")),
      ])
    }
    return table.lines(style: session.console.style, width: session.console.width)
  }

  /// A place in one of the two lists, or how near: a dash where it was not found so.
  private static func reason(_ result: JSON, _ key: String) -> String {
    guard let value = result["explain"]?[key] else { return "-" }
    if let place = value.intValue, key != "similarity" { return "\(place)." }
    return percent(value)
  }

  /// How near: two digits tell near from far.
  private static func percent(_ value: JSON?) -> String { "\(Int(((value?.doubleValue ?? 0) * 100).rounded())) %" }
}
