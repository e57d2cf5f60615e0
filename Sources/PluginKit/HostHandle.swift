package import PluginABI
internal import Locking

/// The host as the C table shows it, made safe: what lies beyond a struct's size is absent, and after `close` no call
/// gets through.
///
/// What is marked [any], as in the header, may be called from any thread, and the rest on the plugin's; the lock keeps
/// such a call from meeting `close`.
@safe
final class HostHandle: @unchecked Sendable {
  // Unchecked because the C structs hold raw pointers; they are constant, and the header says which of them may be used
  // where.

  let pluginID: String
  let instanceName: String
  let provider: String
  let tenant: String
  let config: [UInt8]
  let configRev: String
  let binding: [UInt8]

  let table: promethean_host
  let publishing: promethean_publish_v1?
  let requesting: promethean_request_v1?
  let subscribing: promethean_subscribe_v1?
  let state: promethean_state_v1?
  let dialing: promethean_dial_v1?
  let secrets: promethean_secrets_v1?
  private let clock: promethean_clock_v1?
  private let logging: promethean_log_v1?
  private let metrics: promethean_metrics_v1?
  private let labelledMetrics: promethean_metrics_v2?
  private let isOpen = Locked(true)

  /// Reads the host's table; nil if it is one that this SDK cannot speak to, and then `refusal` says why.
  init?(_ host: UnsafePointer<promethean_host>) {
    guard unsafe Self.refusal(of: host) == nil else { return nil }
    let table = unsafe host.pointee
    unsafe self.table = table
    unsafe pluginID = String(table.plugin_id)
    unsafe instanceName = String(table.instance_name)
    unsafe provider = String(table.provider)
    unsafe tenant = String(table.tenant)
    unsafe config = [UInt8](table.config)
    unsafe configRev = String(table.config_rev)
    unsafe binding = [UInt8](table.binding)
    unsafe publishing = table.find(PROMETHEAN_PUBLISH_V1)
    unsafe requesting = table.find(PROMETHEAN_REQUEST_V1)
    unsafe subscribing = table.find(PROMETHEAN_SUBSCRIBE_V1)
    unsafe state = table.find(PROMETHEAN_STATE_V1)
    unsafe dialing = table.find(PROMETHEAN_DIAL_V1)
    unsafe secrets = table.find(PROMETHEAN_SECRETS_V1)
    unsafe clock = table.find(PROMETHEAN_CLOCK_V1)
    unsafe logging = table.find(PROMETHEAN_LOG_V1)
    unsafe metrics = table.find(PROMETHEAN_METRICS_V1)
    unsafe labelledMetrics = table.find(PROMETHEAN_METRICS_V2)
  }

  /// Why a plugin built with this SDK cannot run in `host`, or nil if it can.
  static func refusal(of host: UnsafePointer<promethean_host>) -> String? {
    let (size, least) = unsafe (host.pointee.struct_size, MemoryLayout<promethean_host>.size)
    guard size >= least else { return "the host's table: expected at least \(least) bytes, found \(size)" }
    let (major, minor) = unsafe (host.pointee.abi_major, host.pointee.abi_minor)
    guard major == PROMETHEAN_ABI_MAJOR, minor >= PROMETHEAN_ABI_MINOR else {
      let own = "\(PROMETHEAN_ABI_MAJOR).\(PROMETHEAN_ABI_MINOR)"
      return "the host's ABI: expected \(own) or a later minor, found \(major).\(minor)"
    }
    return nil
  }

  /// Lets no call through any more; the host's table may be gone after that.
  func close() {
    isOpen.withLock { $0 = false }
  }

  /// Calls the host unless it is closed.
  private func ifOpen<Value>(_ body: () -> Value) -> Value? {
    isOpen.withLock { isOpen in isOpen ? body() : nil }
  }

  /// Asks for a `poll` [any].
  func wake() {
    ifOpen { unsafe table.wake(table.context) }
  }

  /// Says why the call under way is about to fail [main].
  func fail(_ message: String) {
    unsafe withBytes(message) { unsafe table.error_set(table.context, $0) }
  }

  /// Ends a `start` or `stop` that was left pending [main].
  func complete(_ operation: UInt64, _ status: promethean_status, _ message: String) {
    unsafe withBytes(message) { unsafe table.complete(table.context, operation, status, $0) }
  }

  /// Nanoseconds since 1970, or nil if the clock is not granted [main].
  func realtime() -> Int64? {
    guard let clock else { return nil }
    return ifOpen { unsafe clock.realtime(table.context) }
  }

  /// Nanoseconds that never run backwards, or nil if the clock is not granted [main].
  func monotonic() -> Int64? {
    guard let clock else { return nil }
    return ifOpen { unsafe clock.monotonic(table.context) }
  }

  /// Asks for a completion of `token` after some nanoseconds; false if there is no room for another timer [main].
  func timer(after nanoseconds: Int64, token: UInt64) -> Bool {
    guard let clock else { return false }
    return ifOpen { unsafe clock.after(table.context, nanoseconds, token) != PROMETHEAN_AGAIN } ?? false
  }

  /// The connection that the completion under way brings, if it brings one [main].
  func takeConnection(_ token: UInt64) -> Int32? {
    guard let dialing, let descriptor = ifOpen({ unsafe dialing.take(table.context, token) }) else { return nil }
    return descriptor < 0 ? nil : descriptor
  }

  /// Writes a log line, or nothing if logging is not granted [any].
  func log(_ severity: Int32, _ message: String, fields: [UInt8]) {
    guard let logging else { return }
    ifOpen {
      unsafe withBytes(message) { message in
        unsafe withBytes(fields) { unsafe logging.write(table.context, severity, message, $0) }
      }
    }
  }

  /// Records a metric, or nothing if metrics are not granted [any].
  func record(_ kind: Int32, _ name: String, _ value: Double) {
    guard let metrics else { return }
    ifOpen {
      unsafe withBytes(name) { unsafe metrics.record(table.context, kind, $0, value) }
    }
  }

  /// Records a metric's series of those labels, or nothing if metrics are not granted [any].
  func record(_ kind: Int32, _ name: String, labels: String, _ value: Double) {
    guard let labelledMetrics else { return }
    ifOpen {
      unsafe withBytes(name) { name in
        unsafe withBytes(labels) { unsafe labelledMetrics.record(table.context, kind, name, $0, value) }
      }
    }
  }
}

extension promethean_host {
  /// An extension of the host's, or nil if it is not there, not granted, or shorter than its first version.
  fileprivate func find<Extension>(_ id: String) -> Extension? {
    let found = unsafe withBytes(id) { unsafe `extension`(context, $0) }
    guard let found = unsafe found, unsafe found.load(as: UInt32.self) >= MemoryLayout<Extension>.size else {
      return nil
    }
    return unsafe found.load(as: Extension.self)
  }
}

/// Lends a text's bytes to a call.
package func withBytes<Result>(_ text: String, _ body: (promethean_bytes) -> Result) -> Result {
  var text = text
  return text.withUTF8 { unsafe body(promethean_bytes(data: $0.baseAddress, size: UInt64($0.count))) }
}

/// Lends bytes to a call.
package func withBytes<Result>(_ bytes: [UInt8], _ body: (promethean_bytes) -> Result) -> Result {
  unsafe bytes.withUnsafeBufferPointer { unsafe body(promethean_bytes(data: $0.baseAddress, size: UInt64($0.count))) }
}

extension String {
  /// A copy of a text of the host's.
  package init(_ bytes: promethean_bytes) {
    self = unsafe bytes.size == 0 ? "" : String(decoding: bytes.buffer, as: UTF8.self)
  }
}

extension [UInt8] {
  /// A copy of bytes of the host's.
  package init(_ bytes: promethean_bytes) {
    self = unsafe bytes.size == 0 ? [] : Array(bytes.buffer)
  }
}

extension promethean_bytes {
  fileprivate var buffer: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: data, count: Int(size)) }
}
