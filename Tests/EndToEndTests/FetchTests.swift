import Envelope
import FetchProbe
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A worker that fetches, through the real host, runners and sandboxes, from a server of the test's own.
  @Suite struct FetchTests {
    /// Started once, since a start takes half a second.
    private static let shared = Result { try WebServer(isSecure: true) }

    private let server: WebServer
    private let host: TestHost

    init() throws {
      server = try Self.shared.get()
      let ports = server.ports
      func port(_ name: String) -> UInt16 { ports[name] ?? 0 }
      let secure = ["good", "stranger", "expired", "selfsigned", "old"]
      let dials = (["plain", "other"] + secure).map { "\"localhost:\(port($0))\"" }
      host = try TestHost("")
      let authorities = "\(host.directory)/var/data/fetch/authorities"
      try host.write(
        """
        version: 1
        host: { http: { enabled: false } }
        tenants: [{ provider: echo, tenant: demo }, { provider: echo, tenant: other }]
        plugins:
          fetch:
            library: Fetch
            trust: \(TestHost.trust)
            tenants: ["*/*"]
            grants:
              # The server's ports by name, and the whole public network.
              net.dial: [\(dials.joined(separator: ", ")), "*:80", "*:443"]
              fs.write: [blobs]
              fs.read: [authorities]
              clock: {}
              log: {}
              metrics: {}
            limits: { in_flight: 256, descriptors: 256, file_size: 1MiB }
            config: { ca_file: "\(authorities)/authority.pem" }
          fetch-probe:
            library: FetchProbe
            trust: \(TestHost.trust)
            tenants: [echo/demo]
            grants:
              subscribe: ["promethean.p.*.t.*.control.(fetch|raw)"]
              http.fetch:
                "* http://localhost:\(port("plain"))/*": 1GiB
                "GET http://localhost:\(port("other"))/stream*": 64KiB
                "GET http://localhost:\(port("other"))/compressed*": 64KiB
                # Any host there is, which is not where any of them may lead.
                "GET http://*/*": 1MiB
                \(secure.map { "\"GET https://localhost:\(port($0))/*\": 1MiB" }.joined(separator: "\n        "))
              clock: {}
              log: {}
        """
      )
      try FileManager.default.createDirectory(atPath: authorities, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: server.authority, toPath: "\(authorities)/authority.pem")
      // The plugin is another user, where the host is root.
      for path in ["\(host.directory)/var/data", "\(host.directory)/var/data/fetch", authorities] {
        try #require(unsafe chmod(path, 0o755) == 0)
      }
      try host.start()
    }

    private func fetch(_ order: JSON, tenant: String = "demo", intent: String = "fetch") throws -> JSON {
      try #require(try host.client().request("promethean.p.echo.t.\(tenant).control.\(intent)", order)["data"])
    }

    private func audited() throws -> [String] {
      try host.run("logs", "--audit", "--json").json.compactMap { $0["message"]?.stringValue }
    }

    /// What lies in the directory of blobs.
    private var files: [String] {
      let place = "\(host.directory)/var/data/fetch/blobs"
      return (FileManager.default.subpaths(atPath: place) ?? []).filter {
        !$0.hasSuffix("incoming") && $0.contains("/")
      }
    }

    @Test func `what is granted is fetched, with TLS and without, and redirects are followed`() throws {
      for listener in ["plain", "good"] {
        let answer = try fetch(["url": .string(server.url("/hello", on: listener))])
        #expect(answer["text"] == "hello", "\(answer)")
        #expect(answer["type"] == "text/plain")
      }
      let moved = try fetch(["url": .string(server.url("/redirect?to=/hello"))])
      #expect(moved["text"] == "hello" && moved["url"]?.stringValue == server.url("/hello"))
      let posted = try fetch([
        "method": "POST", "url": .string(server.url("/echo")), "body": "b", "headers": [["X", "1"]],
      ])
      let echo = try JSON.parse(try #require(posted["text"]?.stringValue))
      #expect(echo["method"] == "POST" && echo["body"] == "b")
      #expect(try audited().isEmpty)
      // What a URL says behind the host stands in no log.
      _ = try fetch(["url": .string(server.url("/hello?token=canary"))])
      let log = try String(contentsOfFile: "\(host.directory)/var/log/host.log", encoding: .utf8)
      #expect(log.contains("fetched") && !log.contains("canary"))
    }

    @Test(arguments: [
      ("stranger", "no alternative certificate subject name matches target host name 'localhost'"),
      ("expired", "certificate has expired"), ("selfsigned", "self-signed certificate"),
      ("old", "expected TLS 1.2 or later"),
    ])
    func `a server that cannot prove who it is is refused`(listener: String, words: String) throws {
      let answer = try fetch(["url": .string(server.url("/hello", on: listener))])
      #expect(answer["error"]?.stringValue?.contains(words) == true, "\(answer)")
    }

    /// Where a redirect leads, and what the audit says of it.
    static let traps = [
      ("http://169.254.169.254/latest", "dial 169.254.169.254:80: it leads to 169.254.169.254"),
      ("http://127.0.0.1/", "dial 127.0.0.1:80: it leads to 127.0.0.1"),
      ("http://localhost/", "dial localhost:80: it leads to"),
      ("http://2130706433/", "dial 2130706433:80: it leads to 127.0.0.1"),
      ("http://0177.0.0.1/", "dial 0177.0.0.1:80: it leads to 127.0.0.1"),
      ("http://0x7f.1/", "dial 0x7f.1:80: it leads to 127.0.0.1"),
      ("http://[::ffff:127.0.0.1]/", "dial [::ffff:127.0.0.1]:80: it leads to "),
      ("http://[::1]/", "dial [::1]:80: it leads to ::1"),
      ("http://localhost:1/", "request promethean.p.echo.t.demo.http.fetch: grants.http.fetch does not include it"),
    ]

    @Test(arguments: traps) func `a redirect leads nowhere that is not granted`(location: String, words: String) throws
    {
      let url = server.url("/redirect?to=\(location)")
      let answer = try fetch(["url": .string(url)])
      #expect(answer["error"] != nil, "\(answer)")
      let audited = try audited()
      #expect(audited.contains { $0.hasPrefix("denied: \(words)") }, "\(audited)")
    }

    @Test(arguments: [
      "GET http://user@localhost/", "GET http://localhost@169.254.169.254/", "GET http://[fe80::1%25lo]/",
      "GET http://localhost/ 1073741824", "GET http://localhost/#.png", "GET ftp://localhost/",
      "TRACE http://localhost/",
      "GET http://localhost\\@127.0.0.1/",
    ])
    func `what is no plain request is refused by the host, whoever writes it`(resource: String) throws {
      let answer = try fetch(["resource": .string(resource)], intent: "raw")
      #expect(answer["kind"] == "denied", "\(answer)")
      #expect(try audited().count == 1)
    }

    @Test func `the cap of the grant binds, and the deadline of the requester`() throws {
      let capped = try fetch(["url": .string(server.url("/stream?n=65537", on: "other"))])
      #expect(capped["error"]?.stringValue?.hasSuffix("the body: expected at most 65536 bytes, found more") == true)
      #expect(try fetch(["url": .string(server.url("/stream?n=65536", on: "other"))])["size"] == 65_536)
      let bomb = try fetch(["url": .string(server.url("/compressed?n=20000000", on: "other"))])
      #expect(bomb["error"]?.stringValue?.contains("the body: expected at most 65536 bytes") == true, "\(bomb)")
      let late = try fetch(["url": .string(server.url("/silent")), "timeout_ms": 1000])
      #expect(late["error"]?.stringValue?.contains("expected an answer in time") == true, "\(late)")
      let endless = try fetch(["url": .string(server.url("/headers?n=1000000&size=10"))])
      #expect(endless["error"]?.stringValue?.contains("the head: expected at most") == true, "\(endless)")
    }

    @Test func `a large answer is a blob, which another tenant cannot read`() throws {
      let size = 300_000
      let answer = try fetch(["url": .string(server.url("/noise?n=\(size)"))])
      let bytes = WebServer.noise(size)
      #expect(answer["size"] == .int(Int64(size)), "\(answer)")
      #expect(answer["sum"] == .int(FetchProbe.sum(bytes)))
      let sha256 = try #require(answer["sha256"]?.stringValue)
      #expect(files == ["echo.demo/\(sha256)"])
      let file = "\(host.directory)/noise"
      try Data(bytes).write(to: URL(filePath: file))
      #expect(try Program(["/usr/bin/sha256sum", file]).output.hasPrefix(sha256))

      let piece: JSON = ["sha256": .string(sha256), "offset": 0, "length": 1000]
      let client = try host.client()
      let resource = "GET \(server.url("/"))"
      let own = try client.request("promethean.p.echo.t.demo.http.fetch.read", piece, resource: resource)
      #expect(own["data_base64"] != nil)
      let refusal = #expect(throws: AdminClientError.self) {
        try client.request("promethean.p.echo.t.other.http.fetch.read", piece, resource: resource)
      }
      #expect(refusal.map { "\($0)".contains("echo.other has none of this digest") } == true)
      // The worker serves one tenant, and can ask for no other's.
      let foreign = try fetch(
        ["name": "fetch.read", "tenant": "other", "resource": .string(resource), "payload": piece],
        intent: "raw"
      )
      #expect(foreign["kind"] == "denied", "\(foreign)")
    }

    @Test func `a file that may not grow is answered, and nothing of it stays`() throws {
      let answer = try fetch(["url": .string(server.url("/noise?n=2000000"))])
      #expect(answer["error"]?.stringValue?.hasSuffix("the body cannot be kept: File too large") == true, "\(answer)")
      #expect(files.isEmpty)
    }

    @Test func `a service that is killed in a download has nothing of it afterwards`() throws {
      let client = try host.client()
      let pid = try #require(client.instance("fetch")["pid"]?.intValue)
      let order: JSON = ["url": .string(server.url("/half?n=500000"))]
      // Its answer is not waited for.
      let requester = try host.client()
      _ = try requester.send(
        "request",
        [
          "topic": "promethean.p.echo.t.demo.control.fetch", "intent": "fetch", "payload": order, "resource": "",
          "timeout_ms": 30_000,
        ]
      )
      // What is sent goes out with what is waited for.
      try requester.call("status")
      try host.until("the download has begun") { files.isEmpty ? nil : () }
      #expect(files.allSatisfy { $0.hasPrefix("incoming/") })
      #expect(Glibc.kill(pid_t(pid), SIGKILL) == 0)
      try host.until("the service runs again") {
        let instance = try client.instance("fetch")
        return instance["state"] == "RUNNING" && instance["pid"]?.intValue != pid ? () : nil
      }
      #expect(files.isEmpty)
      #expect(try fetch(["url": .string(server.url("/hello"))])["text"] == "hello")
      withExtendedLifetime(requester) {}
    }
  }
}
