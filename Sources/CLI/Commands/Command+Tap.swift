internal import Envelope
internal import Host

extension Command {
  private static let pattern = Argument(.pattern, "The topics to show; by default all.", isRequired: false)
  private static let count = Option.value(
    "count",
    short: "n",
    .integer(in: 1...1_000_000_000),
    "Ends after this many envelopes."
  )

  static let tap = Command(
    "tap",
    "Shows envelopes as they pass",
    details: """
      Shows what is published from now on, without slowing it down: what cannot be shown in time is counted and left out. In a pattern * stands for one \
      word, > for all that follow, and (a|b) for either.

      A line has the time, topic, intent, source, key and trace. With --json, each envelope is a CloudEvent with its payload on a line of its own, and \
      what was left out is {"dropped": N}.
      """,
    arguments: [pattern],
    options: [count],
    examples: [
      Example(
        "promethean tap 'promethean.p.echo.t.demo.>' --count 5 --json",
        "Prints the next five envelopes of a tenant."
      ),
      Example("promethean tap 'promethean.p.*.t.*.events.*'", "Shows the messages of all tenants, until Ctrl-C."),
    ]
  ) { invocation, session in
    let wanted = invocation[count].flatMap(Int64.init)
    var fields: JSONObject = ["pattern": .string(invocation[pattern] ?? "promethean.>")]
    if let wanted { fields["count"] = .int(wanted) }
    let client = try session.connect()
    var shown: Int64 = 0
    try client.call("tap", fields) { item in
      try show(item, session)
      if item["envelope"] != nil { shown += 1 }
      if !client.hasEvent { try session.console.flush() }
      return wanted.map { shown < $0 } ?? true
    }
    return .success
  }

  private static func show(_ item: JSON, _ session: Session) throws {
    if let envelope = item["envelope"] {
      try session.show(envelope) { [EventLine(envelope).text(style: session.console.style)] }
    } else if let dropped = item["dropped"]?.intValue {
      try session.show(item) {
        [session.console.style(.warning, "(\(dropped) left out: they came faster than they were read)")]
      }
    }
  }
}
