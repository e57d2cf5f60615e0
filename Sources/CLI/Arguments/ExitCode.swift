/// How a command ended, as the shell sees it.
enum ExitCode: Int32, Sendable, Hashable, CaseIterable {
  case success = 0
  case failure = 1
  case usage = 2
  /// What is asked for widens grants, and nobody agreed to that.
  case unapproved = 3

  /// What two states were compared for is there: there are changes.
  ///
  /// The number is that of `usage`; for a command that says what it means by it, a wrong command line is a failure.
  static let changes = ExitCode.usage

  /// Whether any command may end so.
  var isCommon: Bool { self != .unapproved }

  /// What the code means for a command that says nothing of its own.
  var meaning: String {
    switch self {
    case .success: "it worked"
    case .failure: "it did not; the reason is on standard error"
    case .usage: "the command line is wrong"
    case .unapproved: "grants widen, and --approve is missing"
    }
  }
}
