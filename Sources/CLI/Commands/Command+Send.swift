internal import Envelope
internal import Glibc

extension Command {
  private static let file = Option.value(
    "file",
    short: "f",
    .file(),
    "Messages, one JSON object a line; - is standard input."
  )
  private static let fileArgument = Argument(.file(), "The same as --file FILE.", isRequired: false)
  private static let text = Option.value("text", .text("TEXT"), "Sends one message with this text.")
  private static let space = Option.value(
    "space",
    .text("SPACE"),
    "With --text: the space it is said in.",
    default: "lobby"
  )
  private static let author = Option.value(
    "author",
    .text("AUTHOR"),
    "With --text: who says it.",
    default: "someone",
    environment: "USER"
  )
  private static let thread = Option.value("thread", .text("ID"), "With --text: the thread it belongs to.")
  private static let inReplyTo = Option.value("in-reply-to", .text("ID"), "With --text: the message it answers.")
  private static let timeout = Option.value("timeout", .duration, "How long each message may take.", default: "30s")

  static let send = Command(
    "send",
    "Sends messages to a provider's tenant, as if they came from the network",
    details: """
      Each message goes to the access plugin of the tenant as a request, begins a trace of its own, and is accepted once the plugin has published \
      it: from then on it survives a crash. Many are on their way at a time. A message that was sent before is accepted again and changes nothing.

      A line is {"id", "author", "space", "text", "created_at", "thread"?, "in_reply_to"?}; created_at is in seconds since 1970.

      With --json, each answer is an object on a line of its own, and the last line is the sum.
      """,
    arguments: [fileArgument],
    options: TenantOptions.all + [file, text, space, author, thread, inReplyTo, timeout],
    exits: [
      .success: "every message was accepted",
      .failure: "some were not; each is on standard error as FILE:LINE: reason",
    ],
    examples: [
      Example(
        "promethean send --provider echo --tenant demo --file messages.ndjson",
        "Sends a file and prints how many messages were accepted."
      ),
      Example("promethean send -p echo -t demo --text \"hello\" --space lobby", "Sends one message."),
      Example("zcat old.ndjson.gz | promethean send -p echo -t demo -", "Sends what comes on standard input."),
    ]
  ) { invocation, session in
    let source = try source(invocation)
    let topic = try TenantOptions.topic(invocation, area: "control", name: "send")
    let timeout = Duration(commandLine: invocation.required(timeout))?.milliseconds ?? 0
    let sender = Sender(
      client: try session.connect(),
      topic: topic,
      timeout: timeout,
      session: session,
      source: source.name
    )
    return try sender.run(source.next)
  }

  /// What is to be sent: the lines of a file, or one message made of options.
  private static func source(_ invocation: Invocation) throws -> (name: String, next: () throws -> ArraySlice<UInt8>?) {
    let paths = [invocation[file], invocation[fileArgument]].compactMap(\.self)
    guard paths.count + (invocation.has(text) ? 1 : 0) == 1 else {
      throw UsageError.combination("either --file FILE or --text TEXT is needed, and not both")
    }
    if let path = paths.first {
      let reader = try LineReader(path: path)
      return (reader.name, reader.next)
    }
    var lines = [message(invocation).bytes()[...]]
    return ("--text", { lines.popLast() })
  }

  private static func message(_ invocation: Invocation) -> JSON {
    let now = Timestamp.now
    var message: JSONObject = [
      "id": .string("cli-\(String(now.nanoseconds, radix: 36))-\(getpid())"),
      "author": .string(invocation.required(author)),
      "space": .string(invocation.required(space)),
    ]
    if let thread = invocation[thread] { message["thread"] = .string(thread) }
    if let parent = invocation[inReplyTo] { message["in_reply_to"] = .string(parent) }
    message["text"] = .string(invocation.required(text))
    message["created_at"] = .int(now.nanoseconds / 1_000_000_000)
    return .object(message)
  }
}
