import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A fixture in and the exact envelopes out, through the real library in the real runner, as a tap shows them.
  ///
  /// The fixtures of Echo and MessageIndexer are those that their own tests hold against their logic.
  @Suite struct GoldenTests {
    private let host: TestHost
    private let client: AdminClient
    private let tap: Int64

    init() throws {
      host = try TestHost(TestHost.echo())
      try host.start()
      client = try host.client()
      tap = try client.send("tap", ["pattern": "promethean.>"])
    }

    /// What became of an envelope.
    private struct Outcome {
      /// What a request was answered with; null where it was none.
      var response = JSON.null
      var error: AdminClientError?
      /// Everything that passed because of it, itself included, in order.
      var passed: [Envelope] = []
    }

    /// Sends a fixture's input as a client does, and waits until everything that it causes has passed.
    private func send(_ input: Envelope) throws -> Outcome {
      var outcome = Outcome()
      let isRequest = input.flags.contains(.request)
      do {
        let answer = try client.call(
          isRequest ? "request" : "publish",
          [
            "topic": .string(input.topic), "intent": .string(input.intent), "payload": JSON.parse(input.payload),
            "key": .string(input.key), "trace": .string(input.trace), "envelope_id": .string(input.id),
            "resource": .string(input.resource),
          ]
        )
        outcome.response = answer["envelope"]?["data"] ?? .null
      } catch let error as AdminClientError {
        outcome.error = error
      }
      for consumer in ["echo@demo", "message-indexer"] { try host.waitUntilIdle(client, consumer) }
      while client.hasEvent {
        let event = try client.receive()
        guard event.request == tap, case .item(let item) = event.content, let envelope = item["envelope"] else {
          continue
        }
        outcome.passed.append(try Envelope(cloudEvent: envelope))
      }
      return outcome
    }

    /// What came out of a plugin for a fixture, in the shape of the fixtures.
    private func output(of plugin: String, for golden: Golden) throws -> JSON {
      let outcome = try send(golden.input)
      let received = try #require(outcome.passed.first { $0.topic == golden.input.topic })
      // What the plugin derives from when the host took its input differs from run to run with it.
      let times = (Timestamp(nanoseconds: received.ts).description, Timestamp(nanoseconds: golden.input.ts).description)
      let made = try outcome.passed.filter { $0.src == plugin }.map { envelope in
        var envelope = Golden.normalized(envelope)
        envelope.payload = try JSON.parse(envelope.payload).replacing(times.0, by: times.1).bytes()
        return envelope
      }
      var output = JSONObject()
      for (key, flags) in [("publishes", []), ("requests", .request)] as [(String, Envelope.Flags)] {
        let events = made.filter { $0.flags == flags }.map(\.cloudEvent)
        if !events.isEmpty { output[key] = .array(events) }
      }
      if golden.input.flags.contains(.request) {
        output["response"] = outcome.response
        if case .refused(_, let message) = outcome.error {
          output["response"] = ["status": "error", "message": .string(message)]
        }
      } else {
        let letter = try client.deadLetters().first?["reason"]?.stringValue
        output["settled"] = letter.map { .string("reject: \($0)") } ?? "ack"
      }
      return .object(output)
    }

    private static func goldens(of plugin: String) throws -> [Golden] {
      try Golden.all(beside: "\(Products.package)/Tests/\(plugin)Tests/\(plugin)Tests.swift")
    }

    @Test(arguments: try goldens(of: "Echo"))
    func `an envelope into the real echo makes exactly these out`(golden: Golden) throws {
      #expect(try output(of: "echo", for: golden).bytes(pretty: true) == golden.output.bytes(pretty: true))
    }

    @Test(arguments: try goldens(of: "MessageIndexer"))
    func `an envelope into the real indexer makes exactly these out`(golden: Golden) throws {
      #expect(try output(of: "message-indexer", for: golden).bytes(pretty: true) == golden.output.bytes(pretty: true))
    }

    @Test func `requests to the real storage, one after the other, are answered by exactly these envelopes`() throws {
      let goldens = try Golden.all(beside: #filePath)
      #expect(goldens.count == 8)
      for golden in goldens {
        let outcome = try send(golden.input)
        var output = JSONObject()
        let responses = outcome.passed.filter { $0.flags == .response }
        if !responses.isEmpty { output["responses"] = .array(responses.map { Golden.normalized($0).cloudEvent }) }
        output["error"] = outcome.error.map { .string($0.description) }
        let (found, expected) = (JSON.object(output).bytes(pretty: true), golden.output.bytes(pretty: true))
        #expect(String(decoding: found, as: UTF8.self) == String(decoding: expected, as: UTF8.self), "\(golden)")
      }
    }
  }
}

extension JSON {
  /// The value with a text replaced wherever a string is exactly that.
  fileprivate func replacing(_ old: String, by new: String) -> JSON {
    switch self {
    case .string(old): return .string(new)
    case .array(let items): return .array(items.map { $0.replacing(old, by: new) })
    case .object(var object):
      for (key, value) in object { object[key] = value.replacing(old, by: new) }
      return .object(object)
    default: return self
    }
  }
}
