extension Command {
  /// Everything that can be typed after `promethean`.
  static let promethean: Command = .init(
    "promethean",
    "Runs sandboxed plugins for social agents and shows what passes between them",
    details: """
      A deployment is a directory with a plugins.yml, which says what runs, for whom and allowed what. One host runs a deployment; the other \
      commands speak to it over a socket in the directory, or read files alone (validate, show, plan, diff, history, grants).

      promethean COMMAND --help explains a command.
      """,
    options: [GlobalOption.version],
    examples: [
      Example("promethean up", "Runs the plugins.yml of this directory until Ctrl-C."),
      Example("promethean --deployment /srv/agents status", "Asks the host of another deployment."),
    ],
    subcommands: [
      up, down, status, validate, show, plan, diff, apply, rollback, history, reload, send, request, tap, query, search,
      backfill, erase, logs, grants, sandbox, secrets, keys, sign, verify, deadLetters, export, completion, version,
      help,
    ]
  )
}
