internal import Envelope
internal import Host

/// Sends the lines of a file as requests, many at a time, and keeps account of the answers.
final class Sender {
  private let client: AdminClient
  private let topic: Topic
  private let timeout: Int64
  private let session: Session
  private let source: String

  /// The line of each request that is not answered yet.
  private var open: [Int64: Int] = [:]
  private var accepted = 0
  private var refused: [(line: Int, code: String, message: String)] = []

  /// The requests on their way at a time: as many as the host works on for one connection.
  private static let window = 256

  /// Prepares to send to a topic; `timeout` is in milliseconds for each message, `source` what errors call the file.
  init(client: AdminClient, topic: Topic, timeout: Int64, session: Session, source: String) {
    self.client = client
    self.topic = topic
    self.timeout = timeout
    self.session = session
    self.source = source
  }

  /// Sends every line and waits for every answer.
  func run(_ next: () throws -> ArraySlice<UInt8>?) throws -> ExitCode {
    do {
      var number = 0
      while let line = try next() {
        number += 1
        try send(line, number)
      }
      while !open.isEmpty { try settle() }
    } catch let error as AdminClientError where error != .abandoned {
      try report()
      throw CommandError.failed("\(open.count) messages are unanswered: \(error)")
    }
    try report()
    return refused.isEmpty ? .success : .failure
  }

  private func send(_ line: ArraySlice<UInt8>, _ number: Int) throws {
    guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { return }
    let message: JSON
    do throws(JSONError) {
      message = try JSON.parse(line)
    } catch {
      return try refuse(number, "invalid", "not JSON: column \(error.column): \(error.message)")
    }
    guard case .object = message else { return try refuse(number, "invalid", "expected a JSON object") }
    while open.count >= Self.window { try settle() }
    do throws(AdminClientError) {
      let request = try client.send(
        "request",
        [
          "topic": .string(topic.description),
          "intent": "send",
          "payload": message,
          "trace": .string(Traceparent.begin().description),
          "timeout_ms": .int(timeout),
        ]
      )
      open[request] = number
    } catch {
      guard case .tooLong = error else { throw error }
      try refuse(number, "invalid", "\(error)")
    }
  }

  /// Waits for an answer.
  private func settle() throws {
    if !client.hasEvent { try session.console.flush() }
    let event = try client.receive()
    switch event.content {
    case .item: return
    case .ok(let result):
      guard let line = open.removeValue(forKey: event.request) else { return }
      accepted += 1
      guard session.isJSON else { return }
      let id = result["envelope"]?["data"]?["id"] ?? .null
      try session.console.json(["line": .int(Int64(line)), "status": "accepted", "id": id])
    case .error(let error):
      guard let line = open.removeValue(forKey: event.request) else { return }
      guard case .refused(let code, let message) = error else { throw error }
      try refuse(line, code, message)
    }
  }

  private func refuse(_ line: Int, _ code: String, _ message: String) throws {
    refused.append((line, code, message))
    guard session.isJSON else { return }
    try session.console.json([
      "line": .int(Int64(line)), "status": "refused", "code": .string(code), "message": .string(message),
    ])
  }

  private func report() throws {
    let counts: JSON = [
      "accepted": .int(Int64(accepted)), "refused": .int(Int64(refused.count)), "unanswered": .int(Int64(open.count)),
    ]
    try session.show(counts) {
      [refused.isEmpty ? "\(accepted) accepted" : "\(accepted) accepted, \(refused.count) refused"]
    }
    try session.console.flush()
    guard !session.isJSON else { return }
    for (line, code, message) in refused.sorted(by: { $0.line < $1.line }) {
      session.console.remark(Cells.printable("\(source):\(line): \(code): \(message)"))
    }
  }
}
