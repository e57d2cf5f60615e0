internal import Locking
internal import Synchronization

/// A connection on which both sides say what they like, encrypted or not; of any thread.
///
/// What comes, and how it ends, its receiver hears.
package final class Stream: Sendable {
  /// Where a stream leads, and whom to trust there.
  package struct Options: Sendable {
    /// The host, whose name the certificate must have.
    package var host: String
    package var port: UInt16
    /// Whether it is encrypted.
    package var isSecure: Bool
    /// The file of the certificates that others are checked against.
    package var authorities: String
    /// How long it may take until somebody says `settle`.
    package var timeout: Duration

    package init(host: String, port: UInt16, isSecure: Bool, authorities: String, timeout: Duration) {
      self.host = host
      self.port = port
      self.isSecure = isSecure
      self.authorities = authorities
      self.timeout = timeout
    }
  }

  /// What is to be sent.
  struct Outbox: Sendable {
    var pieces: [[UInt8]] = []
    var bytes = 0
  }

  /// Bytes that wait to be sent at most: whoever says more to somebody who takes nothing would do so for ever.
  package static let outboxMax = 1 << 20

  let outbox = Locked(Outbox())
  let isSettled = Atomic(false)
  /// Whether it is to end, or has.
  let isFinishing = Atomic(false)
  private let thread: LoopThread

  init(thread: LoopThread) {
    self.thread = thread
  }

  /// Has bytes sent after those before; false if too many wait already, or it has ended.
  package func send(_ bytes: [UInt8]) -> Bool {
    guard !bytes.isEmpty else { return true }
    let isTaken = outbox.withLock { outbox in
      guard !isFinishing.load(ordering: .relaxed), outbox.bytes + bytes.count <= Self.outboxMax else { return false }
      outbox.pieces.append(bytes)
      outbox.bytes += bytes.count
      return true
    }
    if isTaken { thread.ring() }
    return isTaken
  }

  /// Ends it when what waits has been sent and the other side has closed it too, or a moment later.
  package func finish() {
    isFinishing.store(true, ordering: .releasing)
    thread.ring()
  }

  /// Says that the other side has answered as it should: no timeout ends it any more.
  package func settle() {
    isSettled.store(true, ordering: .relaxed)
  }

  /// Says that the receiver takes bytes again.
  package func resume() {
    thread.ring()
  }
}

/// Who takes what comes on a stream, on the thread of the streams.
package protocol StreamReceiver: AnyObject, Sendable {
  /// Whether it takes bytes now, which is asked before each read; when it does again, it says `Stream.resume`.
  var takesBytes: Bool { get }

  /// Hears that the connection is there, and encrypted if it is to be.
  func begin(_ stream: Stream)

  /// Takes the next bytes.
  func receive(_ bytes: Span<UInt8>, from stream: Stream)

  /// Hears that all has been received that has come so far, or as much as is a turn: when to wake others.
  func rest()

  /// Hears how it ended, once, and nothing after that; `.cancelled` if this side has finished it.
  func end(_ error: CURLError)
}
