package import Envelope

extension Log {
  package func debug(_ message: String, _ fields: JSONObject = [:], plugin: String? = nil, instance: String? = nil) {
    write(LogRecord(level: .debug, plugin: plugin, instance: instance, message: message, fields: fields))
  }

  package func info(_ message: String, _ fields: JSONObject = [:], plugin: String? = nil, instance: String? = nil) {
    write(LogRecord(level: .info, plugin: plugin, instance: instance, message: message, fields: fields))
  }

  package func warn(_ message: String, _ fields: JSONObject = [:], plugin: String? = nil, instance: String? = nil) {
    write(LogRecord(level: .warn, plugin: plugin, instance: instance, message: message, fields: fields))
  }

  package func error(_ message: String, _ fields: JSONObject = [:], plugin: String? = nil, instance: String? = nil) {
    write(LogRecord(level: .error, plugin: plugin, instance: instance, message: message, fields: fields))
  }

  /// Records a decision on what somebody may do; a refusal is a warning.
  package func audit(
    _ message: String,
    allowed: Bool,
    _ fields: JSONObject = [:],
    plugin: String? = nil,
    instance: String? = nil,
    tenant: String? = nil
  ) {
    var fields = fields
    if fields["outcome"] == nil { fields["outcome"] = allowed ? "allowed" : "denied" }
    write(
      LogRecord(
        level: allowed ? .info : .warn,
        plugin: plugin,
        instance: instance,
        tenant: tenant,
        message: message,
        fields: fields,
        isAudit: true
      )
    )
  }
}
