internal import PluginKit

/// Lets only so many through at once, the rest in their order.
@PluginActor
final class Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) {
    free = count
  }

  /// Does something when there is room for it.
  func pass<Value: ~Copyable>(_ body: @PluginActor () async throws(HostError) -> Value) async throws(HostError) -> Value
  {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
    return try await body()
  }
}
