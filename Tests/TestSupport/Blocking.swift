internal import Foundation

/// Does something that blocks on a thread of its own.
///
/// There is a thread of the tests' for each processor: one that waits for another program holds up half of all tests.
package func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
