internal import CLinux
internal import Envelope
internal import Glibc
internal import Host

extension Command {
  private static let timeout = Option.value(
    "timeout",
    .duration,
    "How long to wait for the host to be gone.",
    default: "30s"
  )

  static let down = Command(
    "down",
    "Stops the running host",
    details: """
      The host stops its instances in order, each after what it is doing, and ends. What is in the journal stays there for the next start. The command \
      returns once the process is gone.
      """,
    options: [timeout],
    exits: [.failure: "no host is running, or it is not gone in time"],
    examples: [Example("promethean down", "Stops the host of this directory.")]
  ) { invocation, session in
    let client = try session.connect()
    let limit = Duration(commandLine: invocation.required(timeout)) ?? .zero
    let pid = try client.call("status")["pid"]?.intValue ?? 0
    let process = linux_pidfd_open(pid_t(truncatingIfNeeded: pid))
    defer { if process >= 0 { close(process) } }
    do {
      try client.call("shutdown")
    } catch AdminClientError.closed {
      // The host may be gone before its answer is on the way.
    }
    guard process < 0 || hasEnded(process, within: limit) else {
      throw CommandError.failed("the host (process \(pid)) still runs after \(limit.summary)")
    }
    try session.show(["stopped": .int(pid)]) { ["stopped"] }
    return .success
  }

  private static func hasEnded(_ process: Int32, within limit: Duration) -> Bool {
    var descriptor = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + limit
    while true {
      let left = max(0, (deadline - .now).milliseconds)
      let count = unsafe poll(&descriptor, 1, Int32(clamping: left))
      if count >= 0 || errno != EINTR { return count > 0 }
    }
  }
}
