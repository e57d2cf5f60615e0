/// How a command ended, as the shell sees it.
enum ExitCode: Int32, Sendable, Hashable, CaseIterable {
  case success = 0
  case failure = 1
  case usage = 2

  /// What the code means for a command that says nothing of its own.
  var meaning: String {
    switch self {
    case .success: "it worked"
    case .failure: "it did not; the reason is on standard error"
    case .usage: "the command line is wrong"
    }
  }
}
