internal import CCURL
internal import Locking
internal import Synchronization

/// A stream as its thread has it.
final class StreamHandle: @unchecked Sendable {
  // Unchecked: it is handed over under a lock, and of the thread of the streams from then on.

  private enum State: Equatable {
    /// libcurl is making the connection.
    case connecting
    case open
    /// What waits is still sent; what comes is thrown away.
    case finishing
    case over
  }

  /// How long the other side is given to close what this side has finished: it would lose the last that was sent if this
  /// side closed first, with bytes not read.
  private static let moment = Duration.seconds(1)
  /// Bytes that one stream reads before others have their turn.
  private static let turnMax = 1 << 20

  let easy: EasyHandle
  private let stream: Stream
  private let receiver: any StreamReceiver
  private let timeout: Duration
  private var state = State.connecting
  private var socket = CURL_SOCKET_BAD
  /// When it is to be settled, or to have finished.
  private(set) var deadline: ContinuousClock.Instant?
  /// Whether there may be something to read, in the socket or in libcurl.
  private var isReadable = true
  /// What is being sent, and how much of it has been: libcurl wants to be given the same bytes again, at the same place,
  /// when it could not send them.
  private var pieces: [[UInt8]] = []
  private var sent = 0
  private var isBlocked = false

  init(
    _ stream: Stream,
    _ options: Stream.Options,
    descriptor: Int32,
    receiver: any StreamReceiver
  ) throws(CURLError) {
    self.stream = stream
    self.receiver = receiver
    timeout = options.timeout
    deadline = .now + options.timeout
    easy = try EasyHandle(connection: descriptor)
    // It is kept by libcurl, or it would be closed when it is there; others never use one of this kind.
    try easy.setUpConnection(port: options.port, use: .kept)
    try easy.setUpTrust(authorities: options.authorities)
    try easy.set(CURLOPT_URL, "\(options.isSecure ? "https" : "http")://\(options.host):\(options.port)/")
    try easy.set(CURLOPT_CONNECT_ONLY, 1)
  }

  var isOver: Bool { state == .over }

  /// Whether it has something to do that no socket tells of.
  var isDue: Bool { isReadable && mayRead }

  /// What it waits for; nil: nothing that its socket tells.
  var wait: curl_waitfd? {
    let events = (mayRead ? CURL_WAIT_POLLIN : 0) | (isBlocked ? CURL_WAIT_POLLOUT : 0)
    return events == 0 ? nil : curl_waitfd(fd: socket, events: Int16(events), revents: 0)
  }

  private var mayRead: Bool {
    switch state {
    case .open: receiver.takesBytes
    case .finishing: true
    case .connecting, .over: false
    }
  }

  /// Hears what its socket tells.
  func heard(_ events: Int16) {
    // An error shows when it is read.
    if events & ~Int16(CURL_WAIT_POLLOUT) != 0 { isReadable = true }
    if events != 0 { isBlocked = false }
  }

  /// Hears that libcurl has made the connection, or why not.
  func connected(_ code: CURLcode) {
    guard state == .connecting else { return }
    socket = unsafe ccurl_active_socket(easy.pointer)
    guard code == CURLE_OK, socket != CURL_SOCKET_BAD else { return end(easy.error(code)) }
    state = .open
    receiver.begin(stream)
  }

  /// Writes and reads what can be.
  func turn(_ buffer: ReadBuffer, now: ContinuousClock.Instant) {
    if stream.isFinishing.load(ordering: .acquiring) { finish(now) }
    if state == .open || state == .finishing {
      write()
      if isDue { read(buffer) }
      // What came may have been answered.
      write()
    }
    if state == .open, stream.isSettled.load(ordering: .relaxed) { deadline = nil }
    guard let deadline, deadline <= now else { return }
    end(CURLError(.timeout, "no answer in \(timeout)"))
  }

  /// Ends it from this side.
  func cancel() {
    end(CURLError(.cancelled, "the stream was finished"))
  }

  private func finish(_ now: ContinuousClock.Instant) {
    switch state {
    case .connecting: cancel()
    case .open:
      state = .finishing
      deadline = now + Self.moment
    case .finishing, .over: break
    }
  }

  private func end(_ error: CURLError) {
    guard state != .over else { return }
    let isFinishing = state == .finishing
    state = .over
    stream.isFinishing.store(true, ordering: .relaxed)
    receiver.end(isFinishing ? CURLError(.cancelled, "the stream was finished") : error)
  }

  // MARK: - Bytes

  private func write() {
    guard state == .open || state == .finishing, !isBlocked else { return }
    while true {
      if pieces.isEmpty {
        pieces = stream.outbox.withLock { outbox in
          defer { (outbox.pieces, outbox.bytes) = ([], 0) }
          return outbox.pieces
        }
      }
      guard let piece = pieces.first else { return }
      var count = 0
      let code = unsafe piece.withUnsafeBytes { bytes in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
        return unsafe curl_easy_send(easy.pointer, rest.baseAddress, rest.count, &count)
      }
      if code == CURLE_AGAIN {
        isBlocked = true
        return
      }
      guard code == CURLE_OK else { return end(easy.error(code)) }
      sent += count
      if sent == piece.count {
        pieces.removeFirst()
        sent = 0
      }
    }
  }

  private func read(_ buffer: ReadBuffer) {
    var left = Self.turnMax
    var failure: CURLError?
    while failure == nil, isReadable, left > 0, mayRead {
      let (code, count) = buffer.read(easy)
      left -= count
      switch code {
      case CURLE_AGAIN: isReadable = false
      case CURLE_OK:
        if count == 0 { failure = CURLError(.connection, "the other side closed the connection") }
      default: failure = easy.error(code)
      }
      if buffer.isFull || failure != nil || !isReadable || left <= 0 { hand(over: buffer) }
    }
    if state == .open { receiver.rest() }
    if let failure { end(failure) }
  }

  private func hand(over buffer: ReadBuffer) {
    buffer.empty { bytes in
      // It may have been finished meanwhile.
      if state == .open, !stream.isFinishing.load(ordering: .relaxed) { receiver.receive(bytes, from: stream) }
    }
  }
}
