package import Envelope
internal import Foundation

/// A fixture: an envelope that goes into a plugin, and everything that comes out for it.
///
/// It is a JSON file with `input` (CloudEvents JSON), and where there are any `publishes` and `requests` (lists of the
/// same), `answer` (what requests are answered with), `settled` (`ack`, or `reject: <why>`) and `response` (the payload
/// that a request is answered with). Envelopes that come out are compared as `normalized` leaves them.
package struct Golden: Sendable, CustomStringConvertible {
  package let name: String
  package let input: Envelope
  package let answer: JSON
  /// What is expected, as `Golden.output` writes it.
  package let output: JSON

  package var description: String { name }

  /// All fixtures in a folder beside a test's source file, in the order of their names.
  package static func all(beside file: String, folder: String = "Golden") throws -> [Golden] {
    let directory = URL(filePath: file).deletingLastPathComponent().appending(path: folder)
    let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    return try files.filter { $0.pathExtension == "json" }.sorted { $0.path() < $1.path() }.map(Golden.init)
  }

  private init(file: URL) throws {
    let json = try JSON.parse([UInt8](Data(contentsOf: file)))
    guard var output = json.objectValue, let input = output["input"] else {
      throw PayloadError(key: "input", expected: "object", found: "nothing")
    }
    name = file.deletingPathExtension().lastPathComponent
    self.input = try Envelope(cloudEvent: input)
    answer = output["answer"] ?? .null
    output["input"] = nil
    output["answer"] = nil
    self.output = .object(output)
  }

  /// What came out, in the shape of the fixtures.
  package static func output(of record: HostRecord) -> JSON {
    var output = JSONObject()
    if !record.published.isEmpty { output["publishes"] = .array(record.published.map { normalized($0).cloudEvent }) }
    if !record.requested.isEmpty {
      output["requests"] = .array(record.requested.map { normalized($0.envelope).cloudEvent })
    }
    for settled in record.settled {
      switch settled.outcome {
      case .ack: output["settled"] = "ack"
      case .reject(let reason): output["settled"] = .string("reject: \(reason)")
      case .retry(let reason): output["settled"] = .string("retry: \(reason)")
      case .release: output["settled"] = "release"
      case .response(let response): output["response"] = try? JSON.parse(response.payload)
      }
    }
    return .object(output)
  }

  /// An envelope without what differs from run to run.
  ///
  /// What the host stamps anew each time is empty: `ts`, `reply`, `hops`, `attempt`; so is what depends on the build
  /// and the deployment: `build`, `config_rev`; and for requests and responses their `id`, `corr` and `deadline`. Of
  /// the trace the trace id stays, which has to be the cause's; the span is zeros.
  package static func normalized(_ envelope: Envelope) -> Envelope {
    var envelope = envelope
    envelope.ts = 0
    envelope.hops = 0
    envelope.attempt = 0
    (envelope.reply, envelope.build, envelope.configRev) = ("", "", "")
    if !envelope.flags.isEmpty { (envelope.id, envelope.corr, envelope.deadline) = ("", "", 0) }
    if let trace = Traceparent(envelope.trace) {
      envelope.trace = "00-\(trace.traceID)-0000000000000000-\(trace.isSampled ? "01" : "00")"
    }
    return envelope
  }
}
