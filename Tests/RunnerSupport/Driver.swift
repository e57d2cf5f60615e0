internal import CChannel
package import Channel
package import Envelope
internal import Glibc
package import Host
internal import Synchronization
internal import TestSupport
internal import Testing

/// The host's part in a test: drives one runner step by step, and waits for what it says.
@safe package final class Driver {
  package enum Failure: Error, CustomStringConvertible {
    case noFile(String)
    case silent(waitingFor: String, seen: [String], stderr: String)
    case ended(RunnerProcess.Exit, waitingFor: String, message: String, stderr: String)

    package var description: String {
      switch self {
      case .noFile(let path): "cannot open \(path)"
      case .silent(let what, let seen, let stderr): "no \(what) came, but \(seen); stderr: \(stderr)"
      case .ended(let exit, let what, let message, let stderr):
        "ended by \(exit) before \(what): \(message); stderr: \(stderr)"
      }
    }
  }

  /// A frame that the plugin sent, kept.
  package struct Sent {
    package let op: Int32
    package let argument: Int16
    package let token: UInt64
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
    /// The message of a log line.
    package var line: String { String(decoding: body.dropFirst(4), as: UTF8.self) }
  }

  /// How long a runner may be silent before a test fails.
  ///
  /// Only a failing test waits for it.
  package static let patience: Int32 = 20_000

  /// A user each, as the host gives: the kernel counts threads by user.
  private static let users = Atomic<UInt32>(61_000)

  package let process: RunnerProcess
  package var channel: Channel { process.channel }
  package private(set) var stderr = ""
  package private(set) var level: UInt64 = 0
  package private(set) var missing = ""
  package private(set) var frames: [Sent] = []
  private var messages: [ControlMessage] = []
  private let buffer: UnsafeMutableRawBufferPointer

  /// Spawns a runner for a library.
  ///
  /// Call it on a host thread.
  package init(
    _ fixture: Fixture,
    runner: String = Products.runner,
    configure: (inout RunnerSetup) -> Void = { _ in }
  ) throws {
    let library = unsafe open(fixture.path, O_RDONLY | O_CLOEXEC)
    guard library >= 0 else { throw Failure.noFile(fixture.path) }
    defer { close(library) }
    var setup = RunnerSetup(libraryName: fixture.name, pluginID: "fixture", instanceName: "fixture-1")
    setup.extensions = [.log, .clock, .metrics, .publish, .subscribe, .state]
    if geteuid() == 0 { setup.uid = Self.users.add(1, ordering: .relaxed).newValue }
    setup.gid = setup.uid
    configure(&setup)
    process = try .spawn(executable: runner, library: library, setup: setup)
    unsafe buffer = .allocate(byteCount: Channel.frameLimit, alignment: 16)
  }

  deinit { unsafe buffer.deallocate() }

  // MARK: - Steps

  /// Waits until the instance is created.
  package func create() throws {
    let sandboxed = try control(WIRE_SANDBOXED)
    level = sandboxed.token
    missing = sandboxed.text
    _ = try control(WIRE_LOADED)
    _ = try control(WIRE_CREATED)
  }

  /// Creates and starts the instance.
  ///
  /// Returns the status of `start`.
  @discardableResult
  package func start() throws -> ControlMessage {
    try create()
    try process.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
    return try control(WIRE_STARTED)
  }

  /// Stops the instance and waits for the end of its process.
  package func stop() throws -> RunnerProcess.Exit {
    try process.sendControl(ControlMessage(kind: UInt32(WIRE_STOP)))
    _ = try control(WIRE_STOPPED)
    return try end()
  }

  package func send(_ op: Int32, argument: Int16 = 0, token: UInt64, body: [UInt8]) throws {
    let result = try unsafe body.withUnsafeBytes { bytes in
      try unsafe channel.send(op: UInt16(op), argument: argument, token: token, bytes)
    }
    try #require(result == .sent)
    channel.flush()
  }

  /// Delivers an envelope of some intent.
  package func deliver(_ intent: String, token: UInt64 = 1, payload: String = "", flags: Envelope.Flags = []) throws {
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.Test",
      intent: intent,
      payload: Array(payload.utf8)
    )
    envelope.flags = flags
    try send(WIRE_DELIVER, token: token, body: envelope.binary())
  }

  // MARK: - Waiting

  /// The next control message, which must be of that kind.
  package func control(_ kind: Int32) throws -> ControlMessage {
    while messages.isEmpty { try wait(for: "control message \(kind)") }
    let message = messages.removeFirst()
    try #require(message.kind == kind, "\(message.text)")
    return message
  }

  /// Why the runner gave up.
  package func failure() throws -> (stage: Int32, text: String) {
    while true {
      while messages.isEmpty { try wait(for: "failure") }
      let message = messages.removeFirst()
      if message.kind == WIRE_FAILED { return (Int32(message.token), message.text) }
    }
  }

  /// The next frame of that op that satisfies the condition.
  ///
  /// Those before it stay.
  package func frame(_ op: Int32, where condition: (Sent) -> Bool = { _ in true }) throws -> Sent {
    while true {
      if let index = frames.firstIndex(where: { $0.op == op && condition($0) }) { return frames.remove(at: index) }
      try wait(for: "frame \(op)")
    }
  }

  /// The next log line that begins so.
  package func line(_ prefix: String) throws -> String {
    try frame(WIRE_LOG) { $0.line.hasPrefix(prefix) }.line
  }

  /// How many frames of that op come before a log line.
  package func count(_ op: Int32, until line: String) throws -> Int {
    var count = 0
    while true {
      count += frames.count { $0.op == op }
      let isOver = frames.contains { $0.op == WIRE_LOG && $0.line == line }
      frames.removeAll()
      if isOver { return count }
      try wait(for: line)
    }
  }

  /// Waits for the end of the process.
  package func end() throws -> RunnerProcess.Exit {
    while true {
      if let exit = process.reap() { return exit }
      try wait(for: "end")
    }
  }

  /// Waits until anything comes from the runner, and takes it.
  private func wait(for what: String) throws {
    if takeFrames() { return }
    if channel.prepareToSleep() { return channel.awake() }
    var sources = [process.control, process.stderr, channel.incoming, process.pidfd].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    let ready = unsafe poll(&sources, nfds_t(sources.count), Self.patience)
    channel.awake()
    drainStderr()
    guard ready != 0 else { throw Failure.silent(waitingFor: what, seen: seen, stderr: stderr) }
    if try takeControl() || takeFrames() { return }
    if let exit = process.reap(), what != "end" {
      throw Failure.ended(exit, waitingFor: what, message: seen.joined(separator: ", "), stderr: stderr)
    }
  }

  private var seen: [String] {
    messages.map { "message \($0.kind): \($0.text)" } + frames.map { "frame \($0.op): \($0.text)" }
  }

  private func takeControl() throws -> Bool {
    var took = false
    do {
      while let message = try process.receiveControl() {
        messages.append(message)
        took = true
      }
    } catch RunnerError.closed {}
    return took
  }

  private func takeFrames() -> Bool {
    var took = false
    while let frame = try? unsafe channel.receive(into: buffer) {
      frames.append(
        Sent(op: Int32(frame.op), argument: frame.argument, token: frame.token, body: unsafe [UInt8](frame.body))
      )
      took = true
    }
    channel.release()
    return took
  }

  package func drainStderr() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(process.stderr, &bytes, bytes.count)
      guard count > 0 else { return }
      stderr += String(decoding: bytes[..<count], as: UTF8.self)
    }
  }
}
