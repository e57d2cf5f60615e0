internal import Envelope
internal import Host

/// Orders the past of spaces, and shows what comes of it.
final class BackfillFollower {
  private let client: AdminClient
  /// Where the order goes.
  private let topic: Topic
  private let session: Session
  /// The name of the job; nil: the order is not taken yet.
  private var job: String?
  /// What was told of jobs before that.
  private var early: [JSON] = []

  init(client: AdminClient, topic: Topic, session: Session) {
    (self.client, self.topic, self.session) = (client, topic, session)
  }

  /// Orders, within a timeout in milliseconds, and follows to the end if that is wanted.
  func run(_ order: JSON, timeout: Int64, isFollowing: Bool) throws -> ExitCode {
    let prefix = topic.description.dropLast("enqueue".count)
    // Ahead of the order, since it may be done before anybody looks.
    let tap = isFollowing ? try client.send("tap", ["pattern": .string("\(prefix)(progress|done|error)")]) : nil
    let request = try client.send(
      "request",
      [
        "topic": .string(topic.description), "intent": "enqueue", "payload": order,
        "trace": .string(Traceparent.begin().description), "timeout_ms": .int(timeout),
      ]
    )
    while true {
      if !client.hasEvent { try session.console.flush() }
      let event = try client.receive()
      switch event.content {
      case .error(let error): throw error
      case .ok(let answer) where event.request == request:
        try taken(answer)
        guard isFollowing else { return .success }
        for report in early { if let code = try show(report) { return code } }
        early = []
      case .item(let item) where event.request == tap:
        if let lost = item["dropped"]?.intValue { session.console.remark("\(lost) reports were left out") }
        guard let report = item["envelope"] else { continue }
        if job == nil { early.append(report) } else if let code = try show(report) { return code }
      default: continue
      }
    }
  }

  private func taken(_ answer: JSON) throws {
    guard let data = answer["envelope"]?["data"], let job = data["job"]?.stringValue else {
      throw CommandError.failed("the answer names no job")
    }
    self.job = job
    try session.show(data) { ["job \(job)" + (data["spaces"]?.intValue.map { ": \($0) spaces" } ?? "")] }
  }

  /// Shows a report of the job; how the command ends if that is the last.
  private func show(_ report: JSON) throws -> ExitCode? {
    guard let data = report["data"], data["job"]?.stringValue == job else { return nil }
    let name = report["topic"]?.stringValue?.split(separator: ".").last.map(String.init) ?? ""
    if session.isJSON {
      var line: JSONObject = ["report": .string(name)]
      for (key, value) in data.objectValue ?? [:] { line[key] = value }
      try session.console.json(.object(line))
    } else {
      try session.console.line(Cells.printable(Self.text(name, data)))
    }
    try session.console.flush()
    switch name {
    case "done": return data["failed"]?.intValue == 0 ? .success : .failure
    // One of a space is told of again at the end.
    case "error" where data["space_urn"] == nil: return .failure
    default: return nil
    }
  }

  /// A report in words.
  private static func text(_ name: String, _ data: JSON) -> String {
    let (space, count) = (data["space_urn"]?.stringValue ?? "", data["fetched"]?.intValue ?? 0)
    switch name {
    case "progress":
      let oldest = data["oldest"]?.intValue.map { Timestamp(nanoseconds: $0 * 1_000_000).short }
      let end = data["complete"]?.boolValue == true ? ", complete" : ""
      return "\(space): \(count) fetched" + (oldest.map { ", back to \($0)" } ?? "") + end
    case "done":
      let failed = data["failed"]?.intValue ?? 0
      return "done: \(count) fetched" + (failed > 0 ? ", \(failed) spaces could not be read" : "")
    default: return "\(space.isEmpty ? "given up" : space): \(data["reason"]?.stringValue ?? "")"
    }
  }
}
