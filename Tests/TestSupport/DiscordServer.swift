internal import Envelope

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
    /// A file that keeps what a server must know that is started after this one was killed.
    package var state: String?
    /// A token for each bot; none: two bots, with tokens of the server's making.
    package var tokens: [String] = []

    package init() {}

    /// What its program is told: also to hold requests and answers to Discord's OpenAPI document.
    var words: [String] {
      let own = (state.map { ["--state", $0] } ?? []) + tokens.flatMap { ["--token", $0] }
      return own + ["--openapi", DiscordServer.document]
    }
  }

  package let server: PythonServer
  /// The bots, each in a guild of its own.
  package let bots: [Bot]

  /// The directory of its programs.
  package static let place = "\(Products.package)/Tests/Fixtures/DiscordServer"
  /// Discord's OpenAPI document, which is not always there.
  package static let document = "\(Products.package)/../shared/data/discord/openapi.json"

  /// Starts it.
  package convenience init(_ options: Options = Options()) async throws {
    try await self.init(running: PythonServer("\(Self.place)/server.py", options.words))
  }

  package init(running server: PythonServer) async throws {
    self.server = server
    let world = try await LoopbackPost.json("world", [:], port: server.ports["control"] ?? 0)
    bots = Self.bots(of: world)
  }

  /// The REST API.
  package var api: String { "\(url)/api/v10" }

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
