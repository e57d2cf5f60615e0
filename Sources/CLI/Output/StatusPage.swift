internal import Envelope

/// The host's report of itself, for a person.
struct StatusPage {
  private let report: JSON
  private let instances: [JSON]

  /// - Parameter report: What the host answers to `status`.
  init(_ report: JSON) {
    self.report = report
    instances = report["instances"]?.arrayValue ?? []
  }

  /// The table of instances, whatever is not as it should be, and what lies in `plugins.d` and does not run as it is.
  func lines(style: Style, width: Int?) -> [String] {
    let problems = problems.map { style(.warning, $0) }
    let dropIns = DropInPage(report["drop_ins"] ?? .null).lines(style: style)
    let below = dropIns.isEmpty ? [] : [""] + dropIns
    guard !instances.isEmpty else { return ["no instance is configured"] + problems + below }
    return table.lines(style: style, width: width) + (problems.isEmpty ? [] : [""] + problems) + below
  }

  private var table: Table {
    var table = Table([
      .init("NAME"), .init("STATE"), .init("LEVEL"), .init("PID", .right), .init("UPTIME", .right),
      .init("RESTARTS", .right), .init("LAG", .right),
    ])
    for instance in instances {
      table.append([
        .init(Self.name(instance)),
        state(instance),
        level(instance),
        .init(number(instance, "pid")),
        .init(uptime(instance)),
        .init(number(instance, "restarts")),
        .init(number(instance, "lag")),
      ])
    }
    return table
  }

  /// A sentence each: what the host says of itself, then of each instance.
  private var problems: [String] {
    let own = (report["degraded"]?.arrayValue ?? []).compactMap(\.stringValue)
    let letters = report["journal"]?["dead_letters"]?.intValue ?? 0
    let dead = letters > 0 ? ["\(letters) dead letters (promethean dlq list shows them)"] : []
    return (own + dead + instances.flatMap(problems)).map(Cells.printable)
  }

  private func problems(_ instance: JSON) -> [String] {
    let name = Self.name(instance)
    var problems: [String] = []
    if let error = instance["error"]?.stringValue {
      let retry = instance["retry_ms"]?.intValue.map { ", next try in \(Duration.milliseconds($0).summary)" } ?? ""
      problems.append("\(name): \(error)\(retry)")
    }
    if let dropped = instance["dropped"]?.intValue, dropped > 0 {
      problems.append("\(name): \(dropped) envelopes of ephemeral topics were dropped because it was too slow")
    }
    if let level = instance["level"]?.stringValue, level != "full" {
      let reason = instance["level_reason"]?.stringValue ?? ""
      problems.append("\(name): sandbox level \(level)" + (reason.isEmpty ? "" : ": \(reason)"))
    }
    return problems
  }

  private func state(_ instance: JSON) -> Table.Field {
    let state = instance["state"]?.stringValue ?? "-"
    switch state {
    case "RUNNING": return .init(state, .good)
    case "QUARANTINED": return .init(state, .bad)
    case "STOPPED": return .init(state, .faint)
    default: return .init(state, .warning)
    }
  }

  private func level(_ instance: JSON) -> Table.Field {
    let level = instance["level"]?.stringValue ?? "-"
    switch level {
    case "full": return .init(level, .good)
    case "landlock": return .init(level, .warning)
    case "none": return .init(level, .bad)
    default: return .init(level, .faint)
    }
  }

  private func uptime(_ instance: JSON) -> String {
    guard let milliseconds = instance["uptime_ms"]?.intValue, instance["pid"]?.intValue != nil else { return "-" }
    return Duration.milliseconds(milliseconds).summary
  }

  private func number(_ instance: JSON, _ key: String) -> String { instance[key]?.intValue.map(String.init) ?? "-" }

  private static func name(_ instance: JSON) -> String { instance["name"]?.stringValue ?? "?" }
}
