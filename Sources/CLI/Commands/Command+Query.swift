internal import Envelope
internal import Host

extension Command {
  private static let collection = Argument(.text("COLLECTION"), "What to ask for, such as messages.")
  private static let count = Option.flag("count", "Prints only how many there are.")
  private static let text = Option.value("text", .text("WORDS"), "Only those whose text has these words.")
  private static let limit = Option.value(
    "limit",
    short: "n",
    .integer(in: 1...10_000_000),
    "The most to print.",
    default: "50"
  )
  private static let order = Option.value(
    "order",
    .choice("ORDER", ["newest", "oldest"]),
    "What comes first.",
    default: "newest"
  )

  static let query = Command(
    "query",
    "Asks what has been stored for a tenant",
    details: """
      Waits until what was sent before has been stored, and asks the storage service of the tenant. All conditions given must hold. A time is RFC 3339, a date (its beginning in UTC), or how long ago: 2h, 3d.

      Prints a table, its text cut to the terminal's width; with --json, each document whole, on a line of its own.
      """,
    arguments: [collection],
    options: TenantOptions.all + [count, text] + DocumentConditions.all + [limit, order, Settling.wait],
    examples: [
      Example("promethean query --provider echo --tenant demo messages --count", "Prints the number of messages."),
      Example(
        "promethean query -p echo -t demo messages --text emacs --since 3d",
        "Prints what was said of a word lately."
      ),
    ]
  ) { invocation, session in
    let client = try session.connect()
    try Settling.settle(client, invocation, session)
    let query = StorageQuery(
      client: client,
      provider: invocation.required(TenantOptions.provider),
      tenant: invocation.required(TenantOptions.tenant),
      collection: invocation.required(collection)
    )
    let filters = filters(invocation)
    if invocation.has(count) {
      let number = try query.count(filters)
      try session.show(["count": .int(number)]) { ["\(number)"] }
      return .success
    }
    let limit = Int(invocation.required(limit)) ?? 0
    let order = invocation.required(order)
    return try print(query, filters, order: order, limit: limit, session)
  }

  private static func filters(_ invocation: Invocation) -> JSONObject {
    var filters = DocumentConditions.json(invocation)
    filters["text"] = invocation[text].map { .string($0) }
    return filters
  }

  private static func print(
    _ query: StorageQuery,
    _ filters: JSONObject,
    order: String,
    limit: Int,
    _ session: Session
  ) throws -> ExitCode {
    var table = Table([
      .init("TIME"), .init("SPACE", limit: 24), .init("AUTHOR", limit: 20), .init("TEXT"),
    ])
    var isEmpty = true
    try query.documents(filters, order: order, limit: limit) { document in
      isEmpty = false
      if session.isJSON {
        try session.console.json(document)
      } else {
        table.append(row(document))
      }
    }
    guard !session.isJSON else { return .success }
    let lines = isEmpty ? ["nothing found"] : table.lines(style: session.console.style, width: session.console.width)
    for line in lines { try session.console.line(line) }
    return .success
  }

  private static func row(_ document: JSON) -> [Table.Field] {
    [
      .init(DocumentRow.time(document), .faint), .init(DocumentRow.text(document, "space"), .name),
      .init(DocumentRow.text(document, "author"), .good), .init(DocumentRow.text(document, "text")),
    ]
  }
}
