import PluginKit
import TestSupport
import Testing

@testable import Fetch

@Suite(.timeLimit(.minutes(Patience.minutes))) struct FetchTests {
  let fetch: FetchFixture

  init() async throws {
    fetch = try await FetchFixture()
  }

  @Test(arguments: ["plain", "good"])
  func `a short answer comes whole`(listener: String) async throws {
    let answer = try await fetch.get("/hello", on: listener)
    #expect(answer["status"] == 200)
    #expect(answer["body"] == "hello")
    #expect(answer["url"]?.stringValue == fetch.server.url("/hello", on: listener))
    #expect(answer["headers"]?.arrayValue?.contains(["content-type", "text/plain"]) == true)
    #expect(fetch.host.record.dialled == ["localhost:\(fetch.server.ports[listener] ?? 0)"])
    try await fetch.host.stop()
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
  func `method, headers and body are sent as they were given`(method: String) async throws {
    let payload: JSON = ["headers": [["X-One", "1"], ["Content-Type", "text/x"]], "body_base64": "AP8="]
    let resource = "\(method) \(fetch.server.url("/echo")) 100000"
    let answer = try await fetch.host.request(FetchFixture.request(resource, payload))
    let echo = try JSON.parse(try #require(answer["body"]?.stringValue))
    #expect(echo["method"]?.stringValue == method)
    #expect(echo["body"] == "\u{0}\u{ff}")
    let headers = try #require(echo["headers"]?.arrayValue)
    for header in [["x-one", "1"], ["content-type", "text/x"], ["user-agent", "promethean-fetch/0.1"]] as [JSON] {
      #expect(headers.contains(header), "\(headers)")
    }
    try await fetch.host.stop()
  }

  @Test(
    arguments: [
      ("", [:], "resource: expected METHOD URL, found what is none, or holds more than printable ASCII"),
      (
        "TRACE http://localhost/ 1", [:],
        "resource: expected METHOD URL, found what is none, or holds more than printable ASCII"
      ),
      (
        "GET file:///etc/passwd 1", [:],
        "resource: expected METHOD URL, found what is none, or holds more than printable ASCII"
      ),
      (
        "GET http://user@localhost/ 1", [:],
        "resource: expected METHOD URL, found what is none, or holds more than printable ASCII"
      ),
      (
        "GET http://localhost/\tx 1", [:],
        "resource: expected METHOD URL, found what is none, or holds more than printable ASCII"
      ),
      ("GET http://localhost/ 1", [], "payload: expected object, found empty array"),
      ("GET http://localhost/ 1", ["url": "x"], "url: unknown; known are headers, body, body_base64"),
      ("GET http://localhost/ 1", ["body": "x"], "body: expected none with GET, found one"),
      ("POST http://localhost/ 1", ["body": 1], "body: expected string, found integer 1"),
      ("POST http://localhost/ 1", ["body_base64": "?"], "body_base64: expected base64 text, found string \"?\""),
      (
        "POST http://localhost/ 1", ["body": "", "body_base64": ""],
        "body: expected one of body and body_base64, found both"
      ),
      ("GET http://localhost/ 1", ["headers": [:]], "headers: expected array of pairs, found empty object"),
      ("GET http://localhost/ 1", ["headers": [["a"]]], "headers[0]: expected a name and a value, found array"),
      (
        "GET http://localhost/ 1", ["headers": [["a", "b\r\nc: d"]]],
        "headers[0]: expected a name of token characters and a value without control characters"
      ),
      (
        "GET http://localhost/ 1", ["headers": [["a:b", ""]]],
        "headers[0]: expected a name of token characters and a value without control characters"
      ),
      ("GET http://localhost/ 1", ["headers": [["Host", "a"]]], "headers[0]: Host is not the requester's to say"),
      (
        "GET http://localhost/ 1", ["headers": [["ok", ""], ["Proxy-X", "a"]]],
        "headers[1]: Proxy-X is not the requester's to say"
      ),
    ] as [(String, JSON, String)]
  )
  func `a request that is wrong is answered with what is wrong`(
    resource: String,
    payload: JSON,
    message: String
  ) async throws {
    #expect(await fetch.refusal(FetchFixture.request(resource, payload)) == message)
    #expect(fetch.host.record.dialled.isEmpty)
    try await fetch.host.stop()
  }

  @Test func `a request for what the host has not checked is refused`() async throws {
    #expect(
      await fetch.refusal(FetchFixture.request("GET http://localhost/", name: "fetch.other"))
        == "topic: expected http.fetch, http.fetch.read or http.fetch.forget, found http.fetch.other"
    )
    try await fetch.host.stop()
  }

  @Test(
    arguments: [
      ("/noise?n=5000", "plain", "expected a body of at most 4096 bytes, found: Maximum file size exceeded"),
      ("/stream?n=5000", "plain", "the body: expected at most 4096 bytes, found more"),
      ("/compressed?n=1000000", "plain", "the body: expected at most 4096 bytes, found more"),
      ("/headers?n=100000&size=10", "plain", "the head: expected at most 128 lines, found more"),
      ("/headers?n=100&size=1000", "plain", "the head: expected at most 32768 bytes, found more"),
      ("/chunks", "plain", "expected an answer to the end, found: "),
      ("/truncated", "plain", "expected an answer to the end, found: transfer closed with 990 bytes remaining to read"),
      ("/nonsense", "plain", "expected an answer by the rules of HTTP, found: "),
      ("/hello", "stranger", "expected a certificate for localhost, valid now, of an authority in "),
      ("/hello", "expired", "certificate has expired"),
      ("/hello", "selfsigned", "self-signed certificate"),
      ("/hello", "old", "expected TLS 1.2 or later, found: "),
    ]
  )
  func `what goes wrong is answered with what was expected and found`(
    path: String,
    listener: String,
    words: String
  ) async throws {
    let message = try #require(await fetch.refusal(path, on: listener, limit: 4096))
    let origin = fetch.server.url("", on: listener)
    #expect(message.hasPrefix("GET \(origin): "), "\(message)")
    #expect(message.contains(words), "\(message)")
    #expect(fetch.files.isEmpty)
    try await fetch.host.stop()
  }

  @Test func `a server that says nothing is left before the deadline`() async throws {
    let message = await fetch.refusal("/silent", within: 400_000_000)
    #expect(message?.contains("expected an answer in time, found: Operation timed out") == true, "\(message ?? "")")
    try await fetch.host.stop()
  }

  @Test func `a dial that is refused is answered with the words of the host`() async throws {
    let words =
      "dial 169.254.169.254:80: it leads to 169.254.169.254, which only a grant that names 169.254.169.254 opens"
    let other = try await FetchFixture { _, _ in .failure(3, words) }
    let message = await other.refusal(FetchFixture.request("GET http://169.254.169.254/latest 100"))
    #expect(message == "GET http://169.254.169.254: \(words)")
    try await other.host.stop()
    try await fetch.host.stop()
  }

  @Test func `a redirect is answered, not followed, and its body left`() async throws {
    let answer = try await fetch.get("/redirect?to=http://169.254.169.254/&n=308")
    #expect(answer["status"] == 308)
    #expect(answer["headers"]?.arrayValue?.contains(["location", "http://169.254.169.254/"]) == true)
    #expect(answer["body"] == "")
    #expect(fetch.host.record.dialled.count == 1)
    try await fetch.host.stop()
  }

  @Test func `the log says where from and how much, and nothing of the path`() async throws {
    _ = try await fetch.get("/hello?token=canary")
    _ = await fetch.refusal("/truncated?token=canary")
    let lines = fetch.host.record.logged.map { $0.message + $0.fields }
    #expect(lines.count == 2)
    #expect(lines[0].contains("\"host\":\"localhost\"") && lines[0].contains("\"bytes\":5"))
    #expect(!lines.joined().contains("canary") && !lines.joined().contains("hello"))
    try await fetch.host.stop()
  }

  @Test(
    arguments: [
      (["ca_file": "certs.pem"], "config.ca_file: expected an absolute path, found \"certs.pem\""),
      (["concurrency": 0], "config.concurrency: expected integer from 1 to 64, found 0"),
      (["blob_quota": "much"], "config.blob_quota: expected bytes such as \"64MiB\", found string \"much\""),
    ] as [(JSONObject, String)]
  )
  func `a configuration that is wrong keeps the instance from being`(config: JSONObject, message: String) async throws {
    var config = config
    config["directory"] = .string(fetch.directory.path)
    let host = FakeHost(FetchPlugin.self, config: .object(config))
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description == message)
    try await fetch.host.stop()
  }

  @Test func `authorities that are not there keep it from starting`() async throws {
    let host = FakeHost(
      FetchPlugin.self,
      config: ["directory": .string(fetch.directory.path), "ca_file": "/nowhere/at/all.pem"]
    )
    try await host.create()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.start() }
    #expect(error?.description.contains("found /nowhere/at/all.pem: No such file or directory") == true)
    await host.destroy()
    try await fetch.host.stop()
  }
}
