internal import Envelope
internal import Host

extension Command {
  private static let space = Option.value(
    "space",
    .urn,
    "A space to fetch the past of, by its URN; may be given several times.",
    isRepeatable: true
  )
  private static let all = Option.flag("all", "All spaces that the tenant can read.")
  private static let since = Option.value("since", .instant, "Only what was written from this time on.")
  private static let until = Option.value("until", .instant, "Only what was written before this time.")
  private static let limit = Option.value(
    "limit",
    short: "n",
    .integer(in: 1...1_000_000_000),
    "About how many messages of each space."
  )
  private static let follow = Option.flag("follow", "Prints how far it is until it is done.")
  private static let timeout = Option.value(
    "timeout",
    .duration,
    "How long to wait until the order is taken.",
    default: "10s"
  )

  static let backfill = Command(
    "backfill",
    "Has messages fetched that were written before",
    details: """
      Orders the past of spaces from the indexer, which has the access plugin fetch it, the newest first, and index it like what comes live. That goes \
      on whoever is restarted meanwhile, and fetches nothing again that is known to be complete; promethean query has that in the collection coverage. \
      A time is RFC 3339, a date (its beginning in UTC), or how long ago: 2h, 3d.

      Prints the name of the job. With --follow, prints each page that is recorded, and ends with the job; Ctrl-C ends the printing and not the job. With \
      --json, each is an object on a line of its own.
      """,
    options: TenantOptions.all + [space, all, since, until, limit, follow, timeout],
    exits: [.failure: "the order was not taken; with --follow also: spaces could not be read, and the output says why"],
    examples: [
      Example(
        "promethean backfill --provider echo --tenant demo --all --follow",
        "Fetches all that the tenant can read, and shows how far that is."
      ),
      Example(
        "promethean backfill -p echo -t demo --space urn:echo:space:demo:lobby --since 30d",
        "Orders the last thirty days of a space."
      ),
    ]
  ) { invocation, session in
    guard invocation.has(all) != invocation.has(space) else {
      throw UsageError.combination("either --space URN or --all is needed, and not both")
    }
    let order = order(invocation)
    let topic = try TenantOptions.topic(invocation, area: "jobs", name: "backfill.messages.enqueue")
    let follower = BackfillFollower(client: try session.connect(), topic: topic, session: session)
    let timeout = Duration(commandLine: invocation.required(timeout))?.milliseconds ?? 0
    return try follower.run(order, timeout: timeout, isFollowing: invocation.has(follow))
  }

  private static func order(_ invocation: Invocation) -> JSON {
    var order: JSONObject = [
      "spaces": invocation.has(all) ? "all" : .array(invocation.all(space).map { .string($0) })
    ]
    let now = Timestamp.now
    for (key, option) in [("since", since), ("until", until)] {
      let time = invocation[option].flatMap { Timestamp(commandLine: $0, now: now) }
      order[key] = time.map { .int($0.milliseconds) }
    }
    order["limit"] = invocation[limit].flatMap(Int64.init).map { .int($0) }
    return .object(order)
  }
}
