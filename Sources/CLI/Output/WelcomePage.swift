internal import Envelope

/// What a person sees once a host has started: its instances, and what to type next.
struct WelcomePage {
  /// What the host says of itself.
  let status: JSON
  /// The deployment as it has to be named to the other commands, or nil if they find it by themselves.
  let deployment: String?

  /// The table of instances, and lines that can be typed in another terminal.
  func lines(style: Style, width: Int?) -> [String] {
    let program = deployment.map { "promethean --deployment \(Self.quoted($0))" } ?? "promethean"
    var commands = ["\(program) status"]
    if let tenant = echoTenant {
      let address = "--provider echo --tenant \(tenant)"
      commands = [
        "\(program) send \(address) --text \"hello\"",
        "\(program) tap 'promethean.p.echo.t.\(tenant).>'",
        "\(program) query \(address) messages",
      ]
    }
    let http = status["http"]?.stringValue.map { ["metrics and health: http://\($0)/metrics /healthz /readyz"] } ?? []
    return StatusPage(status).lines(style: style, width: width)
      + ["", style(.heading, "In another terminal:")]
      + commands.map { "  \($0)" }
      + [""] + http
      + ["Ctrl-C here, or \(program) down, stops everything."]
  }

  /// The first tenant that the provider `echo` serves here; it takes messages without any network.
  private var echoTenant: String? {
    let tenants = (status["instances"]?.arrayValue ?? []).compactMap { $0["tenant"]?.stringValue }
    let echo = tenants.first { $0.hasPrefix("echo/") && !$0.contains("*") && !$0.contains(" ") }
    return echo.map { String($0.dropFirst("echo/".count)) }
  }

  /// The word as a shell takes it for one.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) }
    return isPlain
      ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
