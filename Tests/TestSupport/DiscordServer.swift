internal import Envelope
internal import Foundation

/// The Discord of Tests/Fixtures/DiscordServer, on loopback; it ends with this object, or with the tests.
///
/// What it can be told and asked is in its control.py, what can go wrong in its faults.py.
package final class DiscordServer: ControlledServer {
  /// A bot that may log in.
  package struct Bot: Sendable {
    package let id: String
    package let token: String
    /// The guild that it is in at first, alone of all bots.
    package let guild: String
    /// The channels of that guild.
    package let channels: [String]
  }

  /// How a server is started.
  package struct Options: Sendable {
    /// Whether it speaks TLS too; see `authority`.
    package var isSecure = false
    /// A file that keeps what a server must know that is started after this one was killed.
    package var state: String?
    /// A token for each bot; none: two bots, with tokens of the server's making.
    package var tokens: [String] = []
    /// Whether requests and answers are held to Discord's OpenAPI document, which halves how many it takes a second.
    package var isChecked = true
    /// A file of frames for every session; see frames.py.
    package var replay: String?
    /// Where it listens; what is missing the kernel picks.
    package var ports: [String: UInt16] = [:]

    package init() {}
  }

  package let server: PythonServer
  /// The bots, each in a guild of its own.
  package let bots: [Bot]
  /// The certificate of the authority that its own is of.
  package var authority: String { certificates.file("authority.pem") }
  private let options: Options
  private let certificates: TemporaryDirectory

  /// The directory of its programs.
  package static let place = "\(Products.package)/Tests/Fixtures/DiscordServer"
  /// Discord's OpenAPI document, which is not always there.
  package static let document = "\(Products.package)/../shared/data/discord/openapi.json"

  /// Starts it.
  package convenience init(_ options: Options = Options()) async throws {
    let certificates = try TemporaryDirectory()
    if options.isSecure {
      try certificates.makeCertificates()
    }
    try await self.init(options, certificates: certificates)
  }

  private init(_ options: Options, certificates: TemporaryDirectory) async throws {
    self.options = options
    self.certificates = certificates
    var words: [String] = []
    if options.isSecure { words += ["--tls", certificates.path] }
    if let state = options.state { words += ["--state", state] }
    if let replay = options.replay { words += ["--replay", replay] }
    for token in options.tokens { words += ["--token", token] }
    if options.isChecked { words += ["--openapi", Self.document] }
    let server = try await PythonServer("\(Self.place)/server.py", words, ports: options.ports)
    self.server = server
    let world = try await LoopbackPost.json("world", [:], port: server.ports["control"] ?? 0)
    bots = Self.bots(of: world)
  }

  /// Starts it again where it listened before, with the state that it has kept.
  package func started() async throws -> DiscordServer {
    var options = options
    options.ports = ports
    return try await DiscordServer(options, certificates: certificates)
  }

  /// The REST API.
  package func api(isSecure: Bool = false) -> String {
    isSecure ? "https://localhost:\(ports["secure"] ?? 0)/api/v10" : "http://127.0.0.1:\(ports["plain"] ?? 0)/api/v10"
  }

  /// The gateway, as `/gateway/bot` says too.
  package func gateway(isSecure: Bool = false) -> String {
    isSecure ? "wss://localhost:\(ports["secure"] ?? 0)/gateway" : "ws://127.0.0.1:\(ports["plain"] ?? 0)/gateway"
  }

  private static func bots(of world: JSON) -> [Bot] {
    let guilds = (world["guilds"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
    let channels = world["channels"]?.arrayValue ?? []
    return zip(world["bots"]?.arrayValue ?? [], guilds).map { bot, guild in
      Bot(
        id: bot["id"]?.stringValue ?? "",
        token: bot["token"]?.stringValue ?? "",
        guild: guild,
        channels: channels.filter { $0["guild_id"]?.stringValue == guild }.compactMap { $0["id"]?.stringValue }
      )
    }
  }
}
