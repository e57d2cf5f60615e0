import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// What somebody sees who watches: CloudEvents of one trace from the first to the last.
  @Suite struct TapTests {
    private let host: TestHost
    private let client: AdminClient

    init() throws {
      host = try TestHost(TestHost.echo())
      try host.start()
      client = try host.client()
    }

    /// What passes while a message is sent and indexed.
    ///
    /// - Returns: The message's trace id, and the envelopes in the order of their passing.
    private func watched(_ message: Message, count: Int) throws -> (trace: String, events: [JSON]) {
      let tap = try client.send("tap", ["pattern": "promethean.p.echo.t.demo.>", "count": .int(Int64(count))])
      let trace = Traceparent.begin()
      try client.send(
        "request",
        [
          "topic": "promethean.p.echo.t.demo.control.send", "intent": "send", "payload": message.json,
          "trace": .string(trace.description),
        ]
      )
      var events: [JSON] = []
      while true {
        let event = try client.receive()
        switch event.content {
        case .item(let item): events.append(try #require(item["envelope"]))
        case .ok: if event.request == tap { return (trace.traceID, events) }
        case .error(let error): throw error
        }
      }
    }

    @Test func `each envelope on the way of a message is of the message's trace`() throws {
      let (trace, events) = try watched(try #require(Message.made(1)), count: 5)
      let passed = events.map { "\($0["topic"]?.stringValue ?? "") \($0["kind"]?.stringValue ?? "")" }
      #expect(
        Set(passed) == [
          "promethean.p.echo.t.demo.control.send request",
          "promethean.p.echo.t.demo.control.send response",
          "promethean.p.echo.t.demo.events.SocialMessageCreated event",
          "promethean.p.echo.t.demo.storage.documents.put request",
          "promethean.p.echo.t.demo.storage.documents.put response",
        ]
      )
      let traces = events.map { Traceparent($0["traceparent"]?.stringValue ?? "")?.traceID ?? "none" }
      #expect(traces == events.map { _ in trace }, "\(passed)")
    }

    @Test func `a tap prints CloudEvents that keep to the rules of CloudEvents and to our schema`() throws {
      let directory = try TemporaryDirectory()
      let tap = try ChildProcess(
        [
          Products.promethean, "--deployment", host.directory, "tap", "promethean.p.echo.t.demo.>", "-n", "5", "--json",
        ],
        output: directory.file("out"),
        errors: directory.file("err")
      )
      // A tap says nothing when it begins, so messages are sent until it has seen enough.
      var number = 0
      let end = try host.until("the tap has seen enough") {
        number += 1
        _ = try client.request("promethean.p.echo.t.demo.control.send", try #require(Message.made(number)).json)
        return try? tap.wait(seconds: 0)
      }
      #expect(end == .status(0))
      let lines = String(decoding: try directory.read("out"), as: UTF8.self).split(separator: "\n").map(String.init)
      #expect(lines.count == 5)
      for line in lines {
        let event = try JSON.parse(line)
        CloudEvents.check(event)
        #expect(try Envelope(cloudEvent: event).cloudEvent == event)
      }
      try CloudEvents.validate(file: directory.file("out"))
    }
  }
}

/// CloudEvents 1.0.2, as far as a reader can check.
private enum CloudEvents {
  /// Checks an event against the specification's own rules, apart from ours.
  static func check(_ event: JSON) {
    guard let object = event.objectValue else {
      Issue.record("expected an object, found \(event)")
      return
    }
    #expect(event["specversion"]?.stringValue == "1.0")
    for name in ["id", "source", "type"] { #expect(event[name]?.stringValue?.isEmpty == false, "\(name) in \(event)") }
    if let time = event["time"] { #expect((try? Timestamp(time.stringValue ?? "")) != nil, "\(time)") }
    #expect(event["data"] == nil || event["data_base64"] == nil)
    for name in object.keys where name != "data" && name != "data_base64" {
      #expect(name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) } && name.count <= 20, "\(name)")
      switch event[name] {
      case .string, .bool: break
      case .int(let number): #expect(Int32(exactly: number) != nil, "\(name) is no 32-bit integer")
      case let other:
        Issue.record("\(name): expected a string, an integer or a boolean, found \(String(describing: other))")
      }
    }
  }

  /// Checks a file of events, one a line, by readers that are not ours: a schema validator, and the specification's SDK.
  ///
  /// What the SDK reads and writes again is what we wrote: it took nothing for something else.
  static func validate(file: String) throws {
    let script = """
      import json, sys
      from jsonschema import Draft202012Validator, FormatChecker
      from cloudevents.core.formats.json import JSONFormat
      from cloudevents.core.v1.event import CloudEvent
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      validator = Draft202012Validator(schema, format_checker=FormatChecker())
      sdk = JSONFormat()
      for line in open(sys.argv[2]):
          ours = json.loads(line)
          for error in validator.iter_errors(ours):
              print(error.json_path, error.message)
          event = sdk.read(CloudEvent, line)
          theirs = json.loads(sdk.write(event))
          # The SDK keeps microseconds, the specification's RFC 3339 allows more.
          ours["time"], theirs["time"] = ours["time"][:26], theirs["time"][:26]
          for name in ours.keys() | theirs.keys():
              if ours.get(name) != theirs.get(name):
                  print(name, "ours", ours.get(name), "theirs", theirs.get(name))
      """
    guard let python = Python.having(["jsonschema[format]==4.25.1", "cloudevents==2.2.0"]) else { return }
    let schema = "\(Products.package)/schemas/envelope.cloudevents.json"
    let run = try Program(python + ["-c", script, schema, file])
    #expect(run.end == .status(0), "\(run.errors)")
    #expect(run.output == "")
  }
}
