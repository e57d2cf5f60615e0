internal import CMicrohttpd
internal import Glibc
internal import Locking

/// The HTTP server on loopback, for Prometheus, health checks and people with curl.
///
/// It answers GET and HEAD on fixed paths, from the threads of libmicrohttpd: a page must be quick and must not wait
/// for the host.
package final class TelemetryServer: Sendable {
  /// Writes a page, on a thread of the server's.
  package typealias Page = @Sendable () -> TelemetryResponse

  /// Requests served at one time; a scraper and a few people need fewer.
  private static let connections: CUnsignedInt = 64
  /// Seconds after which a silent connection is closed, so that idle clients cannot use up all of them.
  private static let timeout: CUnsignedInt = 15
  private static let threads: CUnsignedInt = 2

  /// The port it listens on: the one asked for, or the one that the kernel picked for 0.
  package let port: UInt16

  /// A running daemon of libmicrohttpd, which may be stopped from any thread.
  @safe private struct Daemon: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private let daemon: Locked<Daemon?>
  private let pages: TelemetryPages

  /// Starts the server on 127.0.0.1.
  ///
  /// - Parameters:
  ///   - port: The port; 0 leaves the choice to the kernel.
  ///   - pages: What it serves, by path.
  /// - Throws: `TelemetryError` if the port is taken or the threads cannot be started.
  package init(port: UInt16, pages: [String: Page]) throws(TelemetryError) {
    let socket = try LoopbackSocket.listen(port: port)
    self.port = socket.port
    self.pages = TelemetryPages(pages)
    let context = unsafe Unmanaged.passUnretained(self.pages).toOpaque()
    let flags = MHD_USE_INTERNAL_POLLING_THREAD.rawValue | MHD_USE_EPOLL.rawValue | MHD_USE_ITC.rawValue
    let started = unsafe withVaList([
      MHD_OPTION.LISTEN_SOCKET.rawValue, socket.descriptor,
      MHD_OPTION.CONNECTION_LIMIT.rawValue, Self.connections,
      MHD_OPTION.CONNECTION_TIMEOUT.rawValue, Self.timeout,
      MHD_OPTION.THREAD_POOL_SIZE.rawValue, Self.threads,
      MHD_OPTION.END.rawValue,
    ]) { options in
      unsafe SignalMask.withAllBlocked {
        unsafe MHD_start_daemon_va(flags, 0, nil, nil, answerTelemetry, context, options)
      }
    }
    guard let started = unsafe started else {
      throw TelemetryError("http: cannot start the server's threads on 127.0.0.1:\(port)", errno: errno)
    }
    daemon = unsafe Locked(Daemon(pointer: started))
  }

  deinit {
    stop()
  }

  /// Closes the socket and every connection, and waits for the threads to end; does nothing the second time.
  package func stop() {
    let running = daemon.withLock { daemon in
      defer { daemon = nil }
      return daemon
    }
    guard let running else { return }
    unsafe MHD_stop_daemon(running.pointer)
  }
}
