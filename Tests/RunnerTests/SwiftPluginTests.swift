internal import CChannel
internal import Envelope
internal import Foundation
internal import Host
internal import RunnerSupport
internal import TestSupport
internal import Testing

/// Plugins made with the kit, in the real runner.
@Suite struct SwiftPluginTests {
  private static func plugin(_ name: String) -> Fixture { Fixture(path: Products.library(name)) }

  private static let message = """
    {"message_id": "m1", "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
    "text": "hello", "created_at": "2026-11-21T00:00:00Z", "provider": "echo", "tenant": "demo"}
    """

  private static func event(_ name: String, _ payload: String) throws -> [UInt8] {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.\(name)", intent: name, payload: Array(payload.utf8))
    envelope.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return try envelope.binary()
  }

  @Test func `an indexer asks the storage, acknowledges, and needs no thread but the runner's`() async throws {
    try await onHostThread {
      let driver = try Driver(Self.plugin("MessageIndexer")) { $0.pluginID = "message-indexer" }
      #expect(try driver.start().status == 0)
      for token in 1...100 as ClosedRange<UInt64> {
        try driver.send(WIRE_DELIVER, token: token, body: Self.event("events.SocialMessageCreated", Self.message))
        let request = try driver.frame(WIRE_REQUEST)
        let envelope = try Envelope(binary: request.body)
        #expect(envelope.topic == "promethean.p.echo.t.demo.storage.documents.put")
        #expect(envelope.trace.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
        var response = Envelope(payload: Array(#"{"written":1}"#.utf8))
        response.flags = .response
        try driver.send(WIRE_RESULT_ENVELOPE, token: request.token, body: response.binary())
        let settled = try driver.frame(WIRE_SETTLE)
        #expect(settled.token == token)
        #expect(settled.argument == 0, "\(settled.text)")
      }
      let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(driver.process.pid)/task")
      #expect(threads.count == 1)
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `a plugin's error words reach the host`() async throws {
    try await onHostThread {
      let driver = try Driver(Self.plugin("MessageIndexer")) { $0.pluginID = "message-indexer" }
      #expect(try driver.start().status == 0)
      try driver.send(WIRE_DELIVER, token: 1, body: Self.event("events.SocialMessageDeleted", "{}"))
      let settled = try driver.frame(WIRE_SETTLE)
      #expect(settled.argument == 3)
      #expect(settled.text == "message_id: expected string that is not empty, found nothing")
      try driver.send(WIRE_DELIVER, token: 2, body: Self.event("events.SocialMessageCreated", Self.message))
      var response = Envelope(payload: Array(#"{"status":"error","message":"disk full"}"#.utf8))
      response.flags = [.response, .error]
      let request = try driver.frame(WIRE_REQUEST)
      try driver.send(WIRE_RESULT_ENVELOPE, argument: -1, token: request.token, body: response.binary())
      let retried = try driver.frame(WIRE_SETTLE)
      #expect(retried.argument == 1)
      #expect(retried.text == "disk full (failed)")
      #expect(try driver.stop() == .status(0))
    }
  }

  @Test func `an instance that cannot be made says why`() async throws {
    try await onHostThread {
      let driver = try Driver(Self.plugin("Echo")) { $0.pluginID = "echo" }
      #expect(try driver.failure().text.contains("expected to be bound to one tenant of echo, found none"))
    }
  }
}
