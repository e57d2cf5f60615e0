import CChannel
import Channel
import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// A router over a journal of its own, for the deployment of `ManifestFixture`, whose instances are the test's to play.
final class RouterHarness {
  let router: Router
  let journal: JournalLink
  private let fixture: ManifestFixture
  private let directory: TemporaryDirectory
  private let thread: JournalThread
  private let log: Log
  /// What the journal has answered and the router not heard.
  private let answers = Mailbox<[JournalAnswer]>()
  private(set) var violations: [String] = []
  private var isClosed = false

  init(_ edit: (ManifestFixture) throws -> Void = { _ in }, in directory: TemporaryDirectory? = nil) throws {
    fixture = try ManifestFixture()
    try edit(fixture)
    let (deployment, diagnostics) = try fixture.read()
    let readable = try #require(deployment, "\(diagnostics)")
    self.directory = try directory ?? TemporaryDirectory()
    let opened = try Journal(path: self.directory.file("journal.sqlite"), options: .quick)
    let head = opened.last
    let consumers = try ConsumerPlan.all(of: readable).map { ($0, try opened.consumer(named: $0.name)) }
    let answers = self.answers
    thread = try JournalThread(opened) { answers.post($0) }
    journal = JournalLink(thread)
    let metrics = HostMetrics(version: "0", revision: "0")
    log = try Log(Log.Options(), metrics: metrics.registry)
    let handles = ReplyHandles(key: try ReplyKey(path: self.directory.file("reply.key")))
    router = Router(journal: journal, head: head, log: log, metrics: metrics, handles: handles)
    for (plan, record) in consumers { router.add(plan, record) }
    router.onViolation = { [unowned self] _, what in violations.append(what) }
  }

  /// Ends as a host does that is told to, so that another can have the journal.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    router.finish()
    thread.close()
    log.close()
  }

  deinit { close() }

  func instance(_ name: String) throws -> Instance {
    try #require(router.instances.first { $0.name == name })
  }

  /// Has an instance run.
  func start(_ name: String) throws -> FakePlugin {
    let instance = try instance(name)
    let channel = try Channel()
    instance.process = RunnerProcess(pid: -1, pidfd: -1, control: -1, stderr: -1, channel: channel)
    instance.generation += 1
    instance.state = .running
    instance.hasMore = true
    router.ready(instance)
    return try FakePlugin(channel)
  }

  /// Ends an instance that may have died of what it held.
  func crash(_ name: String) throws {
    let instance = try instance(name)
    router.drainToEnd(instance)
    instance.process = nil
    router.instanceEnded(instance, isSuspect: true, reason: "it crashed")
  }

  /// Reads what instances have sent, without hearing what the journal answers.
  func read() {
    for instance in router.instances where instance.process != nil && !instance.mustWait { instance.hasMore = true }
    repeat { router.pass() } while router.hasWork
  }

  /// Runs as the host's loop does until something is so.
  func run(until isDone: () throws -> Bool) throws {
    let deadline = HostClock.monotonic + 20 * nanosecondsPerSecond
    while true {
      read()
      if try isDone() { return }
      try #require(HostClock.monotonic < deadline, "it does not come to be")
      var source = pollfd(fd: answers.descriptor, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&source, 1, 10)
      for answers in answers.drain() { journal.receive(answers) }
      router.tick(now: HostClock.monotonic, realtime: HostClock.realtime)
    }
  }

  /// Publishes as a client does, and waits until that is recorded.
  func publish(_ topic: String, _ edit: (inout Envelope) -> Void = { _ in }) throws {
    var envelope = Envelope(topic: topic, payload: Array("{}".utf8))
    edit(&envelope)
    let head = router.head
    router.send(envelope, from: "client:test", requester: nil)
    try run { router.head > head }
  }

  /// Asks as a client does.
  func request(_ topic: String, _ edit: (inout Envelope) -> Void = { _ in }) -> Answer {
    var envelope = Envelope(topic: topic, payload: Array("{}".utf8))
    edit(&envelope)
    let answer = Answer()
    router.send(envelope, from: "client:test", requester: { answer.hear($0) })
    return answer
  }
}

/// What a client hears of its request.
final class Answer: Sendable {
  private let heard = Mailbox<Result<Envelope, RequestFailure>>()

  func hear(_ result: Result<Envelope, RequestFailure>) { heard.post(result) }

  /// Takes what was heard since the last time.
  var results: [Result<Envelope, RequestFailure>] { heard.drain() }

  /// The one error that was heard.
  func failure() throws -> RequestFailure {
    let results = results
    guard results.count == 1, case .failure(let failure) = results[0] else {
      throw Unexpected("\(results)")
    }
    return failure
  }

  struct Unexpected: Error {
    let found: String
    init(_ found: String) { self.found = found }
  }
}

/// A plugin's side of an instance's channel, played by a test.
@safe final class FakePlugin {
  /// A frame that the host has sent.
  struct Received: CustomTestStringConvertible {
    let op: Int32
    let argument: Int32
    let token: UInt64
    let body: [UInt8]
    var envelope: Envelope { get throws { try Envelope(binary: body) } }
    var testDescription: String { "frame \(op) of \(body.count) bytes" }
  }

  private let rings: UnsafeMutablePointer<ring>

  init(_ channel: Channel) throws {
    unsafe rings = .allocate(capacity: 2)
    unsafe rings.initialize(repeating: ring(), count: 2)
    try #require(unsafe ring_map(channel.memory, rings) == 0)
  }

  deinit {
    unsafe ring_unmap(rings)
    unsafe rings.deallocate()
  }

  /// Sends a frame; false if the ring has no room.
  @discardableResult
  func send(_ op: Int32, _ argument: Int32 = 0, token: UInt64 = 0, _ body: [UInt8] = []) -> Bool {
    var head = wire_frame(op: UInt16(op), argument: Int16(argument), size: UInt32(body.count), token: token)
    let status = unsafe ring_write(rings + 1, &head, MemoryLayout<wire_frame>.size, body, body.count, nil, 0)
    _ = unsafe ring_publish(rings + 1)
    return status == RING_OK
  }

  /// Writes how far it has sent as nobody may, past the ring's own functions, and rings no bell.
  func claim(_ position: UInt64) {
    // What stands first in a ring's shared memory.
    unsafe UnsafeMutableRawPointer(rings[1].shared).storeBytes(of: position, as: UInt64.self)
  }

  /// Takes all that the host has sent.
  func receive() -> [Received] {
    var frames: [Received] = []
    var bytes = [UInt8](repeating: 0, count: Channel.frameLimit)
    var size = 0
    while unsafe ring_read(rings, &bytes, bytes.count, &size) == RING_OK {
      let head = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: wire_frame.self) }
      frames.append(
        Received(
          op: Int32(head.op),
          argument: Int32(head.argument),
          token: head.token,
          body: Array(bytes[MemoryLayout<wire_frame>.size..<size])
        )
      )
    }
    _ = unsafe ring_release(rings)
    return frames
  }

  /// Takes the deliveries that the host has made.
  func deliveries() -> [Received] { receive().filter { $0.op == WIRE_DELIVER } }
}
