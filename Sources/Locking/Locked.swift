public import CRaceDetector
public import Synchronization

/// A value that threads share, each of which has it to itself while it holds the lock.
///
/// It is the standard library's `Mutex`, of which ThreadSanitizer is told: by itself that lock is invisible to it, and
/// every access that it orders is reported as a race.
public struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
  @usableFromInline let mutex: Mutex<Value>

  /// Takes over a value.
  @inlinable
  public init(_ value: consuming sending Value) {
    mutex = Mutex(value)
  }

  /// Waits for the lock and runs a closure with the value.
  ///
  /// - Parameter body: Takes the lock no second time.
  /// - Returns: What the closure returns.
  /// - Throws: What the closure throws.
  @inlinable
  public borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    // A mutex never moves, so its address names it.
    let address = unsafe withUnsafePointer(to: self) { UInt(bitPattern: $0) }
    return try mutex.withLock { (value: inout sending Value) throws(Failure) -> sending Result in
      race_detector_acquired(address)
      defer { race_detector_releasing(address) }
      return try body(&value)
    }
  }
}
