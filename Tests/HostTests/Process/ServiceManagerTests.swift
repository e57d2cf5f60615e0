import Glibc
import TestSupport
import Testing

@testable import Host

/// What a service manager is told, and how.
@Suite struct ServiceManagerTests {
  typealias Wishes = ServiceManager.Wishes

  private static let second = nanosecondsPerSecond
  private let directory: TemporaryDirectory
  private let log: Log

  init() throws {
    directory = try TemporaryDirectory()
    log = try Log(Log.Options())
  }

  private func manager(_ address: String, watchdog: Int64? = nil) throws -> ServiceManager {
    var wishes = try #require(Wishes(environment: ["NOTIFY_SOCKET": address]))
    wishes.watchdog = watchdog
    return ServiceManager(wishes, log: log)
  }

  private var complaints: [String] { log.latest(100).map { String(decoding: $0.line, as: UTF8.self) } }

  // MARK: - What it wants

  @Test func `nobody is told anything without a socket`() {
    #expect(Wishes(environment: [:]) == nil)
    #expect(Wishes(environment: ["NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1000"]) == nil)
  }

  static let watches: [([String: String], Int64?)] = [
    ([:], nil), (["WATCHDOG_USEC": "30000000"], 30 * second),
    (["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "7"], 1_000_000),
    (["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "1000", "WATCHDOG_PID": ""], nil),
    (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "soon"], nil),
    (["WATCHDOG_USEC": "9223372036854775807"], nil),
  ]

  @Test(arguments: watches) func `a watchdog is this process's, and a time`(
    environment: [String: String],
    limit: Int64?
  ) throws {
    let wishes = Wishes(environment: environment.merging(["NOTIFY_SOCKET": "/socket"]) { $1 }, pid: 7)
    #expect(try #require(wishes).watchdog == limit)
  }

  // MARK: - What it is told

  @Test(arguments: [false, true]) func `it is told at a path, and by a name`(isAbstract: Bool) throws {
    let place = directory.file("notify")
    let socket = try NotifySocket(isAbstract ? "@\(place)" : place)
    let manager = try manager(socket.address)
    manager.ready()
    manager.stopping()
    #expect(socket.pending() == ["READY=1", "STOPPING=1"])
    #expect(complaints.isEmpty)
  }

  @Test func `the status is told when it changes, in one line of a bounded length`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address)
    for status in ["one", "one", "two\nMAINPID=1\r\u{1}", "two", String(repeating: "ä", count: 4000)] {
      manager.tick(now: 0, status: status)
    }
    let long = String(repeating: "ä", count: 512)
    #expect(socket.pending() == ["STATUS=one", "STATUS=two MAINPID=1  ", "STATUS=two", "STATUS=\(long)"])
  }

  @Test func `a sign of life comes at half of the time`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address, watchdog: 10 * Self.second)
    var times: [Int64] = []
    for tick in 0...12 {
      manager.tick(now: Int64(tick) * Self.second, status: "")
      if socket.pending() == ["WATCHDOG=1"] { times.append(Int64(tick)) }
    }
    #expect(times == [0, 5, 10])
  }

  @Test func `one that does not watch gets no signs of life`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address)
    for tick in 0...100 { manager.tick(now: Int64(tick) * Self.second, status: "") }
    #expect(socket.pending() == [])
  }

  @Test func `a reload begins with the time, and ends with being ready`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address)
    manager.ready()
    #expect(socket.pending() == ["READY=1"])
    let before = HostClock.monotonic / 1000
    manager.reloading()
    manager.reloaded()
    let after = HostClock.monotonic / 1000
    let messages = socket.pending()
    try #require(messages.count == 2)
    let lines = messages[0].split(separator: "\n")
    #expect(lines.count == 2 && lines[0] == "RELOADING=1")
    let time = try #require(lines[1].wholeMatch(of: /MONOTONIC_USEC=(\d+)/).flatMap { Int64($0.1) })
    #expect((before...after).contains(time))
    #expect(messages[1] == "READY=1")
  }

  @Test func `a change while the host starts tells nobody that it has started`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address)
    manager.reloading()
    manager.reloaded()
    #expect(socket.pending() == [])
    manager.ready()
    #expect(socket.pending() == ["READY=1"])
  }

  @Test func `one that stops is not ready any more`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address)
    manager.stopping()
    manager.ready()
    manager.reloading()
    manager.reloaded()
    #expect(socket.pending() == ["STOPPING=1"])
  }

  // MARK: - What it does not take

  @Test(arguments: ["/nowhere/notify", "vsock:2:1234", "notify", "/" + String(repeating: "n", count: 200)])
  func `a socket that is none is a line in the log, once`(address: String) throws {
    let manager = try manager(address, watchdog: Self.second)
    for tick in 0...9 { manager.tick(now: Int64(tick) * Self.second, status: "\(tick)") }
    manager.ready()
    #expect(complaints.count == 1 && complaints[0].contains("is not told"), "\(complaints)")
  }

  @Test func `what a busy one has no room for comes later and in order, and no signs of life pile up`() throws {
    let socket = try NotifySocket(directory.file("notify"))
    let manager = try manager(socket.address, watchdog: Self.second)
    let sent = 2000
    for tick in 0..<sent { manager.tick(now: Int64(tick) * Self.second, status: "\(tick)") }
    manager.ready()
    var messages: [String] = []
    while !messages.contains("READY=1") {
      let some = socket.pending()
      try #require(!some.isEmpty)
      messages += some
      manager.tick(now: 0, status: "\(sent - 1)")
    }
    #expect(messages.filter { $0.hasPrefix("STATUS=") } == (0..<sent).map { "STATUS=\($0)" })
    #expect(messages.count { $0 == "WATCHDOG=1" } < sent / 2)
    #expect(complaints.isEmpty)
  }

  @Test func `one that is there later is told from then on`() throws {
    let place = directory.file("notify")
    let manager = try manager(place)
    manager.tick(now: 0, status: "early")
    let socket = try NotifySocket(place)
    manager.tick(now: 0, status: "late")
    #expect(socket.pending() == ["STATUS=late"])
    #expect(complaints.count == 1)
  }

  // MARK: - The status

  @Test func `the status counts who is ready, and names who is not`() throws {
    let harness = try RouterHarness()
    let instances = harness.router.instances
    let count = instances.count
    #expect(StatusLine.text(instances, degraded: []).hasPrefix("0 of \(count) instances ready; "))
    for instance in instances { _ = try harness.start(instance.name) }
    #expect(StatusLine.text(instances, degraded: []) == "\(count) of \(count) instances ready")
    let storage = try #require(instances.first { $0.plugin.id == "storage" })
    storage.state = .quarantined
    #expect(
      StatusLine.text(instances, degraded: ["http", "journal"])
        == "\(count - 1) of \(count) instances ready; storage: quarantined; degraded: http, journal"
    )
    storage.state = .waiting(until: 0)
    storage.lastError = "it was killed\nREADY=1"
    let waiting = "\(count - 1) of \(count) instances ready; storage: failed, and is tried again"
    #expect(StatusLine.text(instances, degraded: []) == waiting)
    storage.leaveOut()
    #expect(StatusLine.text(instances, degraded: []) == "\(count - 1) of \(count - 1) instances ready")
  }
}
