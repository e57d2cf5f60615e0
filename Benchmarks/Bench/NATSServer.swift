internal import BenchNATS
internal import CLinux
internal import Glibc
internal import Synchronization

/// A NATS server on a loopback port that was free, for the same work.
struct NATSServer {
  private let child: Child
  private let url: String

  /// Starts one that keeps its streams below a directory; nil where there is none, or no client library.
  private init?(storingIn directory: String) throws {
    guard nats_client_exists() == 1 else { return nil }
    let port = try Self.freePort()
    url = "nats://127.0.0.1:\(port)"
    let program = unsafe access("/usr/sbin/nats-server", X_OK) == 0 ? "/usr/sbin/nats-server" : "nats-server"
    let arguments = ["-a", "127.0.0.1", "-p", "\(port)", "-js", "-sd", directory]
    guard let child = try? Child(program, arguments, isQuiet: true) else { return nil }
    self.child = child
    WorkDirectory.server.withLock { [pid = child.pid] in $0 = pid }
    guard Self.accepts(port) else { throw BenchError("nats-server does not listen on \(port)") }
  }

  private func stop() {
    child.end()
    WorkDirectory.server.withLock { $0 = nil }
  }

  // MARK: - Measuring

  /// Publishes to one subscriber, in processes of their own, as the host's plugins are.
  static func measureRouting(in directory: WorkDirectory, into report: inout Report) throws {
    guard let server = try NATSServer(storingIn: directory.make("nats-routing")) else { return skip() }
    defer { server.stop() }
    let count = 300_000
    var best = 0.0
    for _ in 0..<Routing.rounds {
      let subscriber = try server.client(["subscribe", "\(count)"])
      guard subscriber.line() == "ready" else { throw BenchError("nats: no subscription") }
      let begun = try server.client(["publish", "256", "\(count)"]).numbers()
      let arrived = try subscriber.numbers()
      guard begun.count == 1, arrived.count == 2 else { throw BenchError("nats: no result") }
      best = max(best, Double(arrived[0]) * 1e9 / Double(arrived[1] - begun[0]))
    }
    report.add(compared("nats.route.256B", best, with: "route.256B.1", budget: 3, in: report))
  }

  /// Publishes to a stream in files, as far ahead of its acknowledgements as the host's plugin is.
  static func measureDurable(in directory: WorkDirectory, into report: inout Report) throws {
    guard let server = try NATSServer(storingIn: directory.make("nats-durable")) else { return skip() }
    defer { server.stop() }
    let arguments = ["persist", "\(Durable.size)", "\(Durable.count)", "\(Durable.window)"]
    var best = 0.0
    for _ in 0..<Routing.rounds {
      guard let took = try server.client(arguments).numbers().first else { throw BenchError("nats: no result") }
      best = max(best, Double(Durable.count) * 1e9 / Double(took))
    }
    // JetStream tells its clients before the disk has it, and syncs every two minutes: the like of it is `sync:
    // normal`.
    report.add(compared("nats.durable.ack", best, with: "durable.normal.ack", budget: 2, in: report))
  }

  /// A row whose baseline is what the host does.
  private static func compared(
    _ name: String,
    _ value: Double,
    with ours: String,
    budget: Int,
    in report: Report
  ) -> Report.Row {
    let host = report[ours]
    let times = host.map { ($0 / value * 10).rounded() / 10 } ?? 0
    return .init(
      name: name,
      value: value,
      unit: "messages/s",
      baseline: host,
      note: "the baseline is \(ours), \(times) x this; budget \(budget)"
    )
  }

  private static func skip() {
    print("no NATS server to compare with: install nats-server and libnats-dev")
  }

  // MARK: - Clients

  /// The parts that run in processes of their own.
  enum Client {
    /// The first argument by which this program becomes a client.
    static let command = "nats-client"

    /// Runs one to its end and returns its exit code.
    static func run(_ arguments: [String]) -> Int32 {
      guard arguments.count > 2 else { return 2 }
      let url = arguments[1]
      let numbers = arguments[2...].compactMap { UInt64($0) }
      switch (arguments[0], numbers.count) {
      case ("subscribe", 1): return unsafe nats_client_subscribe(url, numbers[0])
      case ("publish", 2): return unsafe nats_client_publish(url, UInt32(numbers[0]), numbers[1])
      case ("persist", 3):
        return unsafe nats_client_persist(url, UInt32(numbers[0]), numbers[1], UInt32(numbers[2]))
      default: return 2
      }
    }
  }

  private func client(_ arguments: [String]) throws -> Child {
    try Child("/proc/self/exe", [Client.command, arguments[0], url] + arguments.dropFirst())
  }

  // MARK: - Ports

  private static func freePort() throws -> UInt16 {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(probe, $0, size) == 0 ? getsockname(probe, $0, &size) : -1
      }
    }
    guard result == 0 else { throw BenchError(call: "bind") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Waits, for at most five seconds, until somebody listens.
  private static func accepts(_ port: UInt16) -> Bool {
    for _ in 0..<500 {
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      var address = loopback(port)
      let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if result == 0 { return true }
      usleep(10_000)
    }
    return false
  }

  static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
