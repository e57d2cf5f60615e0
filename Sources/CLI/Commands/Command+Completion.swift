internal import Envelope

extension Command {
  private static let shell = Argument(.choice("SHELL", ["bash", "zsh"]), "The shell: bash or zsh.")

  static let completion = Command(
    "completion",
    "Prints the script that completes command lines in a shell",
    details: "The script knows every command, option and word of a choice. It needs nothing but the shell.",
    arguments: [shell],
    examples: [
      Example("source <(promethean completion bash)", "Completes in this bash, until it ends; a line for .bashrc."),
      Example(
        "promethean completion zsh > ~/.zfunc/_promethean",
        "Completes in every zsh that has ~/.zfunc in its fpath and has run compinit."
      ),
    ]
  ) { invocation, session in
    let script =
      invocation.required(shell) == "bash"
      ? BashCompletion(root: .promethean).script : ZshCompletion(root: .promethean).script
    if session.isJSON {
      try session.console.json(["shell": .string(invocation.required(shell)), "script": .string(script)])
    } else {
      try session.console.text(script)
    }
    return .success
  }
}
