internal import Envelope
internal import Host

extension Command {
  private static let author = Option.value(
    "author",
    .urn,
    "Whose: the URN of an author of the tenant.",
    isRequired: true
  )
  private static let collection = Option.value(
    "collection",
    .text("COLLECTION"),
    "A collection of the storage to go through; messages and attachments by default.",
    isRepeatable: true
  )
  private static let dryRun = Option.flag("dry-run", "Only counts what there is.")
  private static let yes = Option.flag("yes", "Erases; without it nothing is done.")
  private static let wait = Option.value(
    "wait",
    .duration,
    "How long to wait for what was sent before to be stored.",
    default: "10s"
  )

  static let erase = Command(
    "erase",
    "Erases what a person has written, and proves it",
    details: """
      Takes the messages of an author out of the storage of a tenant, with their vectors and attachments, and out of the journal and the dead letters. What was \
      erased does not come back when a provider sends it again. Then every file of var is searched, byte by byte, for the id, the URN and the texts.

      It cannot be undone. What the provider has itself, backups, and what was printed stay; docs/erasure.md says all of it. A command that was \
      interrupted is given again, and does what is left.
      """,
    options: TenantOptions.all + [author, collection, dryRun, yes, wait],
    exits: [
      .success: "nothing is found any more; with --dry-run, it was counted",
      .failure: "something is still found, and is printed; or nothing was erased, and the reason is printed",
    ],
    examples: [
      Example(
        "promethean erase -p echo -t demo --author urn:echo:user:demo:ann --dry-run",
        "Counts what there is of a person."
      ),
      Example("promethean erase -p echo -t demo --author urn:echo:user:demo:ann --yes", "Erases it."),
    ]
  ) { invocation, session in
    let isDry = invocation.has(dryRun)
    guard isDry || invocation.has(yes) else {
      throw CommandError.failed("nothing was erased, for --yes is missing; --dry-run counts what there is")
    }
    let client = try session.connect()
    let patience = Duration(commandLine: invocation.required(wait))?.milliseconds ?? 0
    if patience > 0 {
      let behind = try client.call("wait_settled", ["timeout_ms": .int(patience)])["behind"]?.intValue ?? 0
      if behind > 0 {
        session.console.remark("\(behind) recorded messages are not stored yet; of these only the journal tells")
      }
    }
    var fields: JSONObject = ["dry_run": .bool(isDry)]
    fields["provider"] = .string(invocation.required(TenantOptions.provider))
    fields["tenant"] = .string(invocation.required(TenantOptions.tenant))
    fields["author"] = .string(invocation.required(author))
    let collections = invocation.all(collection)
    if !collections.isEmpty { fields["collections"] = .array(collections.map { .string($0) }) }
    let report = try client.call("erase", fields)
    try session.show(report) { ErasurePage.lines(report, style: session.console.style) }
    return isDry || ErasurePage.isProven(report) ? .success : .failure
  }
}
