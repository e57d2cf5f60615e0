internal import Envelope
internal import Host

extension Command {
  /// The short name is what people type; the thing is a dead letter everywhere else.
  static let deadLetters = Command(
    "dlq",
    "Lists, shows and replays dead letters",
    details: """
      An envelope that a plugin could not handle after all its attempts becomes a dead letter: it is kept, with the reason, until it is replayed.
      """,
    examples: [Example("promethean dlq list", "Prints the dead letters.")],
    subcommands: [listDeadLetters, showDeadLetter, replayDeadLetters]
  )

  private static let plugin = Option.value("plugin", .text("PLUGIN"), "Only those of this plugin.")
  private static let limit = Option.value(
    "limit",
    short: "n",
    .integer(in: 1...100_000),
    "The most to print.",
    default: "50"
  )
  private static let after = Option.value(
    "after",
    .integer("ID", in: 1...Int.max),
    "Only those that died after this one."
  )
  private static let letter = Argument(
    .integer("ID", in: 1...Int.max),
    "The number of the dead letter, as dlq list prints it."
  )
  private static let optionalLetter = Argument(letter.value, letter.help, isRequired: false)

  private static let listDeadLetters = Command(
    "list",
    "Lists dead letters",
    details: "Prints the oldest first. With --json, each on a line of its own.",
    options: [plugin, limit, after],
    examples: [Example("promethean dlq list --plugin message-indexer", "Prints those of one plugin.")]
  ) { invocation, session in
    var fields: JSONObject = ["limit": .int(Int64(invocation.required(limit)) ?? 0)]
    if let plugin = invocation[plugin] { fields["plugin"] = .string(plugin) }
    if let after = invocation[after].flatMap(Int64.init) { fields["after"] = .int(after) }
    var table = Table([
      .init("ID", .right), .init("TIME"), .init("CONSUMER"), .init("INTENT"), .init("ATTEMPTS", .right),
      .init("REASON"),
    ])
    var isEmpty = true
    try session.connect().call("dead_letters.list", fields) { item in
      isEmpty = false
      if session.isJSON { try session.console.json(item) } else { table.append(row(item)) }
      return true
    }
    guard !session.isJSON else { return .success }
    let lines = isEmpty ? ["no dead letters"] : table.lines(style: session.console.style, width: session.console.width)
    for line in lines { try session.console.line(line) }
    return .success
  }

  private static func row(_ item: JSON) -> [Table.Field] {
    func text(_ key: String) -> String { item[key]?.stringValue ?? item[key]?.intValue.map(String.init) ?? "-" }
    let time = text("time")
    return [
      .init(text("id")), .init((try? Timestamp(time))?.short ?? time, .faint), .init(text("consumer"), .name),
      .init(text("intent")), .init(text("attempts")), .init(text("reason"), .bad),
    ]
  }

  private static let showDeadLetter = Command(
    "show",
    "Shows one dead letter with its envelope",
    details: "Prints why it was given up, and the envelope as a CloudEvent.",
    arguments: [letter],
    exits: [.failure: "there is no such dead letter"],
    examples: [Example("promethean dlq show 17", "Prints the dead letter with the number 17.")]
  ) { invocation, session in
    let id = Int64(invocation.required(letter)) ?? 0
    let result = try session.connect().call("dead_letters.show", ["dead_letter": .int(id)])
    try session.show(result) { [String(decoding: result.bytes(pretty: true), as: UTF8.self)] }
    return .success
  }

  private static let replayDeadLetters = Command(
    "replay",
    "Gives dead letters to their consumer once more",
    details:
      "Replays one by its number, or with --plugin all of a plugin. What fails again becomes a dead letter again.",
    arguments: [optionalLetter],
    options: [plugin],
    exits: [.failure: "there is no such dead letter"],
    examples: [
      Example("promethean dlq replay 17", "Replays one."),
      Example("promethean dlq replay --plugin message-indexer", "Replays all of a plugin, after it has been mended."),
    ]
  ) { invocation, session in
    let fields: JSONObject
    switch (invocation[optionalLetter].flatMap(Int64.init), invocation[plugin]) {
    case (let id?, nil): fields = ["dead_letter": .int(id)]
    case (nil, let plugin?): fields = ["plugin": .string(plugin)]
    default: throw UsageError.combination("either ID or --plugin PLUGIN is needed, and not both")
    }
    let result = try session.connect().call("dead_letters.replay", fields)
    try session.show(result) { ["\(result["replayed"]?.intValue ?? 0) replayed"] }
    return .success
  }
}
