internal import Envelope
public import PluginABI
internal import Locking

/// What a plugin's library exports: the C table of one plugin type.
///
/// ```swift
/// @c(promethean_plugin_entry_v1)
/// public func entry() -> UnsafePointer<promethean_plugin>? { unsafe PluginEntry<Echo>.table }
/// ```
public enum PluginEntry<Made: Plugin> {
  /// The table, which lives for good; the next `create` makes a `Made`.
  ///
  /// A C function cannot know a Swift type, so asking for the table is what chooses it. A library holds one plugin, and
  /// so needs no more.
  public static var table: UnsafePointer<promethean_plugin> {
    unsafe PluginTables.shared.table(of: Made.self)
  }
}

/// The tables of the plugin types in this library; there is one, or several where tests link many.
private final class PluginTables: Sendable {
  static let shared = PluginTables()

  @safe private struct State: @unchecked Sendable {
    // Unchecked because of the pointers: what they point to is written once and never freed.
    var tables: [ObjectIdentifier: UnsafePointer<promethean_plugin>] = unsafe [:]
    var chosen: (any Plugin.Type)?
  }

  private let state = Locked(State())

  /// What the next `create` makes.
  var chosen: (any Plugin.Type)? { state.withLock { $0.chosen } }

  func table(of type: any Plugin.Type) -> UnsafePointer<promethean_plugin> {
    let address = state.withLock { state in
      state.chosen = type
      let table = unsafe state.tables[ObjectIdentifier(type)] ?? Self.makeTable(id: type.id)
      unsafe state.tables[ObjectIdentifier(type)] = table
      return UInt(bitPattern: table)
    }
    guard let table = unsafe UnsafePointer<promethean_plugin>(bitPattern: address) else {
      preconditionFailure("no table")
    }
    return unsafe table
  }

  private static func makeTable(id: String) -> UnsafePointer<promethean_plugin> {
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: id.utf8.count)
    _ = unsafe text.initialize(from: id.utf8)
    let table = UnsafeMutablePointer<promethean_plugin>.allocate(capacity: 1)
    unsafe table.initialize(
      to: promethean_plugin(
        struct_size: UInt32(MemoryLayout<promethean_plugin>.size),
        abi_major: UInt16(PROMETHEAN_ABI_MAJOR),
        abi_minor: UInt16(PROMETHEAN_ABI_MINOR),
        id: promethean_bytes(data: text.baseAddress, size: UInt64(text.count)),
        create: createInstance,
        start: startInstance,
        deliver: deliverToInstance,
        completed: completedForInstance,
        poll: pollInstance,
        stop: stopInstance,
        destroy: destroyInstance,
        extension: findExtension
      )
    )
    return unsafe UnsafePointer(table)
  }
}

/// The instance that the runner names by its pointer, for the time of one call.
func with<Value>(_ pointer: UnsafeMutableRawPointer, _ body: @PluginActor (Instance) -> Value) -> Value {
  let address = UInt(bitPattern: pointer)
  return PluginActor.assumeIsolated { () -> Value in
    guard let pointer = unsafe UnsafeRawPointer(bitPattern: address) else {
      preconditionFailure("an instance at no address")
    }
    return unsafe body(Unmanaged<Instance>.fromOpaque(pointer).takeUnretainedValue())
  }
}

private func createInstance(
  _ host: UnsafePointer<promethean_host>,
  _ instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> promethean_status {
  // A table that ends before `error_set` cannot be told why it is refused.
  let told = unsafe MemoryLayout<promethean_host>.offset(of: \.complete) ?? .max
  guard unsafe Int(host.pointee.struct_size) >= told else { return PROMETHEAN_CONFLICT }
  guard let handle = unsafe HostHandle(host) else {
    let reason = unsafe HostHandle.refusal(of: host) ?? ""
    unsafe withBytes(reason) { unsafe host.pointee.error_set(host.pointee.context, $0) }
    return PROMETHEAN_CONFLICT
  }
  guard let type = PluginTables.shared.chosen, let instance = unsafe instance else { return PROMETHEAN_INVALID }
  guard PluginActor.shared.executor.adopt(handle) else {
    handle.fail("\(type.id): expected all instances of a library on one thread, found a second thread")
    return PROMETHEAN_INVALID
  }
  do {
    let address = try PluginActor.assumeIsolated { () throws -> UInt in
      unsafe UInt(bitPattern: Unmanaged.passRetained(try Instance(type, host: handle)).toOpaque())
    }
    unsafe instance.pointee = UnsafeMutableRawPointer(bitPattern: address)
    return PROMETHEAN_OK
  } catch {
    PluginActor.shared.executor.leave(handle)
    handle.fail("\(error)")
    handle.close()
    return PROMETHEAN_FAILED
  }
}

private func startInstance(_ instance: UnsafeMutableRawPointer, _ operation: UInt64) -> promethean_status {
  unsafe with(instance) { $0.start(operation) }
}

private func deliverToInstance(
  _ instance: UnsafeMutableRawPointer,
  _ delivery: UInt64,
  _ view: UnsafePointer<promethean_envelope>
) -> promethean_status {
  let envelope = unsafe Envelope(view)
  return unsafe with(instance) { $0.deliver(delivery, envelope) }
}

private func completedForInstance(
  _ instance: UnsafeMutableRawPointer,
  _ token: UInt64,
  _ status: promethean_status,
  _ message: promethean_bytes,
  _ result: UnsafePointer<promethean_envelope>?
) {
  let message = unsafe String(message)
  let envelope = unsafe result.map { unsafe Envelope($0) }
  unsafe with(instance) { $0.completed(token, status, message, envelope) }
}

private func pollInstance(_ instance: UnsafeMutableRawPointer) {
  unsafe with(instance) { $0.poll() }
}

private func stopInstance(_ instance: UnsafeMutableRawPointer, _ operation: UInt64) -> promethean_status {
  unsafe with(instance) { $0.stop(operation) }
}

private func findExtension(_ instance: UnsafeMutableRawPointer, _ id: promethean_bytes) -> UnsafeRawPointer? {
  let id = unsafe String(id)
  let address = unsafe with(instance) { unsafe UInt(bitPattern: ExtensionTables.shared.find(id, of: $0)) }
  return unsafe UnsafeRawPointer(bitPattern: address)
}

private func destroyInstance(_ instance: UnsafeMutableRawPointer) {
  unsafe with(instance) { $0.destroy() }
  unsafe Unmanaged<Instance>.fromOpaque(instance).release()
}
