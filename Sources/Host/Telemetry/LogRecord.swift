package import Envelope

/// One thing that was worth telling, by the host or by a plugin.
package struct LogRecord: Sendable, Hashable {
  package var ts: Timestamp
  package var level: LogLevel
  /// The plugin's id; nil: the host itself speaks.
  package var plugin: String?
  package var instance: String?
  /// `provider/tenant`.
  package var tenant: String?
  package var message: String
  /// Anything else, and among it what every record has a place for: `trace`, `corr`, `intent`, `latency_ms`, `outcome`.
  package var fields: JSONObject
  /// Whether it tells of a decision on what somebody may do.
  package var isAudit: Bool

  package init(
    ts: Timestamp = .now,
    level: LogLevel,
    plugin: String? = nil,
    instance: String? = nil,
    tenant: String? = nil,
    message: String,
    fields: JSONObject = [:],
    isAudit: Bool = false
  ) {
    self.ts = ts
    self.level = level
    self.plugin = plugin
    self.instance = instance
    self.tenant = tenant
    self.message = message
    self.fields = fields
    self.isAudit = isAudit
  }
}

// MARK: - As a line

extension LogRecord {
  /// The longest line, in bytes, without its end.
  package static let lineMax = 16384

  /// The fields with a place of their own in each line.
  package static let commonFields = ["trace", "corr", "intent", "latency_ms", "outcome"]

  /// The record as it is written and shown: the common fields beside the rest, null where there is nothing to say.
  package var json: JSON {
    var object: JSONObject = ["ts": .string(ts.description), "level": .string(level.description)]
    if isAudit { object["audit"] = true }
    if let plugin { object["plugin"] = .string(plugin) }
    if let instance { object["instance"] = .string(instance) }
    if let tenant { object["tenant"] = .string(tenant) }
    object["message"] = .string(message)
    var rest = fields
    for name in Self.commonFields {
      object[name] = fields[name] ?? .null
      rest[name] = nil
    }
    if !rest.isEmpty { object["fields"] = .object(rest) }
    return .object(object)
  }

  /// The record as one line of JSON, at most `lineMax` bytes: a longer one loses its fields and then the ends of its
  /// texts.
  package var line: [UInt8] {
    var line = LogText.escape(json: json.bytes())
    var limit = Self.lineMax / 2
    while line.count > Self.lineMax {
      line = LogText.escape(json: shortened(to: limit).json.bytes())
      limit /= 2
    }
    return line
  }

  private func shortened(to limit: Int) -> LogRecord {
    var short = self
    short.plugin = plugin.map { LogText.cut($0, to: limit) }
    short.instance = instance.map { LogText.cut($0, to: limit) }
    short.tenant = tenant.map { LogText.cut($0, to: limit) }
    short.message = LogText.cut(message, to: limit)
    short.fields = ["truncated": true]
    for name in Self.commonFields {
      guard let value = fields[name] else { continue }
      short.fields[name] =
        value.stringValue.map { .string(LogText.cut($0, to: limit)) } ?? (value.isScalar ? value : nil)
    }
    return short
  }

  /// The record for somebody at a terminal: time of day, level, who, what, and the fields as `name=value`.
  package var shortLine: String {
    let time = ts.description.dropFirst(11).prefix(8)
    let level = level.description.uppercased()
    let pad = String(repeating: " ", count: 5 - level.utf8.count)
    var line = "\(time) \(level)\(pad) \(instance ?? plugin ?? "host"): \(message)"
    for (name, value) in fields { line += " \(name)=\(value.stringValue ?? value.text)" }
    return LogText.printable(LogText.cut(line, to: Self.lineMax))
  }
}

extension JSON {
  fileprivate var isScalar: Bool { arrayValue == nil && objectValue == nil }
}

// MARK: - From a plugin

extension LogRecord {
  /// Creates a record from what a plugin says, which may be anything.
  ///
  /// Fields that are not a JSON object are kept as text, under `raw`.
  package init(
    severity: Int32,
    message: some Collection<UInt8>,
    fields: some Collection<UInt8>,
    plugin: String,
    instance: String,
    tenant: String?
  ) {
    self.init(
      level: LogLevel(severity: severity),
      plugin: plugin,
      instance: instance,
      tenant: tenant,
      message: LogText.decode(message.prefix(Self.lineMax)),
      fields: Self.object(fields)
    )
  }

  private static func object(_ bytes: some Collection<UInt8>) -> JSONObject {
    if bytes.isEmpty { return [:] }
    if bytes.count <= lineMax, case .object(let object)? = try? JSON.parse(bytes) { return object }
    return ["raw": .string(LogText.decode(bytes.prefix(lineMax)))]
  }
}
