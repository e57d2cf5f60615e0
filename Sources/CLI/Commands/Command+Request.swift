internal import Envelope
internal import Host

extension Command {
  private static let topic = Argument(.topic, "The topic of the plugin that answers.")
  private static let intent = Option.value(
    "intent",
    short: "i",
    .text("INTENT"),
    "What is asked; by default the topic's last word."
  )
  private static let payload = Option.value("payload", .json, "What it is asked with.", default: "{}")
  private static let file = Option.value("file", short: "f", .file(), "A file with the payload; - is standard input.")
  private static let resource = Option.value("resource", .text("RESOURCE"), "What the effect acts on.")
  private static let key = Option.value("key", .text("KEY"), "Requests with one key are answered in their order.")
  private static let trace = Option.value(
    "trace",
    .text("TRACEPARENT"),
    "The trace to go on with; by default a new one."
  )
  private static let timeout = Option.value("timeout", .duration, "How long to wait for the answer.", default: "10s")

  static let request = Command(
    "request",
    "Asks a plugin something and prints its answer",
    details: """
      Prints the payload of the answer; with --json the whole answer as a CloudEvent. A plugin that answers with an error, or not in time, ends the \
      command with exit code 1.
      """,
    arguments: [topic],
    options: [intent, payload, file, resource, key, trace, timeout],
    exits: [.failure: "the plugin answered with an error, or nobody answered in time"],
    examples: [
      Example(
        "promethean request promethean.p.echo.t.demo.storage.documents.count --resource messages",
        "Asks the storage service how many messages the tenant has."
      )
    ]
  ) { invocation, session in
    var fields: JSONObject = [
      "topic": .string(invocation.required(topic)),
      "intent": .string(invocation[intent] ?? lastToken(invocation.required(topic))),
      "payload": try readPayload(invocation),
      "trace": .string(invocation[trace] ?? Traceparent.begin().description),
      "timeout_ms": .int(Duration(commandLine: invocation.required(timeout))?.milliseconds ?? 0),
    ]
    if let resource = invocation[resource] { fields["resource"] = .string(resource) }
    if let key = invocation[key] { fields["key"] = .string(key) }
    let answer = try session.connect().call("request", fields)
    guard let envelope = answer["envelope"] else { throw CommandError.failed("the host answered without an envelope") }
    if session.isJSON {
      try session.console.json(envelope)
    } else {
      try session.console.line(body(of: envelope))
    }
    return .success
  }

  private static func readPayload(_ invocation: Invocation) throws -> JSON {
    guard let path = invocation[file] else { return try JSON.parse(invocation.required(payload)) }
    guard !invocation.has(payload) else { throw UsageError.combination("either --payload or --file, not both") }
    let reader = try LineReader(path: path)
    let bytes = try reader.rest()
    do throws(JSONError) {
      return try JSON.parse(bytes)
    } catch {
      throw CommandError.failed("\(reader.name):\(error)")
    }
  }

  /// The payload of an answer, for a person: text as it is, JSON in lines, and of anything else that it is there.
  private static func body(of envelope: JSON) -> String {
    if let data = envelope["data"] { return String(decoding: data.bytes(pretty: true), as: UTF8.self) }
    guard let encoded = envelope["data_base64"]?.stringValue else { return "(no payload)" }
    let type = envelope["datacontenttype"]?.stringValue ?? "application/octet-stream"
    return "(\(type), \(encoded.utf8.count / 4 * 3) bytes; --json prints them in base64)"
  }

  private static func lastToken(_ topic: String) -> String {
    topic.lastIndex(of: ".").map { String(topic[topic.index(after: $0)...]) } ?? topic
  }
}

extension ValueKind {
  /// A whole topic.
  static let topic = Self(placeholder: "TOPIC", completion: .nothing) { text in
    do throws(TopicError) {
      _ = try Topic(text)
      return nil
    } catch {
      return "a topic such as promethean.p.echo.t.demo.control.send (\(error.reason))"
    }
  }
}
