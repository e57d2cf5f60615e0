internal import Envelope

/// The page that `--help` prints for a command.
struct HelpPage {
  let command: Command
  /// The words that lead to the command, the program's name first.
  let path: [String]
  /// The width that text is wrapped to.
  let width: Int

  private var name: String { path.joined(separator: " ") }

  /// The whole page, its last line ended.
  var text: String {
    let sections = [
      wrap("\(name) - \(command.summary)", indentation: 0),
      "Usage: \(usage)\n",
      wrap(command.details, indentation: 0),
      section("Commands", command.subcommands.map { ($0.name, $0.summary) }),
      section("Arguments", command.arguments.map { ($0.usage, $0.help) }),
      section("Options", command.options.map { ($0.usage, explanation($0)) }),
      section("Options of every command", GlobalOption.all.map { ($0.usage, explanation($0)) }),
      section("Exit codes", exits.map { ("\($0.code.rawValue)", $0.meaning) }),
      examples,
    ]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The shortest form of the command line, with every option that must be there.
  var usage: String {
    var words = [name]
    words += command.options.filter(\.isRequired).map { "--\($0.name) \($0.value?.placeholder ?? "")" }
    words.append("[OPTION...]")
    if !command.subcommands.isEmpty { words.append("COMMAND") }
    words += command.arguments.map(\.usage)
    return words.joined(separator: " ")
  }

  private var exits: [(code: ExitCode, meaning: String)] {
    ExitCode.allCases.filter { $0.isCommon || command.exits[$0] != nil }
      .map { ($0, command.exits[$0] ?? $0.meaning) }
  }

  private func explanation(_ option: Option) -> String {
    var notes: [String] = []
    if option.isRequired { notes.append("required") }
    if option.isRepeatable { notes.append("may be repeated") }
    if let value = option.defaultValue { notes.append("default: \(value)") }
    if let variable = option.environment { notes.append("or by \(variable) in the environment") }
    return notes.isEmpty ? option.help : "\(option.help) [\(notes.joined(separator: ", "))]"
  }

  private var examples: String {
    guard !command.examples.isEmpty else { return "" }
    return "Examples:\n"
      + command.examples.map { "  \($0.line)\n" + wrap($0.meaning, indentation: 6) }.joined()
  }

  private func section(_ title: String, _ rows: [(term: String, meaning: String)]) -> String {
    guard !rows.isEmpty else { return "" }
    let column = min(rows.map(\.term.count).max() ?? 0, 30) + 4
    let lines = rows.map { row in
      let term = "  " + row.term
      let text = wrap(row.meaning, indentation: column)
      guard term.count + 2 <= column else { return term + "\n" + text }
      return term + text.dropFirst(term.count)
    }
    return "\(title):\n" + lines.joined()
  }

  /// The text in lines of at most the page's width, paragraphs kept apart.
  private func wrap(_ text: String, indentation: Int) -> String {
    let margin = String(repeating: " ", count: indentation)
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        if !line.isEmpty, indentation + line.count + 1 + word.count > width {
          lines.append(margin + line)
          line = ""
        }
        line += line.isEmpty ? String(word) : " \(word)"
      }
      lines.append(line.isEmpty ? "" : margin + line)
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension HelpPage {
  /// The page as data, for tools that write their own documentation or completion.
  var json: JSON {
    [
      "name": .string(name),
      "summary": .string(command.summary),
      "usage": .string(usage),
      "details": .string(command.details),
      "commands": .array(
        command.subcommands.map { HelpPage(command: $0, path: path + [$0.name], width: width).json }
      ),
      "arguments": .array(
        command.arguments.map {
          ["name": .string($0.name), "help": .string($0.help), "required": .bool($0.isRequired)]
        }
      ),
      "options": .array((command.options + GlobalOption.all).map(\.json)),
      "exit_codes": .object(
        exits.reduce(into: [:]) { codes, exit in codes["\(exit.code.rawValue)"] = .string(exit.meaning) }
      ),
      "examples": .array(
        command.examples.map { ["line": .string($0.line), "meaning": .string($0.meaning)] }
      ),
    ]
  }
}

extension Option {
  fileprivate var json: JSON {
    [
      "name": .string("--\(name)"),
      "short": short.map { .string("-\($0)") } ?? .null,
      "value": value.map { .string($0.placeholder) } ?? .null,
      "help": .string(help),
      "default": defaultValue.map(JSON.string) ?? .null,
      "environment": environment.map(JSON.string) ?? .null,
      "required": .bool(isRequired),
      "repeatable": .bool(isRepeatable),
    ]
  }
}
