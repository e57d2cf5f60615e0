internal import Envelope
internal import Host

/// A plan, for a person.
struct PlanPage {
  let plan: Plan
  let style: Style

  var lines: [String] {
    guard plan.verdict != .nothing else { return ["nothing would change"] }
    return plan.plugins.filter { $0.action != .none }.flatMap(lines) + plan.tenants.map { setting("tenant", $0) }
      + plan.host.map { setting("host", $0) + (Plan.isHot($0.name) ? "" : ", at the next start") } + approval
  }

  private func lines(_ plugin: Plan.Plugin) -> [String] {
    let role: Style.Role = plugin.action == .stop ? .bad : plugin.action == .hot ? .good : .warning
    var lines = ["\(style(role, Cells.pad(plugin.action.rawValue, to: 6))) \(style(.name, plugin.id))"]
    lines += plugin.reasons.map { "       \(Cells.printable($0))" }
    if plugin.oldLibrary != plugin.newLibrary {
      lines.append("       library \(Self.short(plugin.oldLibrary)) -> \(Self.short(plugin.newLibrary))")
    }
    lines += plugin.config.map { "       \(setting("config", $0))" }
    lines += plugin.gained.map { "       \(style(.warning, "+ \(Cells.printable($0))"))" }
    lines += plugin.lost.map { "       \(style(.faint, "- \(Cells.printable($0))"))" }
    return lines
  }

  private func setting(_ what: String, _ change: SettingChange) -> String {
    if change.isSecret { return Cells.printable("\(what) \(change.name): a secret changes") }
    guard let old = change.old, let new = change.new else {
      return Cells.printable("\(what) \(change.name): \(change.old == nil ? "new" : "gone")")
    }
    return Cells.printable("\(what) \(change.name): \(old.text) -> \(new.text)")
  }

  private var approval: [String] {
    guard !plan.widened.isEmpty else { return [] }
    let shown = plan.plugins.filter { !$0.gained.isEmpty }.map { ($0.id, $0.gained) }
    if plan.widened == Dictionary(shown, uniquingKeysWith: +) {
      return ["", style(.warning, "needs --approve for what is marked +")]
    }
    let all = plan.widened.sorted { $0.key < $1.key }
    return ["", style(.warning, "needs --approve, for more would be allowed than was approved:")]
      + all.flatMap { id, gained in gained.map { "       \(style(.name, id)) + \(Cells.printable($0))" } }
  }

  /// Enough of a digest to tell it from others.
  private static func short(_ digest: String?) -> String { digest.map { String($0.prefix(12)) } ?? "none" }
}
