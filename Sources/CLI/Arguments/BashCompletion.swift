/// The script that completes command lines in bash, without bash-completion.
struct BashCompletion {
  let root: Command

  /// The whole script; the shell reads it once.
  var script: String {
    """
    # bash completion for \(root.name), made by `\(root.name) completion bash`.
    # Read it in a running shell with: source <(\(root.name) completion bash)

    _\(root.name)() {
      local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word= index=1 arguments=0
      COMPREPLY=()
      # bash takes `=` for a word of its own.
      if [[ $current == = ]]; then
        current=
      elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
      fi
      while (( index < COMP_CWORD )); do
        word=${COMP_WORDS[index]}
        if [[ $word == = ]]; then
          (( index += 2 ))
          continue
        fi
        case "$command:$word" in
    \(valuePatterns)
            [[ ${COMP_WORDS[index+1]} == = ]] || (( index += 1 )) ;;
          *:-?*) ;;
    \(descents)
          *) (( arguments += 1 )) ;;
        esac
        (( index += 1 ))
      done
      case "$command:$previous" in
    \(values)
      esac
      if [[ $current == -* ]]; then
        case "$command" in
    \(options)
        esac
        return
      fi
      case "$command:$arguments" in
    \(operands)
      esac
    }

    complete -F _\(root.name) \(root.name)

    """
  }

  private var commands: [(key: String, command: Command)] {
    root.all().map { ($0.path.dropFirst().joined(separator: " "), $0.command) }
  }

  /// The options whose next word is their value.
  private var valuePatterns: String {
    let patterns = commands.flatMap { key, command in
      command.options.filter { $0.value != nil }.flatMap(\.spellings).map { "\"\(key):\($0)\"" }
    }
    let everywhere = GlobalOption.all.filter { $0.value != nil }.flatMap(\.spellings).map { "*:\($0)" }
    return "      " + (patterns + everywhere).joined(separator: "|\\\n      ") + ")"
  }

  /// The words that lead from a command to one below it.
  private var descents: String {
    commands.flatMap { key, command in
      command.subcommands.map { "      \"\(key):\($0.name)\") command=\"\(Self.join(key, $0.name))\" ;;" }
    }.joined(separator: "\n")
  }

  /// What completes the value of each option.
  private var values: String {
    let own = commands.flatMap { key, command in
      command.options.compactMap { option in
        option.value.map { (option.spellings.map { "\"\(key):\($0)\"" }.joined(separator: "|"), $0) }
      }
    }
    let everywhere = GlobalOption.all.compactMap { option in
      option.value.map { (option.spellings.map { "*:\($0)" }.joined(separator: "|"), $0) }
    }
    return (own + everywhere).map { pattern, value in
      "    \(pattern)) \(Self.generator(value.completion)); return ;;"
    }.joined(separator: "\n")
  }

  private var options: String {
    commands.map { key, command in
      let words = (command.options + GlobalOption.all).map { "--\($0.name)" }
      return "      \"\(key)\") \(Self.generator(.words(words))) ;;"
    }.joined(separator: "\n")
  }

  /// What completes each place of each command: a command below it, or an argument.
  private var operands: String {
    commands.flatMap { key, command in
      if !command.subcommands.isEmpty {
        return ["    \"\(key):\"*) \(Self.generator(.words(command.subcommands.map(\.name)))) ;;"]
      }
      return command.arguments.enumerated().map { place, argument in
        let pattern = argument.isRepeatable ? "\"\(key):\"*" : "\"\(key):\(place)\""
        return "    \(pattern)) \(Self.generator(argument.value.completion)) ;;"
      }
    }.joined(separator: "\n")
  }

  private static func join(_ key: String, _ name: String) -> String { key.isEmpty ? name : "\(key) \(name)" }

  private static func generator(_ completion: ValueKind.Completion) -> String {
    switch completion {
    case .nothing: ":"
    case .file: "compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")"
    case .directory: "compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$current\")"
    case .words(let words): "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(separator: " "))' -- \"$current\")"
    }
  }
}
