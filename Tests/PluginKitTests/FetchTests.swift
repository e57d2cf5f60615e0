import FetchProbe
import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct FetchTests {
  /// The answer of a service that sends on from `/N` to `to`, and answers everything else.
  private static func redirect(_ status: Int64, to location: String) -> @Sendable (Envelope) -> FakeHost.Answer {
    { envelope in
      guard envelope.resource.hasSuffix("/from") else {
        return .response(["status": 200, "headers": [["content-type", "text/plain"]], "body": "there"])
      }
      return .response(["status": .int(status), "headers": [["location", .string(location)]], "body": ""])
    }
  }

  private func run(_ order: JSON, _ answer: @escaping @Sendable (Envelope) -> FakeHost.Answer) async throws -> (
    JSON, [HostRecord.Request]
  ) {
    let host = FakeHost(FetchProbe.self, answer: answer)
    try await host.boot()
    let envelope = Envelope(topic: "promethean.p.echo.t.demo.control.fetch", intent: "fetch", payload: order.bytes())
    let json = try await host.request(envelope)
    try await host.stop()
    return (json, host.record.requested)
  }

  @Test func `a fetch is a request on the tenant's topic, about method and URL`() async throws {
    let order: JSON = ["method": "POST", "url": "HTTPS://A/x#y", "headers": [["X", "1"]], "body": "b"]
    let (answer, requests) = try await run(order, Self.redirect(200, to: ""))
    #expect(requests.map(\.envelope.topic) == ["promethean.p.echo.t.demo.http.fetch"])
    #expect(requests.map(\.envelope.resource) == ["POST https://a/x"])
    #expect(try JSON.parse(requests[0].envelope.payload) == ["headers": [["X", "1"]], "body": "b"])
    #expect(answer["status"] == 200 && answer["text"] == "there" && answer["type"] == "text/plain")
  }

  @Test(
    arguments: [
      (301, "GET", "GET"), (301, "POST", "GET"), (302, "POST", "GET"), (302, "PUT", "PUT"), (303, "POST", "GET"),
      (303, "DELETE", "GET"), (303, "HEAD", "HEAD"), (307, "POST", "POST"), (308, "PATCH", "PATCH"),
    ] as [(Int64, String, String)]
  )
  func `a redirect is another request, with the method that HTTP says`(
    status: Int64,
    method: String,
    next: String
  ) async throws {
    let body: JSON = method == "GET" || method == "HEAD" ? .null : "b"
    let order: JSON = [
      "method": .string(method), "url": "http://a/from", "body": body,
      "headers": [["Content-Type", "t"], ["X", "1"]],
    ]
    let (answer, requests) = try await run(order, Self.redirect(status, to: "/to"))
    #expect(answer["url"] == "http://a/to")
    #expect(requests.map(\.envelope.resource) == ["\(method) http://a/from", "\(next) http://a/to"])
    let second = try JSON.parse(requests[1].envelope.payload)
    let isDropped = method != "GET" && next == "GET"
    #expect(second["body"] == (isDropped || body.isNull ? JSON?.none : body))
    #expect(second["headers"] == (isDropped ? [["X", "1"]] : [["Content-Type", "t"], ["X", "1"]]))
  }

  @Test(arguments: [
    ("http://a/to", true), ("http://b/to", false), ("http://a:81/to", false), ("https://a/to", false),
    ("http://a:80/to", true),
  ])
  func `credentials stay with the origin that they are for`(location: String, isKept: Bool) async throws {
    let credentials: [JSON] = [["Authorization", "x"], ["cookie", "y"], ["Proxy-Authorization", "z"]]
    let order: JSON = ["url": "http://a/from", "headers": .array(credentials + [["X", "1"]])]
    let (_, requests) = try await run(order, Self.redirect(302, to: location))
    let second = try JSON.parse(requests[1].envelope.payload)
    #expect(second["headers"] == .array((isKept ? credentials : []) + [["X", "1"]]))
  }

  @Test(arguments: [
    ("http://a/", "fetch: https://a redirects from https to http://a"),
    ("https://user@b/", "fetch: https://a redirects to what is no http or https URL without a user"),
    ("file:///etc/passwd", "fetch: https://a redirects to what is no http or https URL without a user"),
    ("https://[fe80::1%25eth0]/", "fetch: https://a redirects to what is no http or https URL without a user"),
  ])
  func `a redirect to where none may lead is refused`(location: String, message: String) async throws {
    let (answer, requests) = try await run(["url": "https://a/from"], Self.redirect(302, to: location))
    #expect(answer["error"]?.stringValue == message)
    #expect(answer["kind"] == "denied")
    #expect(requests.count == 1)
  }

  @Test(arguments: [0, 1, 3])
  func `only so many redirects are followed`(most: Int64) async throws {
    let (answer, requests) = try await run(
      ["url": "http://a/from", "redirects": .int(most)],
      Self.redirect(302, to: "/again/from")
    )
    #expect(requests.count == Int(most) + 1)
    if most == 0 {
      #expect(answer["status"] == 302)
    } else {
      #expect(answer["error"]?.stringValue == "fetch: expected at most \(most) redirects, found one more to http://a")
    }
  }

  @Test(arguments: [(304, "/to"), (300, "/to"), (200, "/to")] as [(Int64, String)])
  func `what is no redirect is an answer`(status: Int64, location: String) async throws {
    let (answer, requests) = try await run(["url": "http://a/from"], Self.redirect(status, to: location))
    #expect(answer["status"] == .int(status))
    #expect(requests.count == 1)
  }

  @Test func `a blob is read in pieces, about what was fetched`() async throws {
    let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
    let (answer, requests) = try await run(["url": "http://a/x"]) { envelope in
      guard envelope.topic.hasSuffix(".read") else {
        return .response(["status": 200, "headers": [], "blob": ["sha256": "d", "size": .int(Int64(bytes.count))]])
      }
      let payload = try? JSON.parse(envelope.payload)
      let offset = Int(payload?["offset"]?.intValue ?? 0)
      return .bytes(Array(bytes[offset..<min(bytes.count, offset + Int(payload?["length"]?.intValue ?? 0))]))
    }
    #expect(answer["size"] == 70_000)
    #expect(answer["sum"] == .int(FetchProbe.sum(bytes)))
    #expect(
      requests.dropFirst().map(\.envelope.topic)
        == .init(repeating: "promethean.p.echo.t.demo.http.fetch.read", count: 3)
    )
    #expect(requests.allSatisfy { $0.envelope.resource == "GET http://a/x" })
  }

  @Test func `a blob that ends early is an error`() async throws {
    let (answer, _) = try await run(["url": "http://a/x"]) { envelope in
      guard envelope.topic.hasSuffix(".read") else {
        return .response(["status": 200, "headers": [], "blob": ["sha256": "d", "size": 10]])
      }
      return .bytes([])
    }
    #expect(answer["error"] == "blob d: expected 10 bytes, found 0")
  }

  @Test func `what the service refuses is thrown, and what it is not is refused`() async throws {
    let (refused, _) = try await run(["url": "http://a/"]) { _ in .error("GET http://a: no") }
    #expect(refused["error"] == "GET http://a: no" && refused["kind"] == "failed")
    let (denied, _) = try await run(["url": "http://a/"]) { _ in .failure(PROMETHEAN_DENIED, "not granted") }
    #expect(denied["kind"] == "denied")
    let (odd, _) = try await run(["url": "http://a/"]) { _ in .response(["odd": true]) }
    #expect(odd["error"] == "fetch: http://a: expected an answer of the Fetch service, found another")
    let (wrong, requests) = try await run(["url": "gopher://a/"]) { _ in .response([:]) }
    #expect(wrong["kind"] == "invalid" && requests.isEmpty)
  }
}
