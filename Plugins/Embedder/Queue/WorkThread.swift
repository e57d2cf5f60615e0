internal import CLinux
internal import Glibc
internal import Locking

/// A thread that computes one batch after the other.
@safe
final class WorkThread: BatchRunner, @unchecked Sendable {
  // Unchecked because of the thread's number, which is set once, by `start`.

  private struct Job {
    let subjects: [Subject]
    /// The engine's number: a worker is kept for each.
    let model: Int
    let completion: Completion
  }

  private struct Box {
    var job: Job?
    var isStopping = false
  }

  /// Bytes of the stack: what deep calls need is nowhere near.
  private static let stackSize = 1 << 20

  /// An eventfd that the thread waits at.
  private let bell: Int32
  private let engines: [LoadedEngine]
  private let box = Locked(Box())
  private var thread = pthread_t()

  /// Starts the thread, which computes by these engines.
  init(_ engines: [LoadedEngine]) throws(EmbedderError) {
    self.engines = engines
    bell = eventfd(0, Int32(EFD_CLOEXEC))
    guard bell >= 0 else { throw EmbedderError("a thread's bell: \(unsafe String(cString: strerror(errno)))") }
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, Self.stackSize)
    let own = unsafe Unmanaged.passRetained(self)
    let code = unsafe pthread_create(
      &thread,
      &attributes,
      { own in
        guard let own = unsafe own else { return nil }
        unsafe linux_thread_name("embedder")
        unsafe Unmanaged<WorkThread>.fromOpaque(own).takeRetainedValue().run()
        return nil
      },
      own.toOpaque()
    )
    guard code == 0 else {
      unsafe own.release()
      throw EmbedderError("a thread cannot be started: \(unsafe String(cString: strerror(code))); see limits.threads")
    }
  }

  deinit {
    close(bell)
  }

  /// Computes vectors of subjects by an engine; `completion` hears of it on the thread, and not at all if the thread is
  /// stopped before it begins.
  func compute(_ subjects: [Subject], model: Int, completion: @escaping Completion) {
    box.withLock { $0.job = Job(subjects: subjects, model: model, completion: completion) }
    eventfd_write(bell, 1)
  }

  /// Lets it finish what it computes, and returns when the thread has ended.
  func stop() {
    box.withLock { $0.isStopping = true }
    eventfd_write(bell, 1)
    pthread_join(thread, nil)
  }

  // MARK: - On the thread

  private func run() {
    var workers: [Int: LoadedWorker] = [:]
    while true {
      var rings: UInt64 = 0
      unsafe eventfd_read(bell, &rings)
      let (job, isStopping) = box.withLock { box in
        defer { box.job = nil }
        return (box.job, box.isStopping)
      }
      if isStopping { return }
      if let job { job.completion(compute(job, &workers)) }
    }
  }

  private func compute(
    _ job: Job,
    _ workers: inout [Int: LoadedWorker]
  ) -> Result<[Made], EmbedderError> {
    do throws(EmbedderError) {
      let worker = if let known = workers[job.model] { known } else { try engines[job.model].makeWorker() }
      workers[job.model] = worker
      return .success(try worker.make(job.subjects))
    } catch {
      return .failure(error)
    }
  }
}
