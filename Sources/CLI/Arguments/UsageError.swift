/// What is wrong with a command line.
enum UsageError: Error, Equatable, CustomStringConvertible {
  case missingCommand(of: String, commands: [String])
  case unknownCommand(String, of: String, nearest: String?)
  case unknownOption(String, nearest: String?)
  case unexpectedValue(option: String)
  case missingValue(option: String, placeholder: String)
  case optionAsValue(option: String, found: String)
  case repeatedOption(String)
  case badValue(of: String, expected: String, found: String)
  case missingOption(String)
  case missingArgument(String)
  case unexpectedArgument(String)
  /// Options or arguments that are right alone and wrong together.
  case combination(String)

  var description: String {
    switch self {
    case .missingCommand(let parent, let commands):
      "\(parent) needs a command: \(commands.joined(separator: ", "))"
    case .unknownCommand(let word, let parent, let nearest):
      "\(parent) has no command \"\(word)\"" + Self.suggestion(nearest)
    case .unknownOption(let word, let nearest):
      "unknown option \(word)" + Self.suggestion(nearest)
    case .unexpectedValue(let option):
      "\(option) takes no value"
    case .missingValue(let option, let placeholder):
      "\(option) needs a value (\(placeholder))"
    case .optionAsValue(let option, let found):
      "\(option) needs a value, found the option \(found) (\(option)=\(found) if that is the value)"
    case .repeatedOption(let option):
      "\(option) is given twice"
    case .badValue(let name, let expected, let found):
      "\(name): expected \(expected), found \"\(found)\""
    case .missingOption(let option):
      "missing option \(option)"
    case .missingArgument(let name):
      "missing argument \(name)"
    case .unexpectedArgument(let word):
      "unexpected argument \"\(word)\""
    case .combination(let text):
      text
    }
  }

  private static func suggestion(_ nearest: String?) -> String {
    nearest.map { " (did you mean \($0)?)" } ?? ""
  }
}
