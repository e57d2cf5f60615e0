import CLinux
import Glibc
import Locking
import TestSupport
import Testing

@testable import Host

@Suite struct DialerTests {
  private let listener: LoopbackListener

  init() throws { listener = try LoopbackListener() }

  private func target(_ host: String, port: UInt16, byName: Bool, udp: Bool = false) throws -> Dialer.Target {
    let endpoint = try Endpoint("\(udp ? "udp://" : "")\(host):\(port)")
    return Dialer.Target(endpoint: endpoint, host: host, port: port, isGrantedByName: byName)
  }

  private func refusal(_ dialer: Dialer, _ target: Dialer.Target) -> Dialer.Failure? {
    switch dialer.connect(target) {
    case .success(let connection):
      close(connection.descriptor)
      return nil
    case .failure(let failure): return failure
    }
  }

  @Test(arguments: [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    "0.0.0.0", "0",
  ])
  func `no spelling of this machine is reached without a grant that names it`(host: String) throws {
    let failure = try #require(refusal(Dialer(), target(host, port: listener.port, byName: false)))
    // -2: by the rule, and not because nobody listens there.
    #expect(failure.status == -2, "\(failure)")
    #expect(failure.description.contains("only a grant that names \(host) opens"))
    #expect(!listener.hasConnection)
  }

  @Test func `a name that leads to a private address is refused, whatever it is called`() throws {
    let dialer = Dialer { _ in .success([IPAddress("169.254.169.254"), IPAddress("10.0.0.1")].compactMap(\.self)) }
    let failure = try #require(refusal(dialer, target("cdn.example.com", port: 80, byName: false)))
    let expected =
      "cdn.example.com:80: it leads to 169.254.169.254, which only a grant that names cdn.example.com opens"
    #expect(failure.description == expected)
    #expect(failure.status == -2)
  }

  @Test func `what is connected to is the address that was checked, though the name changes its mind`() throws {
    let asked = Locked(0)
    let dialer = Dialer { _ in
      let times = asked.withLock { asked in
        asked += 1
        return asked
      }
      return .success([IPAddress(times == 1 ? "127.0.0.1" : "127.0.0.2")].compactMap(\.self))
    }
    let connection = try dialer.connect(target("rebind.example.com", port: listener.port, byName: true)).get()
    defer { close(connection.descriptor) }
    #expect(connection.address == "127.0.0.1:\(listener.port)")
    #expect(listener.hasConnection)
    #expect(asked.withLock { $0 } == 1)
  }

  @Test func `a connection is made, nonblocking and not inherited`() throws {
    let connection = try Dialer().connect(target("localhost", port: listener.port, byName: true)).get()
    defer { close(connection.descriptor) }
    #expect(listener.hasConnection)
    #expect(fcntl(connection.descriptor, F_GETFL) & O_NONBLOCK != 0)
    #expect(fcntl(connection.descriptor, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test func `the next address is tried when one does not answer`() throws {
    // Nobody listens at the second loopback address; the first is where the listener is.
    let dialer = Dialer { _ in .success([IPAddress("127.0.0.2"), IPAddress("127.0.0.1")].compactMap(\.self)) }
    let connection = try dialer.connect(target("pair.example.com", port: listener.port, byName: true)).get()
    close(connection.descriptor)
    #expect(connection.address == "127.0.0.1:\(listener.port)")
  }

  @Test func `why there is no connection is said`() throws {
    let nobody = Dialer { _ in .success([]) }
    let empty = try #require(refusal(nobody, target("empty.example.com", port: 1, byName: true)))
    #expect(empty.status == -5 && empty.description == "empty.example.com:1: it has no address")
    let unknown = Dialer { _ in .failure(Dialer.Failure(status: -5, description: "Name or service not known")) }
    #expect(try #require(refusal(unknown, target("gone.example.com", port: 1, byName: true))).status == -5)
    let port = try LoopbackListener().port
    let refused = try #require(refusal(Dialer(), target("127.0.0.1", port: port, byName: true)))
    #expect(refused.status == -1 && refused.description == "127.0.0.1:\(port): Connection refused")
  }

  @Test func `a datagram socket is connected too`() throws {
    let connection = try Dialer().connect(target("127.0.0.1", port: 9, byName: true, udp: true)).get()
    defer { close(connection.descriptor) }
    var type: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    #expect(unsafe getsockopt(connection.descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
    #expect(type == Int32(SOCK_DGRAM.rawValue))
  }

  @Test(arguments: [
    "user@host:80", "fe80::1%lo:80", "[fe80::1%lo]:80", "a b:80", "host:0", "host:70000", "host", "host.:80", ":80",
  ])
  func `what is no host and port is refused before any name is looked up`(text: String) {
    #expect(throws: ResourceError.self) { try Endpoint(text) }
  }
}
