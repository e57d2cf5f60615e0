/// The script that completes command lines in zsh.
struct ZshCompletion {
  let root: Command

  /// The whole script: one function a command, each described to `_arguments`.
  var script: String {
    let functions = root.all().map { function(path: $0.path, command: $0.command) }
    return """
      #compdef \(root.name)
      # zsh completion for \(root.name), made by `\(root.name) completion zsh`.
      # Put it into a directory of $fpath as _\(root.name), or read it with: source <(\(root.name) completion zsh)

      \(functions.joined(separator: "\n"))
      if [ "$funcstack[1]" = "_\(root.name)" ]; then
        _\(root.name) "$@"
      else
        compdef _\(root.name) \(root.name)
      fi

      """
  }

  private func function(path: [String], command: Command) -> String {
    let name = "_" + path.joined(separator: "_")
    let specs = (command.options + GlobalOption.all).flatMap(specs)
    return command.subcommands.isEmpty
      ? leaf(name, specs + operands(command))
      : branch(name, specs, command)
  }

  private func leaf(_ name: String, _ specs: [String]) -> String {
    """
    \(name)() {
      _arguments -S -s \\
        \(specs.joined(separator: " \\\n    "))
    }

    """
  }

  private func branch(_ name: String, _ specs: [String], _ command: Command) -> String {
    let commands = command.subcommands.map { Self.quote("\(Self.escape($0.name)):\(Self.escape($0.summary))") }
    let cases = command.subcommands.map { "        \($0.name)) \(name)_\($0.name) ;;" }
    return """
      \(name)() {
        local context state state_descr line
        typeset -A opt_args
        local -a commands=(
          \(commands.joined(separator: "\n    "))
        )
        _arguments -C -S -s \\
          \((specs + ["'1: :->command'", "'*:: :->rest'"]).joined(separator: " \\\n    "))
        case $state in
          command) _describe -t commands command commands ;;
          rest)
            case $line[1] in
      \(cases.joined(separator: "\n"))
            esac ;;
        esac
      }

      """
  }

  private func specs(_ option: Option) -> [String] {
    let all = option.spellings
    let exclusion = option.isRepeatable ? "*" : "(\(all.joined(separator: " ")))"
    return all.map { spelling in
      let equals = option.value != nil && spelling.hasPrefix("--") ? "=" : ""
      let value = option.value.map { ":\(Self.escape($0.placeholder)):\(Self.action($0.completion))" } ?? ""
      return Self.quote("\(exclusion)\(spelling)\(equals)[\(Self.escape(option.help))]\(value)")
    }
  }

  private func operands(_ command: Command) -> [String] {
    command.arguments.enumerated().map { place, argument in
      let position = argument.isRepeatable ? "*" : "\(place + 1)"
      let separator = argument.isRequired || argument.isRepeatable ? ":" : "::"
      return Self.quote(
        "\(position)\(separator)\(Self.escape(argument.name)):\(Self.action(argument.value.completion))"
      )
    }
  }

  private static func action(_ completion: ValueKind.Completion) -> String {
    switch completion {
    case .nothing: " "
    case .file: "_files"
    case .directory: "_files -/"
    case .words(let words): "(\(words.joined(separator: " ")))"
    }
  }

  /// Escapes what `_arguments` and `_describe` would take for their own.
  private static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if ":[]\\".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }

  private static func quote(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
