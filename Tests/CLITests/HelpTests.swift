import Envelope
import Testing

@testable import CLI

struct HelpTests {
  private static let commands = Command.promethean.all()

  private func page(_ path: [String], width: Int = 100) throws -> String {
    let command = try #require(Command.promethean.descendant(path.dropFirst()))
    return HelpPage(command: command, path: path, width: width).text
  }

  @Test(arguments: commands.map(\.path)) func `the help of a command is complete`(path: [String]) throws {
    let command = try #require(Command.promethean.descendant(path.dropFirst()))
    let page = try page(path)
    #expect(page.contains(command.summary))
    for option in command.options + GlobalOption.all {
      #expect(page.contains(option.usage), "\(option.name)")
    }
    for argument in command.arguments { #expect(page.contains(argument.usage)) }
    for child in command.subcommands { #expect(page.contains("  \(child.name) ")) }
    for code in ExitCode.allCases {
      #expect(page.contains("\n  \(code.rawValue)  ") == (code.isCommon || command.exits[code] != nil))
    }
    for example in command.examples { #expect(page.contains(example.line)) }
    #expect(!command.examples.isEmpty)
  }

  @Test(arguments: commands.map(\.path)) func `help is printed for each command`(path: [String]) throws {
    let expected = try page(path)
    #expect(Run(Array(path.dropFirst()) + ["--help"]).output == expected)
    #expect(Run(["help"] + path.dropFirst()).output == expected)
    let json = Run(["help", "--json"] + path.dropFirst())
    #expect(try JSON.parse(json.output)["name"] == .string(path.joined(separator: " ")))
  }

  @Test(arguments: commands.flatMap(\.command.examples).map(\.line)) func `an example is understood`(line: String)
    throws
  {
    for words in Self.commandLines(line) {
      _ = try Parser(root: .promethean, environment: [:]).parse(words)
    }
  }

  @Test(arguments: commands.map(\.path)) func `no line is wider than it should be`(path: [String]) throws {
    let examples = try #require(Command.promethean.descendant(path.dropFirst())).examples.map { "  \($0.line)" }
    for line in try page(path, width: 60).split(separator: "\n") where !examples.contains(String(line)) {
      let isUnbreakable = line.hasPrefix("Usage: ") || line.split(separator: " ").count < 3
      #expect(line.count <= 60 || isUnbreakable, "\(line)")
    }
  }

  @Test func `summaries are one line without a full stop, and options explain themselves in sentences`() {
    for (path, command) in Self.commands {
      #expect(!command.summary.contains("\n") && !command.summary.hasSuffix("."), "\(path)")
      for option in command.options { #expect(option.help.hasSuffix("."), "\(path) --\(option.name)") }
      for argument in command.arguments { #expect(argument.help.hasSuffix("."), "\(path) \(argument.name)") }
    }
  }

  @Test func `no two options of a command share a name`() {
    for (path, command) in Self.commands {
      let names = (command.options + GlobalOption.all).flatMap(\.spellings)
      #expect(Set(names).count == names.count, "\(path)")
      #expect(Set(command.arguments.map(\.name)).count == command.arguments.count, "\(path)")
    }
  }

  /// The calls of `promethean` in a line for a shell, as words.
  private static func commandLines(_ line: String) -> [[String]] {
    var calls: [[String]] = []
    var words: [String] = []
    var quote: Character?
    var word: String?
    func end() {
      if let word { words.append(word) }
      word = nil
    }
    func endCall() {
      end()
      if let start = words.firstIndex(of: "promethean") { calls.append(Array(words[(start + 1)...])) }
      words = []
    }
    for character in line {
      switch (character, quote) {
      case (quote, .some): quote = nil
      case ("'", nil), ("\"", nil):
        quote = character
        word = word ?? ""
      case (" ", nil): end()
      case ("|", nil), (">", nil), ("(", nil), (")", nil): endCall()
      default: word = (word ?? "") + String(character)
      }
    }
    endCall()
    return calls
  }
}
