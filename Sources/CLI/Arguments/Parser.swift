internal import Host

/// Understands a command line by the description of a command.
struct Parser: Sendable {
  let root: Command
  /// What stands in for options that name a variable.
  let environment: [String: String]

  /// Finds the command and the values of its options and arguments.
  ///
  /// `--help` ends the checks: a line with it is right whatever else is missing.
  func parse(_ words: [String]) throws(UsageError) -> Invocation {
    var line = Line(root: root)
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        line.positionals += rest
        break
      } else if word.hasPrefix("--") {
        try parseLong(word, &rest, &line)
      } else if word.hasPrefix("-"), word != "-" {
        try parseShort(word, &rest, &line)
      } else {
        try line.take(word)
      }
    }
    return try line.finish(environment: environment)
  }

  private func parseLong(_ word: String, _ rest: inout ArraySlice<String>, _ line: inout Line) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let typed = parts[0]
    guard let option = line.options.first(where: { "--\($0.name)" == typed }) else {
      let nearest = String(typed.dropFirst(2)).nearest(in: line.options.map(\.name))
      throw .unknownOption(typed, nearest: nearest.map { "--\($0)" })
    }
    guard let value = option.value else {
      guard parts.count == 1 else { throw .unexpectedValue(option: typed) }
      return try line.set(option, "", typed)
    }
    if parts.count == 2 { return try line.set(option, parts[1], typed) }
    try line.set(option, next(&rest, for: typed, value, line), typed)
  }

  /// Reads `-f`, `-abc` (three flags), `-n5` and `-n 5`.
  private func parseShort(_ word: String, _ rest: inout ArraySlice<String>, _ line: inout Line) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let typed = "-\(letter)"
      guard let option = line.options.first(where: { $0.short == letter }) else {
        throw .unknownOption(typed, nearest: nil)
      }
      guard let value = option.value else {
        try line.set(option, "", typed)
        continue
      }
      if letters.isEmpty { return try line.set(option, next(&rest, for: typed, value, line), typed) }
      return try line.set(option, String(letters), typed)
    }
  }

  /// The word after an option, which is its value even if it begins with a dash, unless it is an option itself.
  private func next(
    _ rest: inout ArraySlice<String>,
    for typed: String,
    _ value: ValueKind,
    _ line: Line
  ) throws(UsageError) -> String {
    guard let word = rest.popFirst() else {
      throw .missingValue(option: typed, placeholder: value.placeholder)
    }
    if line.options.contains(where: { $0.spellings.contains(word) }) {
      throw .optionAsValue(option: typed, found: word)
    }
    return word
  }
}

/// A command line half read.
private struct Line {
  var command: Command
  var path: [String]
  var values: [String: [String]] = [:]
  var positionals: [String] = []

  init(root: Command) {
    command = root
    path = [root.name]
  }

  /// The options that may stand here: the command's own and those of all commands.
  var options: [Option] { command.options + GlobalOption.all }

  /// Takes a word that is no option: the next command, or an argument.
  mutating func take(_ word: String) throws(UsageError) {
    guard !command.subcommands.isEmpty else {
      positionals.append(word)
      return
    }
    guard let next = command.descendant([word]) else {
      let nearest = word.nearest(in: command.subcommands.map(\.name))
      throw .unknownCommand(word, of: path.joined(separator: " "), nearest: nearest)
    }
    command = next
    path.append(word)
  }

  mutating func set(_ option: Option, _ value: String, _ typed: String) throws(UsageError) {
    if values[option.name] != nil, option.value != nil, !option.isRepeatable { throw .repeatedOption(typed) }
    if let expected = option.value?.complaint(value) {
      throw .badValue(of: typed, expected: expected, found: value)
    }
    values[option.name, default: []].append(value)
  }

  mutating func finish(environment: [String: String]) throws(UsageError) -> Invocation {
    try readEnvironment(environment)
    let arguments = try values[GlobalOption.help.name] == nil ? assigned() : [:]
    return Invocation(command: command, path: path, options: values, arguments: arguments)
  }

  private mutating func readEnvironment(_ environment: [String: String]) throws(UsageError) {
    for option in options where values[option.name] == nil {
      guard let variable = option.environment, let value = environment[variable], !value.isEmpty else { continue }
      try set(option, value, variable)
    }
  }

  /// Gives each positional word to an argument, and sees that nothing is missing.
  private func assigned() throws(UsageError) -> [String: [String]] {
    if command.body == nil, !values.keys.contains(GlobalOption.version.name) {
      throw .missingCommand(of: path.joined(separator: " "), commands: command.subcommands.map(\.name))
    }
    var rest = positionals[...]
    var assigned: [String: [String]] = [:]
    for argument in command.arguments {
      let taken = argument.isRepeatable ? rest : rest.prefix(1)
      rest = rest.dropFirst(taken.count)
      if taken.isEmpty, argument.isRequired { throw .missingArgument(argument.name) }
      for word in taken {
        if let expected = argument.value.complaint(word) {
          throw .badValue(of: argument.name, expected: expected, found: word)
        }
      }
      if !taken.isEmpty { assigned[argument.name] = Array(taken) }
    }
    if let extra = rest.first { throw .unexpectedArgument(extra) }
    for option in command.options where option.isRequired && values[option.name] == nil {
      throw .missingOption("--\(option.name)" + (option.value.map { " \($0.placeholder)" } ?? ""))
    }
    return assigned
  }
}
