/// The options that every command has.
enum GlobalOption {
  static let deployment = Option.value(
    "deployment",
    .file(),
    "The deployment: a plugins.yml, or the directory it is in.",
    default: "plugins.yml",
    environment: "PROMETHEAN_DEPLOYMENT"
  )
  static let json = Option.flag("json", "Prints JSON: one document, or one a line where results come as a stream.")
  static let noColor = Option.flag(
    "no-color",
    "Prints without colour, as do NO_COLOR in the environment and any output that is no terminal."
  )
  static let help = Option.flag("help", short: "h", "Explains the command.")

  static let all = [deployment, json, noColor, help]

  /// Understood by the program alone, not by its commands.
  static let version = Option.flag("version", "Prints the version.")
}
