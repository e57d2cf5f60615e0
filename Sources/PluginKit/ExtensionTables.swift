internal import Locking
internal import PluginABI

/// The tables of what a plugin can do beyond the ABI's own; they live for good, as that does.
@safe final class ExtensionTables: @unchecked Sendable {
  // Unchecked because of the pointers, to what is written once and never freed.

  static let shared = ExtensionTables()

  private let secretsChanged: UnsafePointer<promethean_secrets_changed_v1>
  private let health: UnsafePointer<promethean_health_v1>
  /// By the version that they bear; a library holds one plugin, and so has one, or several where tests link many.
  private let handovers = Locked<[UInt32: UInt]>([:])

  private init() {
    unsafe secretsChanged = Self.allocate(
      promethean_secrets_changed_v1(
        struct_size: UInt32(MemoryLayout<promethean_secrets_changed_v1>.size),
        changed: { instance in unsafe with(instance) { $0.secretsChanged() } }
      )
    )
    unsafe health = Self.allocate(
      promethean_health_v1(
        struct_size: UInt32(MemoryLayout<promethean_health_v1>.size),
        check: { instance, reason in
          let (status, bytes) = unsafe with(instance) { unsafe $0.health() }
          unsafe reason.pointee = bytes
          return status
        }
      )
    )
  }

  /// Finds an extension of an instance's plugin, NULL if it has none of that id.
  @PluginActor func find(_ id: String, of instance: Instance) -> UnsafeRawPointer? {
    switch id {
    case PROMETHEAN_SECRETS_CHANGED_V1: unsafe UnsafeRawPointer(secretsChanged)
    case PROMETHEAN_HEALTH_V1 where instance.plugin is any HealthReporting: unsafe UnsafeRawPointer(health)
    case PROMETHEAN_HANDOVER_V1:
      unsafe (instance.plugin as? any HandingOver).flatMap { unsafe handover(version: type(of: $0).stateVersion) }
    default: nil
    }
  }

  private func handover(version: UInt32) -> UnsafeRawPointer? {
    let address = handovers.withLock { handovers in
      let known = unsafe handovers[version] ?? UInt(bitPattern: Self.makeHandover(version: version))
      handovers[version] = known
      return known
    }
    return unsafe UnsafeRawPointer(bitPattern: address)
  }

  private static func makeHandover(version: UInt32) -> UnsafePointer<promethean_handover_v1> {
    unsafe allocate(
      promethean_handover_v1(
        struct_size: UInt32(MemoryLayout<promethean_handover_v1>.size),
        version: version,
        give: { instance, state in
          let (status, bytes) = unsafe with(instance) { unsafe $0.give() }
          unsafe state.pointee = bytes
          return status
        },
        take: { instance, version, state in
          let bytes = unsafe [UInt8](state)
          return unsafe with(instance) { $0.take(bytes, version: version) }
        },
        resume: { instance in unsafe with(instance) { $0.resume() } }
      )
    )
  }

  private static func allocate<Table>(_ table: Table) -> UnsafePointer<Table> {
    let pointer = UnsafeMutablePointer<Table>.allocate(capacity: 1)
    unsafe pointer.initialize(to: table)
    return unsafe UnsafePointer(pointer)
  }
}
