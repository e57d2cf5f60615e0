internal import CLinux
internal import Envelope
internal import Glibc
internal import Host

/// How long a call of a provider's API takes through the host and the plugin, and how many go through in a second, next to
/// the same calls straight to the server, over one connection that is kept.
enum RESTCalls {
  private static let count = 2000
  /// Calls on their way at once, of those that are counted by the second.
  private static let window = 32

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    guard let server = try DiscordServer(in: directory) else { return }
    let running = try server.start([])
    defer { running.child.end() }
    let control = try LoopbackHTTP(running.control)
    // The server's own limits are not what is measured.
    for route in [JSON.null, "*"] {
      try control.post("/limit", ["route": route, "limit": 1_000_000, "window": 1])
    }
    let direct = try LoopbackHTTP(running.port)
    let bare = try (0..<count).map { _ in try direct.get("/api/v10/users/@me", token: running.token) }.sorted()
    let host = try BenchHost(deployment: running.deployment(in: directory), in: directory, named: "rest")
    // The first learns the limits.
    _ = try host.call()
    let ours = try (0..<count).map { _ in try host.call() }.sorted()
    for (percentile, index) in [("p50", count / 2), ("p99", count * 99 / 100)] {
      report.add(
        .init(
          name: "rest.\(percentile)",
          value: Double(ours[index]) / 1000,
          unit: "µs",
          baseline: Double(bare[index]) / 1000,
          note: "client, host, plugin, server and back; baseline: straight to the server"
        )
      )
    }
    let began = monotonic()
    try host.calls(count, window: window)
    let rate = Double(count) * 1e9 / Double(monotonic() - began)
    let bareRate = 1e9 / (Double(bare.reduce(0, +)) / Double(count))
    report.add(
      .init(
        name: "rest.rate",
        value: rate,
        unit: "calls/s",
        baseline: bareRate,
        note: "\(window) at once; baseline: one after the other, straight to the server, which is in Python"
      )
    )
    try host.stop()
  }
}

extension BenchHost {
  private static let topic: JSON = "promethean.p.discord.t.bot.rest.request"

  private static var request: JSONObject {
    [
      "topic": topic, "intent": "request", "payload": ["method": "GET", "path": "/users/@me"], "timeout_ms": 30_000,
    ]
  }

  /// Makes one call, in nanoseconds.
  fileprivate func call() throws -> Int64 {
    let began = monotonic()
    let answer = try client.call("request", Self.request)
    guard answer["envelope"]?["data"]?["status"] == 200 else { throw BenchError("rest.request: \(answer)") }
    return monotonic() - began
  }

  /// Makes many calls, so many at once.
  fileprivate func calls(_ count: Int, window: Int) throws {
    var (sent, answered) = (0, 0)
    while answered < count {
      while sent < count, sent - answered < window {
        try client.send("request", Self.request)
        sent += 1
      }
      guard case .ok(let answer) = try client.receive().content, answer["envelope"]?["data"]?["status"] == 200 else {
        throw BenchError("rest.request failed")
      }
      answered += 1
    }
  }
}

/// A connection over which one request of HTTP/1.1 follows the other.
private final class LoopbackHTTP {
  private let descriptor: Int32

  init(_ port: Int64) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = NATSServer.loopback(UInt16(port))
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
    }
    guard code == 0 else { throw BenchError(call: "connect") }
    var on: Int32 = 1
    _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  /// Asks for a page with a bot's token, in nanoseconds.
  func get(_ path: String, token: String) throws -> Int64 {
    let began = monotonic()
    try exchange(
      "GET \(path) HTTP/1.1\r\nHost: bench\r\nAuthorization: Bot \(token)\r\nUser-Agent: DiscordBot (bench, 1)\r\n\r\n"
    )
    return monotonic() - began
  }

  func post(_ path: String, _ body: JSON) throws {
    let text = body.text
    try exchange("POST \(path) HTTP/1.1\r\nHost: bench\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
  }

  private func exchange(_ request: String) throws {
    let bytes = Array(request.utf8)
    guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else { throw BenchError(call: "write") }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !Self.isWhole(answer) {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      guard count > 0 else { throw BenchError(call: "read") }
      answer += buffer[..<count]
    }
    guard answer.starts(with: Array("HTTP/1.1 200".utf8)) else {
      throw BenchError(String(decoding: answer.prefix(200), as: UTF8.self))
    }
  }

  /// Whether all of an answer, as its head announces it, is there.
  private static func isWhole(_ answer: [UInt8]) -> Bool {
    let text = String(decoding: answer, as: UTF8.self)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let length = parts[0].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
    return parts[1].utf8.count >= Int(length?.split(separator: " ").last ?? "") ?? 0
  }
}
