internal import Envelope
internal import Host

extension Command {
  static let secrets = Command(
    "secrets",
    "Replaces credentials while the host runs",
    details: """
      Credentials are read where the tenants of plugins.yml say: an environment variable, a file, or a credential of systemd's. \
      They reach an access plugin alone, in memory that no other process can read, and no command prints one.
      """,
    examples: [Example("promethean secrets rotate", "Reads all files again.")],
    subcommands: [rotateSecrets]
  )

  private static let tenant = Argument(.text("PROVIDER/TENANT"), "Whose; by default everybody's.", isRequired: false)

  private static let rotateSecrets = Command(
    "rotate",
    "Reads credentials again, and gives the changed ones to what runs",
    details: """
      A file or a credential of systemd's is read again; a variable was taken out of the environment when the host started, and cannot change. \
      What cannot be read leaves the older value in use. With --json, a credential a line.
      """,
    arguments: [tenant],
    exits: [.success: "all could be read", .failure: "one could not be read, or no host runs"],
    examples: [Example("promethean secrets rotate echo/demo", "Reads the credentials of one tenant again.")]
  ) { invocation, session in
    var fields: JSONObject = [:]
    if let tenant = invocation[tenant] { fields["tenant"] = .string(tenant) }
    var table = Table([.init("TENANT"), .init("CREDENTIAL"), .init("OUTCOME")])
    var isWhole = true
    try session.connect().call("secrets.rotate", fields) { item in
      let outcome = item["outcome"]?.stringValue ?? ""
      if outcome == "failed" { isWhole = false }
      if session.isJSON {
        try session.console.json(item)
        return true
      }
      let reason = item["reason"]?.stringValue.map { "\(outcome): \($0)" }
      table.append([
        .init(item["tenant"]?.stringValue ?? "", .name), .init(item["name"]?.stringValue ?? ""),
        .init(reason ?? outcome),
      ])
      return true
    }
    let lines = session.isJSON ? [] : table.lines(style: session.console.style, width: nil)
    for line in lines { try session.console.line(line) }
    return isWhole ? .success : .failure
  }
}
