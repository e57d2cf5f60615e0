internal import Glibc

/// Runs a test's body on a thread of its own, as the host runs its loop.
///
/// The kernel kills a runner when the thread that spawned it ends, and the threads of Swift's pool come and go. So it is also what
/// cleans up after a test.
func onHostThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let work = unsafe Unmanaged.passRetained(Work { continuation.resume(with: Result(catching: body)) })
    var thread = pthread_t()
    let code = unsafe pthread_create(&thread, nil, { unsafe run($0) }, unsafe work.toOpaque())
    precondition(code == 0, "no thread: \(code)")
    pthread_detach(thread)
  }
}

private final class Work {
  let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }
}

private func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pointer = unsafe pointer else { return nil }
  unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
  return nil
}
