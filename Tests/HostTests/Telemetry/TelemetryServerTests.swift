import Host
import Locking
import Testing

struct TelemetryServerTests {
  private let metrics = Metrics()

  private func start(port: UInt16 = 0, unready: [String] = []) throws -> TelemetryServer {
    metrics.counter("promethean_x_total", help: "X.").with().add(7)
    return try TelemetryServer(port: port, metrics: metrics, unhealthy: { [] }, unready: { unready })
  }

  @Test func `metrics are served in the text format, uncached`() throws {
    let server = try start()
    let answer = try LoopbackClient.get(server.port, "/metrics")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    #expect(answer.contains("\r\nCache-Control: no-store\r\n"))
    #expect(
      answer.hasSuffix(
        "\r\n\r\n# HELP promethean_x_total X.\n# TYPE promethean_x_total counter\npromethean_x_total 7\n"
      )
    )
  }

  @Test func `health is yes, and readiness no with its reasons`() throws {
    let server = try start(unready: ["echo/demo: INIT", "storage: QUARANTINED after 5 \"crashes\""])
    let health = try LoopbackClient.get(server.port, "/healthz")
    #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(health.hasSuffix("\r\n\r\n{\"status\":\"ok\",\"reasons\":[]}\n"))
    let ready = try LoopbackClient.get(server.port, "/readyz")
    #expect(ready.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    #expect(ready.contains("\r\nContent-Type: application/json\r\n"))
    #expect(
      ready.hasSuffix(
        "{\"status\":\"unavailable\",\"reasons\":[\"echo/demo: INIT\",\"storage: QUARANTINED after 5 \\\"crashes\\\"\"]}\n"
      )
    )
  }

  @Test(arguments: [
    ("GET", "/", "127.0.0.1", "HTTP/1.1 404 "),
    ("GET", "/metrics/", "127.0.0.1", "HTTP/1.1 404 "),
    ("GET", "/../etc/passwd", "127.0.0.1", "HTTP/1.1 404 "),
    ("GET", "/metrics?x=1", "localhost:9464", "HTTP/1.1 200 "),
    ("GET", "/metrics", "[::1]:9464", "HTTP/1.1 200 "),
    ("GET", "/metrics", "evil.example", "HTTP/1.1 421 "),
    ("GET", "/metrics", "localhost.evil.example", "HTTP/1.1 421 "),
    ("DELETE", "/metrics", "127.0.0.1", "HTTP/1.1 405 "),
    ("PURGE", "/nothing", "127.0.0.1", "HTTP/1.1 404 "),
  ])
  func `what is not served is refused by its code`(method: String, path: String, host: String, status: String) throws {
    let server = try start()
    #expect(try LoopbackClient.get(server.port, path, method: method, host: host).hasPrefix(status))
  }

  @Test func `a body is read over and refused, with the methods there are`() throws {
    let server = try start()
    let body = String(repeating: "x", count: 100_000)
    let answer = try LoopbackClient.ask(
      server.port,
      "POST /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
    )
    #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
    #expect(answer.contains("\r\nAllow: GET, HEAD\r\n"))
  }

  @Test func `HEAD gets the head of GET and no body`() throws {
    let server = try start()
    let head = try LoopbackClient.get(server.port, "/healthz", method: "HEAD")
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(head.contains("\r\nContent-Length: 29\r\n"))
    #expect(head.hasSuffix("\r\n\r\n"))
  }

  @Test func `a connection serves one request after another`() throws {
    let server = try start()
    let client = try #require(LoopbackClient(port: server.port))
    for _ in 0..<3 {
      client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(client.receive(until: "[]}\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
  }

  @Test(arguments: ["\u{16}\u{03}\u{01}\r\n\r\n", "GET\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n"])
  func `garbage ends its connection and nothing else`(garbage: String) throws {
    let server = try start()
    let answer = try LoopbackClient.ask(server.port, garbage)
    #expect(!answer.contains("200 OK"))
    #expect(try LoopbackClient.get(server.port, "/healthz").hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test func `clients that say nothing do not keep others from being served`() throws {
    let server = try start()
    let silent = (0..<40).compactMap { _ in LoopbackClient(port: server.port) }
    for client in silent { client.send("GET /metrics HTTP/1.1\r\nHo") }
    #expect(silent.count == 40)
    #expect(try LoopbackClient.get(server.port, "/healthz").hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test func `a port that is taken is named in the error`() throws {
    let server = try start()
    let error = #expect(throws: TelemetryError.self) { try TelemetryServer(port: server.port, pages: [:]) }
    #expect(
      error?.description
        == "http: 127.0.0.1:\(server.port) is taken by another process; stop it, or give another port (0: any that is free)"
    )
  }

  @Test func `after it has stopped nobody listens, and its port is free at once`() throws {
    let server = try start()
    let open = try #require(LoopbackClient(port: server.port))
    open.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _ = open.receive(until: "[]}\n")
    server.stop()
    server.stop()
    #expect(open.receive() == "", "what was open is closed")
    #expect(LoopbackClient(port: server.port) == nil)
    let next = try TelemetryServer(port: server.port, pages: ["/x": { .text(200, "next") }])
    #expect(try LoopbackClient.get(next.port, "/x").hasSuffix("\r\n\r\nnext\n"))
  }

  @Test func `pages are written when they are asked for`() throws {
    let asked = Locked(0)
    let server = try TelemetryServer(
      port: 0,
      pages: [
        "/n": {
          let count = asked.withLock { count in
            count += 1
            return count
          }
          return .text(200, "\(count)")
        }
      ]
    )
    #expect(try LoopbackClient.get(server.port, "/n").hasSuffix("\r\n\r\n1\n"))
    #expect(try LoopbackClient.get(server.port, "/n").hasSuffix("\r\n\r\n2\n"))
  }
}
