public import Envelope
internal import PluginABI

/// The plugin's lines in the host's log; from any thread, and nothing if logging is not granted.
public struct Log: Sendable {
  let host: HostHandle

  /// Writes what helps to find a fault.
  public func debug(_ message: String, _ fields: JSONObject = [:]) { write(PROMETHEAN_LOG_DEBUG, message, fields) }

  /// Writes what happens.
  public func info(_ message: String, _ fields: JSONObject = [:]) { write(PROMETHEAN_LOG_INFO, message, fields) }

  /// Writes what somebody should look at.
  public func warning(_ message: String, _ fields: JSONObject = [:]) { write(PROMETHEAN_LOG_WARN, message, fields) }

  /// Writes what went wrong.
  public func error(_ message: String, _ fields: JSONObject = [:]) { write(PROMETHEAN_LOG_ERROR, message, fields) }

  private func write(_ severity: Int32, _ message: String, _ fields: JSONObject) {
    let bytes = fields.keys.isEmpty ? [] : JSON.object(fields).bytes()
    host.log(severity, message, fields: bytes)
  }
}
