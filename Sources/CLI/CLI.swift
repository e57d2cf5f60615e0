internal import Glibc

/// The executable `promethean`.
@main struct CLI {
  static func main() {
    // A reader that leaves is an error of `write`, which ends the program quietly, rather than a signal.
    _ = signal(SIGPIPE, SIG_IGN)
    let program = Program(environment: Program.processEnvironment())
    exit(program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
