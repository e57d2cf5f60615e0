import CLinux
import Envelope
import Foundation
import Glibc
import Host
import PluginABI
import TestSupport
import Testing

extension EndToEnd {
  /// Connections that the host makes for plugins: those that are granted, and no others.
  @Suite struct DialTests {
    private let host: TestHost
    private let listener: LoopbackListener

    /// Of three plugins one may dial the listener by its very address, one by a pattern, and one not at all.
    init() throws {
      let listener = try LoopbackListener()
      self.listener = listener
      let grants: KeyValuePairs = [
        "exact": "net.dial: [\"127.0.0.1:*\"]", "pattern": "net.dial: [\"*:\(listener.port)\"]", "none": "log: {}",
      ]
      host = try TestHost(
        TestHost.fixtures(
          grants.map { id, grant in
            (id, ["grants: { subscribe: [\"\(TestHost.requests(id))\"], clock: {}, \(grant) }"])
          }
        )
      )
      for (id, _) in grants {
        let manifest = TestHost.worker(
          id,
          kind: "service",
          inputs: [TestHost.requests(id)],
          capabilities: ["clock", "log", "net.dial: [\"*:*\"]"]
        )
        try host.compile("dialer", id: id, manifest: manifest)
      }
      try host.start()
    }

    private static func topic(_ id: String, _ name: String) -> String { "promethean.p.echo.t.demo.\(id).\(name)" }

    /// Has a plugin dial, and says how that ended.
    private func dial(
      _ client: AdminClient,
      _ id: String,
      _ address: String,
      port: UInt16,
      _ name: String = "dial"
    ) throws -> JSON {
      let payload: JSON = ["host": .string(address), "port": .int(Int64(port)), "say": ""]
      return try #require(try client.request(Self.topic(id, name), payload)["data"])
    }

    /// The next connection to the listener.
    private func accepted() throws -> Int32 {
      try host.until("somebody connects") { listener.hasConnection ? listener.accept() : nil }
    }

    private func audit() throws -> [String] {
      try host.run("logs", "--audit", "--json").json.compactMap { $0["message"]?.stringValue }
    }

    /// A listener that takes no connection any more, nor refuses one.
    private final class FullListener {
      let listener: LoopbackListener
      private var waiting: [Int32] = []

      init() throws {
        listener = try LoopbackListener()
        // As few as can be; then one after the other until one has to wait.
        #expect(listen(listener.descriptor, 0) == 0)
        var address = linux_address()
        address.length = 4
        unsafe withUnsafeMutableBytes(of: &address.bytes) { unsafe $0.copyBytes(from: [127, 0, 0, 1]) }
        while case let made = unsafe linux_connect(&address, listener.port, 0, 200), made >= 0 { waiting.append(made) }
        #expect(errno == ETIMEDOUT)
      }

      deinit { for descriptor in waiting { close(descriptor) } }
    }

    // MARK: - Tests

    @Test func `a plugin talks with whom its grant names, both ways, and the log says so`() throws {
      let client = try host.client()
      let payload: JSON = ["host": "127.0.0.1", "port": .int(Int64(listener.port)), "say": "who is there"]
      try client.send(
        "request",
        ["topic": .string(Self.topic("exact", "dial")), "intent": "dial", "payload": payload, "timeout_ms": 20000]
      )
      // What is sent goes out with the next call.
      try client.call("status")
      let peer = try accepted()
      defer { close(peer) }
      var heard = [UInt8](repeating: 0, count: 64)
      #expect(unsafe read(peer, &heard, heard.count) == 12)
      #expect(String(decoding: heard[..<12], as: UTF8.self) == "who is there")
      #expect(unsafe write(peer, "the peer", 8) == 8)
      guard case .ok(let answer) = try client.receive().content else {
        Issue.record("there was no answer")
        return
      }
      #expect(answer["envelope"]?["data"]?["status"] == 0)
      #expect(answer["envelope"]?["data"]?["heard"] == "the peer")
      let records = try host.run("logs", "--plugin", "exact", "--json").json
      let dialled = try #require(records.first { $0["message"]?.stringValue == "dialled" })
      #expect(dialled["fields"]?["address"]?.stringValue == "127.0.0.1:\(listener.port)")
      #expect(try audit() == [])
    }

    @Test(arguments: [
      "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    ])
    func `a pattern opens no spelling of this machine`(address: String) throws {
      let answer = try dial(host.client(), "pattern", address, port: listener.port)
      #expect(answer["status"] == .int(Int64(PROMETHEAN_DENIED)), "\(answer)")
      #expect(!listener.hasConnection)
      let denials = try audit()
      #expect(denials.count == 1)
      #expect(denials.first?.hasPrefix("denied: dial \(address):\(listener.port): it leads to ") == true, "\(denials)")
      #expect(denials.first?.hasSuffix("which only a grant that names \(address) opens") == true, "\(denials)")
    }

    @Test func `what no grant covers is refused, and the audit names the line`() throws {
      let client = try host.client()
      let other = try LoopbackListener()
      #expect(try dial(client, "pattern", "127.0.0.1", port: other.port)["status"] == .int(Int64(PROMETHEAN_DENIED)))
      #expect(try dial(client, "exact", "localhost", port: other.port)["status"] == .int(Int64(PROMETHEAN_DENIED)))
      #expect(!other.hasConnection)
      let denials = try audit()
      #expect(denials.count == 2)
      for (denial, place) in zip(denials, ["127.0.0.1", "localhost"]) {
        #expect(denial.hasPrefix("denied: dial \(place):\(other.port): "), "\(denial)")
        #expect(denial.contains("\(host.directory)/plugins.yml:"), "\(denial)")
      }
    }

    @Test func `a plugin without the grant has no extension`() throws {
      let client = try host.client()
      for (id, isThere) in [("exact", 1), ("pattern", 1), ("none", 0)] as [(String, Int64)] {
        #expect(try client.request(Self.topic(id, "extension"))["data"] == ["is_there": .int(isThere)])
      }
    }

    @Test func `dials that hang end, are limited, and keep nobody else`() throws {
      let full = try FullListener()
      let client = try host.client()
      let payload: JSON = ["host": "127.0.0.1", "port": .int(Int64(full.listener.port))]
      let many = try client.send(
        "request",
        ["topic": .string(Self.topic("exact", "many")), "intent": "many", "payload": payload, "timeout_ms": 25000]
      )
      // What is sent goes out with the next call.
      try client.call("status")
      // Meanwhile others are served, and so is the plugin itself.
      let second = try host.client()
      for id in ["none", "exact"] { _ = try second.request(Self.topic(id, "extension")) }
      #expect(try dial(second, "pattern", "127.0.0.1", port: listener.port)["status"] == .int(Int64(PROMETHEAN_DENIED)))
      #expect(!client.hasEvent)
      let event = try client.receive()
      guard event.request == many, case .ok(let answer) = event.content else {
        Issue.record("there was no answer: \(event)")
        return
      }
      #expect(answer["envelope"]?["data"] == ["other": 0, "timeout": 16, "unavailable": 8])
      // They have ended, so there is room again.
      let next = try LoopbackListener().port
      let refused = try dial(second, "exact", "127.0.0.1", port: next)
      #expect(refused["message"]?.stringValue == "dial 127.0.0.1:\(next): Connection refused")
    }

    @Test func `neither dials nor deaths in the middle of one leave the host a descriptor`() throws {
      let client = try host.client()
      let pid = try #require(host.process?.pid)
      let view = ProcessView(pid: pid)
      let full = try FullListener()
      let closed = try LoopbackListener().port
      // The audit's file is there from the first refusal on.
      #expect(try dial(client, "pattern", "localhost", port: listener.port)["status"] == -2)
      let before = try view.descriptorCount
      for number in 0..<200 {
        switch number % 3 {
        case 0: #expect(try dial(client, "exact", "127.0.0.1", port: closed)["status"] == -1)
        case 1: #expect(try dial(client, "pattern", "localhost", port: listener.port)["status"] == -2)
        default:
          #expect(try dial(client, "exact", "127.0.0.1", port: listener.port)["status"] == 0)
          close(try accepted())
        }
      }
      for death in 1...4 {
        #expect(throws: AdminClientError.self) {
          try dial(client, "exact", "127.0.0.1", port: full.listener.port, "die")
        }
        _ = try host.until("it runs again") { () -> Bool? in
          let exact = try client.instance("exact")
          return exact["restarts"]?.intValue == Int64(death) && exact["ready"] == true ? true : nil
        }
        // That it does something keeps it from quarantine.
        #expect(try dial(client, "exact", "127.0.0.1", port: closed)["status"] == -1)
      }
      _ = try host.until("the last dials are over") { () -> Bool? in try view.descriptorCount == before ? true : nil }
    }
  }
}
