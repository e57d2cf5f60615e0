internal import Envelope
internal import Locking
internal import PluginABI
internal import PluginKit

/// The C side of a fake host: the tables that the plugin sees, and the calls through the plugin's own table.
///
/// It is never freed: a plugin may hold on to any of it for as long as it lives, and tests are short.
@safe
final class HostMemory: @unchecked Sendable {
  // Unchecked because of the pointers: what they point to changes only before `create`, and on the hosts' thread.

  /// All there have been, so that LeakSanitizer does not take for lost what is kept.
  private static let kept = Locked<[HostMemory]>([])

  private let host = UnsafeMutablePointer<promethean_host>.allocate(capacity: 1)
  private let entry: () -> UnsafePointer<promethean_plugin>
  private var plugin: UnsafePointer<promethean_plugin>?
  private let missing: Set<String>
  private let extensions: [String: UnsafeRawPointer]

  init(texts: [String], missing: Set<String>, entry: @escaping () -> UnsafePointer<promethean_plugin>) {
    self.missing = missing
    unsafe self.entry = unsafe entry
    unsafe extensions = [
      PROMETHEAN_LOG_V1: Self.lasting(HostTable.log),
      PROMETHEAN_CLOCK_V1: Self.lasting(HostTable.clock),
      PROMETHEAN_METRICS_V1: Self.lasting(HostTable.metrics),
      PROMETHEAN_METRICS_V2: Self.lasting(HostTable.labelledMetrics),
      PROMETHEAN_PUBLISH_V1: Self.lasting(HostTable.publish),
      PROMETHEAN_REQUEST_V1: Self.lasting(HostTable.request),
      PROMETHEAN_SUBSCRIBE_V1: Self.lasting(HostTable.subscribe),
      PROMETHEAN_STATE_V1: Self.lasting(HostTable.state),
      PROMETHEAN_DIAL_V1: Self.lasting(HostTable.dial),
      PROMETHEAN_SECRETS_V1: Self.lasting(HostTable.secrets),
    ]
    let texts = unsafe texts.map { unsafe Self.lasting($0) }
    unsafe host.initialize(
      to: promethean_host(
        struct_size: UInt32(MemoryLayout<promethean_host>.size),
        abi_major: UInt16(PROMETHEAN_ABI_MAJOR),
        abi_minor: UInt16(PROMETHEAN_ABI_MINOR),
        context: UnsafeMutableRawPointer(host),
        plugin_id: texts[0],
        instance_name: texts[1],
        provider: texts[2],
        tenant: texts[3],
        config: texts[4],
        config_rev: texts[5],
        extension: { unsafe HostTable.find($0, $1) },
        error_set: { unsafe HostTable.setError($0, $1) },
        complete: { unsafe HostTable.complete($0, $1, $2, $3) },
        wake: { unsafe HostTable.wake($0) },
        binding: texts[6]
      )
    )
    Self.kept.withLock { $0.append(self) }
  }

  func pretend(major: UInt16, minor: UInt16, structSize: Int?) {
    unsafe host.pointee.abi_major = major
    unsafe host.pointee.abi_minor = minor
    if let structSize { unsafe host.pointee.struct_size = UInt32(structSize) }
  }

  /// An extension, unless the plugin is not to have it.
  func find(_ id: String) -> UnsafeRawPointer? {
    missing.contains(id) ? nil : unsafe extensions[id]
  }

  // MARK: - The plugin's table

  func create(context: UInt) -> (promethean_status, instance: UInt) {
    guard let context = unsafe UnsafeMutableRawPointer(bitPattern: context) else { return (PROMETHEAN_INVALID, 0) }
    unsafe host.pointee.context = context
    unsafe plugin = entry()
    var instance: UnsafeMutableRawPointer?
    guard let status = unsafe plugin?.pointee.create(host, &instance) else { return (PROMETHEAN_INVALID, 0) }
    return (status, UInt(bitPattern: instance))
  }

  func start(_ instance: UInt, _ operation: UInt64) -> promethean_status {
    unsafe call(instance) { unsafe $0.start($1, operation) } ?? PROMETHEAN_INVALID
  }

  func deliver(_ instance: UInt, _ delivery: UInt64, _ envelope: Envelope) -> promethean_status {
    unsafe call(instance) { table, instance in
      unsafe envelope.withHostView { unsafe table.deliver(instance, delivery, $0) }
    } ?? PROMETHEAN_INVALID
  }

  func completed(_ instance: UInt, _ completion: FakeHost.Completion) {
    unsafe call(instance) { table, instance in
      unsafe withBytes(completion.message) { message in
        guard let result = completion.result else {
          return unsafe table.completed(instance, completion.token, completion.status, message, nil)
        }
        unsafe result.withHostView {
          unsafe table.completed(instance, completion.token, completion.status, message, $0)
        }
      }
    }
  }

  func poll(_ instance: UInt) {
    unsafe call(instance) { unsafe $0.poll($1) }
  }

  func stop(_ instance: UInt, _ operation: UInt64) -> promethean_status {
    unsafe call(instance) { unsafe $0.stop($1, operation) } ?? PROMETHEAN_INVALID
  }

  func destroy(_ instance: UInt) {
    unsafe call(instance) { unsafe $0.destroy($1) }
    unsafe Unmanaged<FakeHost>.fromOpaque(host.pointee.context).release()
  }

  /// An extension of the plugin's, nil if it has none of that id.
  private func found<Table>(_ instance: UInt, _ id: String, as type: Table.Type) -> UnsafePointer<Table>? {
    unsafe call(instance) { plugin, instance -> UnsafePointer<Table>? in
      let bytes = Array(id.utf8)
      return unsafe bytes.withUnsafeBufferPointer { bytes in
        let name = unsafe promethean_bytes(data: bytes.baseAddress, size: UInt64(bytes.count))
        return unsafe plugin.extension?(instance, name)?.assumingMemoryBound(to: Table.self)
      }
    } ?? nil
  }

  /// Tells the plugin that the credentials are others.
  func secretsChanged(_ instance: UInt) {
    guard
      let table = unsafe found(instance, PROMETHEAN_SECRETS_CHANGED_V1, as: promethean_secrets_changed_v1.self)
    else { return }
    unsafe call(instance) { unsafe table.pointee.changed($1) }
  }

  /// How the plugin says that it is, nil if it cannot say.
  func health(_ instance: UInt) -> (status: promethean_status, reason: String)? {
    guard let table = unsafe found(instance, PROMETHEAN_HEALTH_V1, as: promethean_health_v1.self) else { return nil }
    var reason = unsafe promethean_bytes()
    let status = unsafe call(instance) { unsafe table.pointee.check($1, &reason) } ?? PROMETHEAN_INVALID
    return (status, unsafe String(reason))
  }

  /// What the plugin gives, nil if it cannot hand over.
  func give(_ instance: UInt) -> (status: promethean_status, version: UInt32, state: [UInt8])? {
    guard let table = unsafe found(instance, PROMETHEAN_HANDOVER_V1, as: promethean_handover_v1.self) else {
      return nil
    }
    var state = unsafe promethean_bytes()
    let status = unsafe call(instance) { unsafe table.pointee.give($1, &state) } ?? PROMETHEAN_INVALID
    return (status, unsafe table.pointee.version, unsafe [UInt8](state))
  }

  func take(_ instance: UInt, _ version: UInt32, _ state: [UInt8]) -> promethean_status {
    guard let table = unsafe found(instance, PROMETHEAN_HANDOVER_V1, as: promethean_handover_v1.self) else {
      return PROMETHEAN_UNAVAILABLE
    }
    return unsafe state.withUnsafeBufferPointer { bytes in
      let lent = unsafe promethean_bytes(data: bytes.baseAddress, size: UInt64(bytes.count))
      return unsafe call(instance) { unsafe table.pointee.take($1, version, lent) } ?? PROMETHEAN_INVALID
    }
  }

  func resume(_ instance: UInt) {
    guard let table = unsafe found(instance, PROMETHEAN_HANDOVER_V1, as: promethean_handover_v1.self) else { return }
    unsafe call(instance) { unsafe table.pointee.resume($1) }
  }

  @discardableResult
  private func call<Value>(_ instance: UInt, _ body: (promethean_plugin, UnsafeMutableRawPointer) -> Value) -> Value? {
    guard let plugin = unsafe plugin, let instance = unsafe UnsafeMutableRawPointer(bitPattern: instance) else {
      return nil
    }
    return unsafe body(plugin.pointee, instance)
  }

  static func lasting(_ text: String) -> promethean_bytes {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, text.utf8.count))
    _ = unsafe memory.update(from: text.utf8)
    return unsafe promethean_bytes(data: UnsafePointer(memory.baseAddress), size: UInt64(text.utf8.count))
  }

  private static func lasting<Extension>(_ table: Extension) -> UnsafeRawPointer {
    let memory = UnsafeMutablePointer<Extension>.allocate(capacity: 1)
    unsafe memory.initialize(to: table)
    return UnsafeRawPointer(memory)
  }
}
