internal import Envelope
internal import Host

/// Waiting for what was sent before, so that who has just sent something finds it.
enum Settling {
  static let wait = Option.value(
    "wait",
    .duration,
    "How long to wait for what was sent before to be stored.",
    default: "10s"
  )

  /// Lets the indexers catch up, so that who has just sent something finds it.
  static func settle(_ client: AdminClient, _ invocation: Invocation, _ session: Session) throws {
    let patience = Duration(commandLine: invocation.required(wait))?.milliseconds ?? 0
    guard patience > 0 else { return }
    let answer = try client.call("wait_settled", ["timeout_ms": .int(patience)])
    guard let behind = answer["behind"]?.intValue, behind > 0 else { return }
    session.console.remark("\(behind) recorded messages are not stored yet; promethean status shows who is behind")
  }
}
