internal import Envelope

/// The options that say which of a tenant's documents are asked for: all that are given must hold.
enum DocumentConditions {
  private static let space = Option.value("space", .text("SPACE"), "Only those of a space: its name or its URN.")
  private static let author = Option.value("author", .text("AUTHOR"), "Only those of an author: name or URN.")
  private static let thread = Option.value("thread", .text("ID"), "Only those of a thread.")
  private static let since = Option.value("since", .instant, "Only those from this time on.")
  private static let until = Option.value("until", .instant, "Only those before this time.")
  static let all = [space, author, thread, since, until]

  /// The conditions as a request to the storage has them, which takes names and URNs.
  static func json(_ invocation: Invocation) -> JSONObject {
    var conditions: JSONObject = [:]
    for option in [space, author, thread] {
      guard let value = invocation[option] else { continue }
      conditions[option.name] = .string(value)
    }
    for option in [since, until] {
      guard let moment = invocation[option].flatMap({ Timestamp(commandLine: $0) }) else { continue }
      conditions[option.name] = .string(moment.description)
    }
    return conditions
  }
}
