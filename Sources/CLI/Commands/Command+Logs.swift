internal import Envelope
internal import Host

extension Command {
  private static let follow = Option.flag("follow", short: "f", "Goes on with what is logged from now on.")
  private static let plugin = Option.value("plugin", .text("PLUGIN"), "Only the records of this plugin.")
  private static let level = Option.value(
    "level",
    .choice("LEVEL", LogLevel.allCases.map(\.description)),
    "Only records of this level or worse."
  )
  private static let audit = Option.flag("audit", "Only what was refused, and to whom.")
  private static let limit = Option.value(
    "limit",
    short: "n",
    .integer(in: 0...100_000),
    "The last records to begin with.",
    default: "100"
  )

  static let logs = Command(
    "logs",
    "Shows what the host and its plugins have logged",
    details:
      "Prints the last records, oldest first. With --json, each record on a line of its own, as it stands in var/log.",
    options: [follow, plugin, level, audit, limit],
    examples: [
      Example("promethean logs --follow --level warn", "Watches what goes wrong."),
      Example("promethean logs --audit", "Shows what plugins tried and were not allowed to."),
    ]
  ) { invocation, session in
    var fields: JSONObject = [
      "follow": .bool(invocation.has(follow)),
      "audit": .bool(invocation.has(audit)),
      "limit": .int(Int64(invocation.required(limit)) ?? 0),
    ]
    if let plugin = invocation[plugin] { fields["plugin"] = .string(plugin) }
    if let level = invocation[level] { fields["level"] = .string(level) }
    let client = try session.connect()
    try client.call("logs", fields) { record in
      try show(record, session)
      if !client.hasEvent { try session.console.flush() }
      return true
    }
    return .success
  }

  private static func show(_ record: JSON, _ session: Session) throws {
    let style = session.console.style
    try session.show(record) {
      guard let dropped = record["dropped"]?.intValue else { return [LogLine(record).text(style: style)] }
      return [style(.warning, "(\(dropped) left out: they came faster than they were read)")]
    }
  }
}
