internal import CCURL
internal import Glibc
internal import Locking

/// The one thread on which streams are read and written, however many; it lives until `stop`.
package final class StreamThread: Sendable {
  private struct Commands {
    var opened: [StreamHandle] = []
    var isStopping = false
  }

  private let commands = Locked(Commands())
  private let thread: LoopThread

  /// Starts the thread.
  package init() throws(CURLError) {
    thread = try LoopThread()
    try thread.start("streams") { self.run() }
  }

  /// Makes a stream of a connection, which is closed in the end.
  package func open(
    _ options: Stream.Options,
    over descriptor: Int32,
    into receiver: any StreamReceiver
  ) throws(CURLError) -> Stream {
    let stream = Stream(thread: thread)
    let handle = try StreamHandle(stream, options, descriptor: descriptor, receiver: receiver)
    let isTaken = commands.withLock { commands in
      if !commands.isStopping { commands.opened.append(handle) }
      return !commands.isStopping
    }
    guard isTaken else { throw CURLError(.cancelled, "the thread of streams is stopping") }
    thread.ring()
    return stream
  }

  /// Sends what can be sent at once, ends all streams, and the thread; returns when it has ended.
  package func stop() {
    commands.withLock { $0.isStopping = true }
    thread.ring()
    thread.join()
  }

  // MARK: - On the thread

  private func run() {
    let multi = unsafe curl_multi_init()
    let buffer = ReadBuffer()
    var handles: [StreamHandle] = []
    while true {
      let (opened, isStopping) = commands.withLock { commands in
        defer { commands.opened = [] }
        return (commands.opened, commands.isStopping)
      }
      for handle in opened {
        unsafe curl_multi_add_handle(multi, handle.easy.pointer)
        handles.append(handle)
      }
      unsafe thread.perform(multi, isNew: !opened.isEmpty)
      var code = CURLE_OK
      while let easy = unsafe ccurl_next_done(multi, &code) {
        handles.first { unsafe $0.easy.pointer == easy }?.connected(code)
      }
      let now = ContinuousClock.now
      for handle in handles { handle.turn(buffer, now: now) }
      if isStopping { for handle in handles { handle.cancel() } }
      for handle in handles where handle.isOver { unsafe curl_multi_remove_handle(multi, handle.easy.pointer) }
      handles.removeAll(where: \.isOver)
      if isStopping { break }
      unsafe wait(multi, handles, now)
    }
    unsafe curl_multi_cleanup(multi)
  }

  private func wait(_ multi: UnsafeMutableRawPointer?, _ handles: [StreamHandle], _ now: ContinuousClock.Instant) {
    var time = LoopThread.patience
    var others: [curl_waitfd] = []
    var waiting: [StreamHandle] = []
    for handle in handles {
      if handle.isDue { time = .zero }
      if let deadline = handle.deadline { time = min(time, now.duration(to: deadline)) }
      guard let wait = handle.wait else { continue }
      others.append(wait)
      waiting.append(handle)
    }
    unsafe thread.wait(multi, &others, for: time)
    for (handle, wait) in zip(waiting, others) { handle.heard(wait.revents) }
  }
}

/// What all streams are read into, one after the other.
@safe
final class ReadBuffer {
  /// Bytes of it: several records of TLS, which have 16 KiB.
  private static let size = 64 << 10

  private let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
  /// How many bytes are in it.
  private(set) var count = 0

  deinit { unsafe bytes.deallocate() }

  var isFull: Bool { count == Self.size }

  /// Reads once behind what is in it; the code is libcurl's, and no bytes are the end.
  func read(_ easy: EasyHandle) -> (code: CURLcode, count: Int) {
    var read = 0
    let place = unsafe bytes.baseAddress.map { unsafe $0 + count }
    let code = unsafe curl_easy_recv(easy.pointer, place, Self.size - count, &read)
    count += read
    return (code, read)
  }

  /// Gives what is in it to somebody, and is empty again.
  func empty(_ body: (Span<UInt8>) -> Void) {
    guard count > 0 else { return }
    unsafe body(UnsafeBufferPointer(rebasing: bytes[..<count]).span)
    count = 0
  }
}
