/// Something that may be typed as `--name`, with or without a value.
struct Option: Sendable {
  /// The long name, without its dashes.
  let name: String
  let short: Character?
  /// What may follow, or nil for a flag.
  let value: ValueKind?
  let help: String
  /// The value if none is given, shown in the help.
  let defaultValue: String?
  /// The environment variable that stands in for the option.
  let environment: String?
  let isRequired: Bool
  let isRepeatable: Bool

  /// Describes a flag.
  static func flag(_ name: String, short: Character? = nil, _ help: String) -> Self {
    Self(name: name, short: short, value: nil, help: help)
  }

  /// Describes an option with a value.
  static func value(
    _ name: String,
    short: Character? = nil,
    _ value: ValueKind,
    _ help: String,
    default defaultValue: String? = nil,
    environment: String? = nil,
    isRequired: Bool = false,
    isRepeatable: Bool = false
  ) -> Self {
    Self(
      name: name,
      short: short,
      value: value,
      help: help,
      defaultValue: defaultValue,
      environment: environment,
      isRequired: isRequired,
      isRepeatable: isRepeatable
    )
  }

  private init(
    name: String,
    short: Character?,
    value: ValueKind?,
    help: String,
    defaultValue: String? = nil,
    environment: String? = nil,
    isRequired: Bool = false,
    isRepeatable: Bool = false
  ) {
    self.name = name
    self.short = short
    self.value = value
    self.help = help
    self.defaultValue = defaultValue
    self.environment = environment
    self.isRequired = isRequired
    self.isRepeatable = isRepeatable
  }

  /// The option as the help shows it: `-f, --file FILE`.
  var usage: String {
    let long = "--\(name)" + (value.map { " \($0.placeholder)" } ?? "")
    return short.map { "-\($0), \(long)" } ?? "    \(long)"
  }

  /// The words that name the option on a command line.
  var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + ["--\(name)"] }
}

/// Something that is known by its place on the command line.
struct Argument: Sendable {
  let value: ValueKind
  let help: String
  let isRequired: Bool
  /// Whether it takes all that is left; only the last argument may.
  let isRepeatable: Bool

  init(_ value: ValueKind, _ help: String, isRequired: Bool = true, isRepeatable: Bool = false) {
    self.value = value
    self.help = help
    self.isRequired = isRequired
    self.isRepeatable = isRepeatable
  }

  var name: String { value.placeholder }

  /// The argument as the usage line shows it: `FILE`, `[FILE]` or `[WORD...]`.
  var usage: String {
    let text = isRepeatable ? "\(name)..." : name
    return isRequired ? text : "[\(text)]"
  }
}
