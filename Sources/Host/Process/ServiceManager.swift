internal import CLinux
internal import Envelope
internal import Glibc

/// The service manager that has started the host: it is told how the host is, in the words of sd_notify(3).
///
/// What it does not take is a line in the log, and nothing else. It belongs to the loop's thread.
package final class ServiceManager {
  /// What a service manager asks for in the environment of what it starts.
  package struct Wishes: Sendable, Equatable {
    /// Where they stand.
    package static let variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// The datagram socket it listens on: a path, or a name behind an `@`.
    package var socket: String
    /// How long it waits for a sign of life before it ends the host, ns; nil: it does not watch.
    package var watchdog: Int64?

    /// Reads them; nil if nobody wants to be told anything.
    package init?(environment: [String: String], pid: Int32 = getpid()) {
      guard let socket = environment["NOTIFY_SOCKET"], !socket.isEmpty else { return nil }
      self.socket = socket
      // A parent that was to be watched may have left it to this process.
      guard environment["WATCHDOG_PID"].map({ $0 == String(pid) }) ?? true else { return }
      guard let limit = environment["WATCHDOG_USEC"].flatMap(Int64.init), limit > 0 else { return }
      watchdog = limit.multipliedReportingOverflow(by: 1000).overflow ? nil : limit * 1000
    }
  }

  /// Bytes of a status: systemd reads 4 KiB of a message at most.
  private static let statusMax = 1024

  private let wishes: Wishes
  private let log: Log
  private let descriptor: Int32
  /// What it had no room for yet.
  private var waiting: [String] = []
  private var status = ""
  private var lastSign: Int64?
  private var isStarted = false
  private var isStopping = false
  /// Why it did not take the last message, so that the log says so once.
  private var failure: String?

  /// Makes the way to it; says nothing yet.
  package init(_ wishes: Wishes, log: Log) {
    self.wishes = wishes
    self.log = log
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Says that the host has started.
  package func ready() {
    isStarted = true
    if !isStopping { say("READY=1") }
  }

  /// Says that the host is reading its deployment again; `reloaded` ends that.
  ///
  /// A change while it starts is part of the start, of which the end is yet to be told.
  package func reloading() {
    // By the time it can tell an answer to this reload from one to the last.
    let now = HostClock.monotonic / nanosecondsPerMicrosecond
    if isStarted, !isStopping { say("RELOADING=1\nMONOTONIC_USEC=\(now)") }
  }

  /// Says that the host is ready again, with its new deployment or the one that it had.
  package func reloaded() {
    if isStarted { ready() }
  }

  /// Says that the host is stopping.
  package func stopping() {
    isStopping = true
    say("STOPPING=1")
  }

  /// Says how the host is if that has changed, and gives a sign of life when one is due.
  ///
  /// - Parameters:
  ///   - now: The monotonic time, ns.
  ///   - status: A line for people.
  package func tick(now: Int64, status: String) {
    flush()
    if status != self.status {
      self.status = status
      say("STATUS=\(Self.line(status))")
    }
    // Twice as often as it must be; one that had no room is still on its way.
    guard let watchdog = wishes.watchdog, waiting.isEmpty, lastSign.map({ now - $0 >= watchdog / 2 }) ?? true else {
      return
    }
    lastSign = now
    say("WATCHDOG=1")
  }

  /// One line whatever it was: the next would be an assignment.
  private static func line(_ text: String) -> String {
    let characters = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
    var line = ""
    for character in characters {
      guard line.utf8.count + UTF8.width(character) <= statusMax else { break }
      line.unicodeScalars.append(character)
    }
    return line
  }

  private func say(_ message: String) {
    waiting.append(message)
    flush()
  }

  private func flush() {
    while let message = waiting.first {
      let code = send(message)
      // It is busy, and hears this with the next tick.
      if code == EAGAIN || code == ENOBUFS { return }
      waiting.removeFirst()
      let failed = code == 0 ? nil : unsafe String(cString: strerror(code))
      if let failed, failed != failure { log.warn("the service manager at \(wishes.socket) is not told: \(failed)") }
      failure = failed
    }
  }

  /// Sends a message, and returns 0 or the errno.
  private func send(_ message: String) -> Int32 {
    guard descriptor >= 0 else { return EMFILE }
    // What else there may be is no socket of this kind.
    guard wishes.socket.hasPrefix("/") || wishes.socket.hasPrefix("@") else { return EAFNOSUPPORT }
    let bytes = Array(message.utf8)
    return unsafe linux_send_datagram(descriptor, wishes.socket, bytes, bytes.count) == 0 ? 0 : errno
  }
}

/// Nanoseconds in a microsecond.
private let nanosecondsPerMicrosecond: Int64 = 1000
