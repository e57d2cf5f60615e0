internal import PluginABI

/// A plugin that hands over what it keeps in memory when its code or its configuration is replaced: a session, a cursor,
/// counts.
///
/// The next generation of the instance is made beside it; then this one gives, and that one takes and starts. Whatever
/// must outlive a crash belongs into `state`, which the host keeps.
@PluginActor
public protocol HandingOver: Plugin {
  /// The version of what `giveState` returns, which is also the newest that `takeState` reads.
  nonisolated static var stateVersion: UInt32 { get }

  /// Gives what the next generation is to go on with, at most 64 KiB; everything delivered has been handled.
  ///
  /// From here on the instance does nothing of its own: `stop` comes next, or `resume`.
  ///
  /// - Throws: When it cannot: this generation goes on, and there is no next one.
  func giveState() throws -> [UInt8]

  /// Takes what an earlier generation gave, before `start`.
  ///
  /// - Parameters:
  ///   - state: What it gave.
  ///   - version: The `stateVersion` of the code that gave it, at most this one's: an older one is to be migrated.
  /// - Throws: When it cannot be used: the earlier generation goes on, with what it had.
  func takeState(_ state: [UInt8], version: UInt32) throws

  /// Goes on after `giveState`: there is no next generation after all.
  func resume()
}

extension HandingOver {
  /// Has given away nothing that it does not have still.
  public func resume() {}
}

/// Bytes that are lent to the host until the next are.
@safe final class LentBytes {
  private let buffer: UnsafeMutableBufferPointer<UInt8>

  init(_ bytes: [UInt8]) {
    unsafe buffer = .allocate(capacity: bytes.count)
    _ = unsafe buffer.initialize(from: bytes)
  }

  deinit {
    unsafe buffer.deallocate()
  }

  var lent: promethean_bytes {
    unsafe promethean_bytes(data: UnsafePointer(buffer.baseAddress), size: UInt64(buffer.count))
  }
}
