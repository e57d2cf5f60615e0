internal import CChannel
internal import CLinux
package import Channel
internal import Glibc

/// A `promethean-runner` and everything the host holds of it.
///
/// The kernel kills a runner when the *thread* that spawned it ends, so spawn only from one that lives as long as the
/// host. Not thread-safe: that thread hands it over, and it belongs to the one that took it.
package final class RunnerProcess {
  package let pid: Int32
  /// Whose it is, 0: the host's own user's.
  let uid: UInt32
  /// Readable once the process has ended.
  ///
  /// Signals go through it, so they never reach a process that reuses the number.
  package let pidfd: Int32
  /// The SEQPACKET control socket, nonblocking.
  package let control: Int32
  /// What the plugin writes to stdout and stderr, nonblocking.
  ///
  /// Not trusted: unbounded, not UTF-8.
  package let stderr: Int32
  package let channel: Channel

  private var exit: Exit?

  /// How a process ended.
  package enum Exit: Sendable, Equatable {
    case status(Int32)
    case signal(Int32)
  }

  /// A process that was spawned; descriptors of -1, and a pid of -1, are ones that there are not.
  init(pid: Int32, uid: UInt32 = 0, pidfd: Int32, control: Int32, stderr: Int32, channel: Channel) {
    self.pid = pid
    self.uid = uid
    self.pidfd = pidfd
    self.control = control
    self.stderr = stderr
    self.channel = channel
  }

  /// Starts a runner and sends it its set-up.
  ///
  /// What follows comes by ``receiveControl()``.
  ///
  /// The library is handed over as an open descriptor, so that the file that was verified is the file that runs. The
  /// caller keeps its own descriptor.
  ///
  /// - Parameters:
  ///   - executable: The path of `promethean-runner`.
  ///   - library: The library, open.
  ///   - setup: What it is told first.
  ///   - isSpawned: Called with the process, which waits to be told and has mapped nothing of the plugin's.
  /// - Returns: The process.
  /// - Throws: When it cannot be made or told.
  package static func spawn(
    executable: String,
    library: Int32,
    setup: RunnerSetup,
    isSpawned: (Int32) throws(RunnerError) -> Void = { _ throws(RunnerError) in }
  ) throws(RunnerError) -> RunnerProcess {
    let message = ControlMessage(kind: UInt32(WIRE_SETUP), body: setup.encode())
    let size = message.body.count + ControlMessage.headSize
    guard size <= WIRE_CONTROL_MAX else { throw .setupTooLarge(size, limit: Int(WIRE_CONTROL_MAX)) }

    let channel: Channel
    do { channel = try Channel() } catch { throw .channel(error) }
    let pipe = try DescriptorPair.pipe()
    defer { close(pipe.theirs) }
    let socket: DescriptorPair
    do { socket = try .controlSocket() } catch {
      close(pipe.ours)
      throw error
    }
    defer { close(socket.theirs) }

    // In the order of WIRE_FD_CONTROL and so on.
    let descriptors = [socket.theirs, channel.memory, channel.outgoing, channel.incoming, library]
    let pid = spawn(executable, output: pipe.theirs, descriptors: descriptors)
    let process = RunnerProcess(
      pid: pid,
      uid: setup.uid,
      pidfd: pid < 0 ? -1 : linux_pidfd_open(pid),
      control: socket.ours,
      stderr: pipe.ours,
      channel: channel
    )
    guard process.pidfd >= 0 else { throw .system("spawn of \(executable)", errno) }
    try isSpawned(pid)
    try process.sendControl(message)
    return process
  }

  /// Nothing of the host's environment is passed on.
  ///
  /// The backtracer would be another program to run. Of `malloc`: an arena for each thread of a plugin that works hard,
  /// so that none waits for another; and blocks that a thread has given back are kept for it in numbers that a plugin has
  /// on their way, since what is freed one by one is slow to be found again.
  private static let environment: [StaticString] = [
    "SWIFT_BACKTRACE=enable=no",
    "GLIBC_TUNABLES=glibc.malloc.arena_max=4:glibc.malloc.tcache_count=1024:glibc.malloc.mxfast=0",
  ]

  private static func spawn(_ executable: String, output: Int32, descriptors: [Int32]) -> Int32 {
    // Literals end with a zero.
    var environment: [UnsafePointer<CChar>?] = unsafe environment.map {
      unsafe UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self)
    }
    unsafe environment.append(nil)
    return unsafe linux_spawn(executable, environment, output, descriptors, Int32(descriptors.count))
  }

  deinit {
    // Without its pidfd there is only the number, which cannot have been reused: nobody has reaped the process.
    if exit == nil, pid > 0 {
      Glibc.kill(pid, SIGKILL)
      _ = waitpid(pid, nil, 0)
    }
    for descriptor in [pidfd, control, stderr] where descriptor >= 0 { close(descriptor) }
  }

  // MARK: - Control

  /// Sends a control message.
  ///
  /// The socket holds many more than a runner is ever sent, so a full one is an error.
  package func sendControl(_ message: ControlMessage) throws(RunnerError) {
    let result: Result<Void, RunnerError> = unsafe message.encode().withUnsafeBytes { bytes in
      do throws(RunnerError) { return .success(try unsafe sendControl(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Sends a control message that is encoded already, of which no copy is made here.
  func sendControl(_ bytes: UnsafeRawBufferPointer) throws(RunnerError) {
    guard unsafe send(control, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) < 0 else { return }
    throw errno == EPIPE || errno == ECONNRESET ? .closed : .system("send to a runner", errno)
  }

  /// Sends a control message with a descriptor, of which the runner gets a copy.
  package func sendControl(_ message: ControlMessage, descriptor: Int32) throws(RunnerError) {
    let bytes = message.encode()
    guard unsafe linux_send_descriptor(control, bytes, bytes.count, descriptor) < 0 else { return }
    throw errno == EPIPE || errno == ECONNRESET ? .closed : .system("send of a descriptor to a runner", errno)
  }

  /// The next control message, `nil` if there is none now.
  ///
  /// Takes no descriptors that a peer might attach.
  ///
  /// - Throws: `RunnerError.closed` when the runner has hung up.
  package func receiveControl() throws(RunnerError) -> ControlMessage? {
    let result: Result<ControlMessage?, RunnerError> = unsafe withUnsafeTemporaryAllocation(
      byteCount: Int(WIRE_CONTROL_MAX),
      alignment: 16
    ) { buffer in
      let size = unsafe recv(control, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
      if size < 0 {
        switch errno {
        case EAGAIN, EINTR: return .success(nil)
        case ECONNRESET: return .failure(.closed)
        default: return .failure(.system("recv from a runner", errno))
        }
      }
      guard size > 0 else { return .failure(.closed) }
      guard size <= buffer.count, let message = unsafe ControlMessage(UnsafeRawBufferPointer(rebasing: buffer[..<size]))
      else {
        return .failure(.malformed(size))
      }
      return .success(message)
    }
    return try result.get()
  }

  // MARK: - End

  /// Kills the process, whatever state it is in.
  ///
  /// No effect once it has ended.
  package func kill() {
    if exit == nil { _ = linux_pidfd_kill(pidfd, SIGKILL) }
  }

  /// How the process ended, `nil` while it runs.
  ///
  /// The first answer reaps it.
  package func reap() -> Exit? {
    if let exit { return exit }
    var code: Int32 = 0
    var usage = rusage()
    guard unsafe linux_pidfd_reap(pidfd, &code, &usage) == 1 else { return nil }
    exit = code < 0 ? .signal(-code) : .status(code)
    return exit
  }
}
