internal import CChannel
internal import CLinux
internal import Envelope
internal import Glibc
internal import Host
internal import RunnerSupport
internal import Testing

/// Connections and credentials, which reach a plugin over its runner's control socket.
@Suite struct BrokerTests {
  /// Two connected sockets, one of them to be handed over.
  private struct Pair: ~Copyable {
    let ours: Int32
    let theirs: Int32

    init() throws {
      var ends: [Int32] = [-1, -1]
      try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
      (ours, theirs) = (ends[0], ends[1])
      _ = fcntl(theirs, F_SETFL, O_NONBLOCK)
    }

    deinit { close(ours) }

    /// All that comes until the other end is closed.
    func readToEnd() -> String {
      var bytes = [UInt8](repeating: 0, count: 64)
      var text = ""
      while true {
        let count = unsafe read(ours, &bytes, bytes.count)
        guard count > 0 else { return text }
        text += String(decoding: bytes[..<count], as: UTF8.self)
      }
    }
  }

  private func started(_ extensions: RunnerSetup.Extensions, secrets: [(String, String)]? = nil) throws -> Driver {
    let driver = try Driver(.compile("broker")) { $0.extensions = extensions.union([.log, .subscribe]) }
    try driver.create()
    if let secrets { try driver.process.sendControl(Self.message(secrets)) }
    try driver.process.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
    _ = try driver.control(WIRE_STARTED)
    return driver
  }

  private static func message(_ secrets: [(String, String)]) -> ControlMessage {
    var body: [UInt8] = []
    for (name, value) in secrets {
      for text in [name, value] {
        body += unsafe withUnsafeBytes(of: UInt16(text.utf8.count)) { unsafe Array($0) }
        body += text.utf8
      }
    }
    return ControlMessage(kind: UInt32(WIRE_SECRETS), body: body)
  }

  /// Has the plugin dial, and answers with one end of a pair.
  private func dial(_ driver: Driver, _ intent: String, _ pair: borrowing Pair) throws {
    try driver.deliver(intent, payload: "example.com:443")
    let asked = try driver.frame(WIRE_DIAL)
    #expect(asked.argument == (intent == "DialUDP" ? 1 : 0))
    #expect(asked.body == [0xbb, 0x01] + Array("example.com".utf8))
    let answer = ControlMessage(kind: UInt32(WIRE_DIALED), token: asked.token, body: Array("192.0.2.1:443".utf8))
    try driver.process.sendControl(answer, descriptor: pair.theirs)
    close(pair.theirs)
  }

  @Test(arguments: ["Dial", "DialUDP"])
  func `a plugin talks over a connection that it was given, and can turn it nowhere else`(intent: String) async throws {
    try await onHostThread {
      let driver = try started(.dial)
      let pair = try Pair()
      try dial(driver, intent, pair)
      #expect(try driver.line("completed") == "completed 11 0 192.0.2.1:443")
      #expect(try driver.line("sent") == "sent 5, turned 0, blocking 0, inherited 0, option 0")
      #expect(pair.readToEnd() == "hello")
    }
  }

  @Test func `a connection that a plugin does not take is closed`() async throws {
    try await onHostThread {
      let driver = try started(.dial)
      let pair = try Pair()
      try dial(driver, "DialAndLeave", pair)
      #expect(try driver.line("completed") == "completed 11 0 192.0.2.1:443")
      #expect(pair.readToEnd() == "")
    }
  }

  @Test func `a plugin without room for a descriptor hears so`() async throws {
    try await onHostThread {
      let driver = try started(.dial)
      let pair = try Pair()
      try driver.deliver("Fill")
      try dial(driver, "Dial", pair)
      #expect(try driver.line("completed").contains("no descriptor left for the connection; see limits.descriptors"))
      #expect(pair.readToEnd() == "")
    }
  }

  @Test func `a plugin without the grants has neither dial nor credentials`() async throws {
    try await onHostThread {
      let driver = try started([])
      try driver.deliver("Dial", payload: "example.com:443")
      #expect(try driver.line("no dial") == "no dial")
      #expect(try driver.line("start") == "start: token: status -2")
    }
  }

  @Test func `credentials are there from start on, and are replaced while the plugin runs`() async throws {
    try await onHostThread {
      let driver = try started(.secrets, secrets: [("user", "duck"), ("token", "abc")])
      #expect(try driver.line("create") == "create: token: status -6")
      #expect(try driver.line("start") == "start: token is 3 bytes, 294")
      try driver.deliver("Secret", payload: "user")
      #expect(try driver.line("asked") == "asked: user is 4 bytes, 423")
      try driver.deliver("Secret", payload: "toke")
      #expect(try driver.line("asked") == "asked: toke: status -6")
      for (value, sum) in [("abcd", 394), ("", 0), ("xy", 241)] {
        try driver.process.sendControl(Self.message([("token", value)]))
        #expect(try driver.line("changed") == "changed: token is \(value.utf8.count) bytes, \(sum)")
      }
      try driver.deliver("Secret", payload: "user")
      #expect(try driver.line("asked") == "asked: user: status -6")
    }
  }

  @Test func `credentials that are cut short end the runner`() async throws {
    try await onHostThread {
      let driver = try started(.secrets, secrets: [])
      try driver.process.sendControl(ControlMessage(kind: UInt32(WIRE_SECRETS), body: [5, 0, 65]))
      #expect(try driver.end() == .status(4))
    }
  }

  /// All of a process's memory that whoever may read it can read.
  private func readableMemory(of pid: Int32) throws -> [UInt8] {
    let maps = unsafe fopen("/proc/\(pid)/maps", "re")
    let memory = unsafe open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
    guard let maps = unsafe maps, memory >= 0 else { return [] }
    defer {
      unsafe fclose(maps)
      close(memory)
    }
    var all: [UInt8] = []
    var line = [CChar](repeating: 0, count: 1024)
    while unsafe fgets(&line, Int32(line.count), maps) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let bounds = text.split(separator: " ")[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard text.split(separator: " ")[1].first == "r", bounds[1] - bounds[0] < 1 << 28 else { continue }
      var piece = [UInt8](repeating: 0, count: Int(bounds[1] - bounds[0]))
      let count = unsafe pread(memory, &piece, piece.count, off_t(bounds[0]))
      if count > 0 { all += piece[..<count] }
    }
    return all
  }

  @Test func `nobody finds a credential in the memory of a runner, not even root`() async throws {
    try await onHostThread {
      // The control, of what is not secret, has to be found for the rest to mean anything.
      let marker = "this-is-the-configuration-of-\(getpid())"
      // The long one first: what is left of a message may be its end.
      let (long, secret) = ("\(getpid())-" + String(repeating: "open", count: 20), "ses\(getpid())")
      let driver = try Driver(.compile("broker")) { setup in
        setup.extensions = [.log, .subscribe, .secrets]
        setup.config = marker
      }
      try driver.create()
      try driver.process.sendControl(Self.message([("other", long), ("token", secret)]))
      try driver.process.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
      _ = try driver.control(WIRE_STARTED)
      #expect(try driver.line("start").hasPrefix("start: token is \(secret.utf8.count) bytes"))
      let memory = try readableMemory(of: driver.process.pid)
      // Without privileges the process cannot be read at all.
      #expect(memory.isEmpty == (geteuid() != 0))
      let found = { (text: String) in
        unsafe memory.withUnsafeBytes { all in
          unsafe linux_find(all.baseAddress, all.count, text, text.utf8.count) >= 0
        }
      }
      #expect(found(marker) == (geteuid() == 0))
      #expect(!found(secret) && !found(String(long.prefix(12))) && !found("openopen"))
    }
  }
}
