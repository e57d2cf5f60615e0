/// The isolation of everything in a plugin: one thread, the one that the runner calls the plugin on.
///
/// A plugin's state needs no lock: whatever is `@PluginActor` runs on that thread alone, one piece at a time, and no
/// thread of the SDK's stands beside it. A `handle` that awaits lets the others run meanwhile; one that computes for
/// long holds them all up.
@globalActor
public actor PluginActor {
  /// The one actor of this library.
  public static let shared = PluginActor()

  /// Where the actor's jobs wait until the runner calls.
  nonisolated let executor = PluginExecutor()

  /// The executor that runs jobs on the runner's thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private init() {}

  /// Begins a task that stays on the plugin's thread whatever it awaits.
  ///
  /// The runtime resumes a task, after a continuation or another task's value, on the executor it prefers before it
  /// goes on to its actor; without a preference that is the global one, whose threads the plugin would get for nothing.
  /// Whoever begins one ends it in `stop()`: after that nothing reaches the host.
  @discardableResult
  public nonisolated static func task(_ body: @escaping @PluginActor @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: shared.executor, operation: body)
  }

  /// Waits for `body` as `task` does, in a task that somebody else has begun.
  @PluginActor
  package static func staying<Value: Sendable>(_ body: @PluginActor () async -> Value) async -> Value {
    let stays = unsafe withUnsafeCurrentTask { task in unsafe task?.unownedTaskExecutor != nil }
    if stays { return await body() }
    return await withTaskExecutorPreference(shared.executor) { await body() }
  }

  /// Runs `operation` as part of this actor, without waiting; to be called on the runner's thread only.
  ///
  /// A C function of the plugin's table is on that thread, but no compiler can know it. Traps anywhere else.
  nonisolated static func assumeIsolated<Value, Failure: Error>(
    _ operation: @PluginActor () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    precondition(shared.executor.isOnOwnThread, "a plugin was called on a thread that is not its own")
    typealias Bare = () throws(Failure) -> Value
    // A closure that differs only in its isolation is the same code and the same context.
    return try withoutActuallyEscaping(operation) { (escaping) throws(Failure) -> Value in
      try unsafe unsafeBitCast(escaping, to: Bare.self)()
    }
  }
}
