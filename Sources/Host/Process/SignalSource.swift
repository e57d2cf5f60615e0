internal import CLinux
internal import Glibc

/// The signals by which a person or a service manager ends the host, as a descriptor to wait on.
struct SignalSource: ~Copyable {
  let descriptor: Int32

  /// Blocks the signals for this thread and all that it starts, so that they come here alone.
  init() throws(HostError) {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    descriptor = unsafe signalfd(-1, &signals, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard descriptor >= 0 else { throw HostError(call: "signalfd", path: "the host") }
    // A client that hangs up is told by the write, not by a signal.
    signal(SIGPIPE, SIG_IGN)
  }

  deinit {
    close(descriptor)
  }

  /// Takes the next signal that has come.
  func next() -> Int32? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(descriptor, &information, size) == size else { return nil }
    return Int32(information.ssi_signo)
  }
}
