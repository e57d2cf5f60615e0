internal import Envelope
internal import Glibc

/// The Discord for tests, as what a plugin is measured against.
struct DiscordServer {
  /// Where its programs are.
  let place: String
  private let build: String

  /// nil, having said so, where there is no Python.
  init?(in directory: WorkDirectory) throws {
    place = "\(directory.build)/../Tests/Fixtures/DiscordServer"
    build = directory.build
    guard let child = try? Child("python3", ["-c", "print(1)"], isQuiet: true), child.line() == "1" else {
      print("no python3, which the server that the plugin is measured against is written in")
      return nil
    }
    child.end()
  }

  /// One that runs.
  struct Running {
    let child: Child
    let port: Int64
    let control: Int64
    /// The token of its first bot.
    let token: String
  }

  /// Starts one with these options; it ends with this program.
  func start(_ options: [String]) throws -> Running {
    let token = "bench.bot.token"
    let child = try Child("python3", ["\(place)/server.py", "--tests", "--token", token] + options)
    guard let line = child.line(), let ports = try? JSON.parse(line), let port = ports["plain"]?.intValue,
      let control = ports["control"]?.intValue
    else { throw BenchError("server.py ended before it listened") }
    return Running(child: child, port: port, control: control, token: token)
  }

  /// Runs one of its programs to its end.
  func run(_ program: String, _ arguments: [String]) throws {
    let child = try Child("python3", ["\(place)/\(program)"] + arguments)
    while child.line() != nil {}
    child.end()
  }

  /// The words that start a Python which has these packages; nil if they cannot be had.
  func python(having packages: [String]) -> [String]? {
    Python.having(packages, file: "discord", in: build)
  }
}

extension DiscordServer.Running {
  /// A deployment with the plugin, one tenant of it, which publishes canonical events alone.
  func deployment(in directory: WorkDirectory, compression: String = "zlib") throws -> String {
    let secret = "\(directory.path)/token"
    try WorkDirectory.write(Array(token.utf8), to: secret)
    guard unsafe chmod(secret, 0o600) == 0 else { throw BenchError(call: secret) }
    return """
      version: 1
      host:
        http: { enabled: false }
        log: { level: warn }
      tenants:
        - { provider: discord, tenant: bot, credentials: { bot_token: { file: \(secret) } } }
      plugins:
        discord:
          library: Discord
          tenants: [discord/bot]
          grants:
            provider.gateway.connect: {}
            provider.rest.call: {}
            secrets.read: [bot_token]
            net.dial: ["127.0.0.1:\(port)"]
            subscribe:
              - promethean.p.discord.t.*.social.PostMessage
              - promethean.p.discord.t.*.rest.request
              - promethean.p.discord.t.*.control.presence
            publish: ["promethean.p.discord.t.*.events.*", promethean.p.discord.t.*.control.SocialTyping]
            clock: {}
            log: {}
            state: {}
          limits: { rate: 10000000, memory: 256MiB }
          config:
            api: "http://127.0.0.1:\(port)/api/v10"
            compression: \(compression)-stream
            requests_per_second: 10000
            raw_events: []
      """
  }
}
