internal import Glibc

/// Runs a test's body on a thread of its own, as the host runs its loop.
///
/// The kernel kills a runner when the thread that spawned it ends, and the threads of Swift's pool come and go. So it
/// is also what cleans up after a test. It stays the test's task, so that what fails is the test's.
package func onHostThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withTaskExecutorPreference(ThreadPerJob()) { try await perform(body) }
}

@concurrent private func perform<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
  try body()
}

/// Runs each job on a thread that ends with it.
///
/// A body without suspension is one job.
private final class ThreadPerJob: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let work = unsafe Unmanaged.passRetained(Work(job: UnownedJob(job), executor: self))
    var thread = pthread_t()
    let code = unsafe pthread_create(&thread, nil, { unsafe run($0) }, work.toOpaque())
    precondition(code == 0, "no thread: \(code)")
    pthread_detach(thread)
  }
}

private final class Work {
  let job: UnownedJob
  let executor: ThreadPerJob

  init(job: UnownedJob, executor: ThreadPerJob) {
    self.job = job
    self.executor = executor
  }
}

private func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pointer = unsafe pointer else { return nil }
  let work = unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
  unsafe work.job.runSynchronously(on: work.executor.asUnownedTaskExecutor())
  return nil
}
