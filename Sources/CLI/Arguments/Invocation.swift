/// A command line that has been understood.
struct Invocation: Sendable {
  let command: Command
  /// The words that lead to the command, the program's name first.
  let path: [String]
  private let options: [String: [String]]
  private let arguments: [String: [String]]

  init(command: Command, path: [String], options: [String: [String]], arguments: [String: [String]]) {
    self.command = command
    self.path = path
    self.options = options
    self.arguments = arguments
  }

  /// Whether an option is on the command line, even if with its default value.
  func has(_ option: Option) -> Bool { options[option.name] != nil }

  /// The value of an option: the typed one, else the environment's, else the default.
  subscript(option: Option) -> String? { all(option).last ?? option.defaultValue }

  /// All values of an option that may be repeated.
  func all(_ option: Option) -> [String] { options[option.name] ?? [] }

  /// The value of an argument.
  subscript(argument: Argument) -> String? { all(argument).first }

  /// All values of an argument that takes the rest of the line.
  func all(_ argument: Argument) -> [String] { arguments[argument.name] ?? [] }

  /// The value of an option that the parser has seen to be there.
  func required(_ option: Option) -> String {
    guard let value = self[option] else { preconditionFailure("--\(option.name) is not declared as required") }
    return value
  }

  /// The value of an argument that the parser has seen to be there.
  func required(_ argument: Argument) -> String {
    guard let value = self[argument] else { preconditionFailure("\(argument.name) is not declared as required") }
    return value
  }
}
