import Envelope
import Foundation
import TestSupport
import Testing

/// The Discord that other tests use: whether it is like Discord.
///
/// Its own tests are in Python, in check.py.
@Suite("The Discord for tests", .timeLimit(.minutes(Patience.minutes * 5)))
struct DiscordServerTests {
  @Test func `the server says no where Discord does, keeps its limits and forgets nothing`() async throws {
    let document = FileManager.default.fileExists(atPath: DiscordServer.document) ? [DiscordServer.document] : []
    let check = try ForeignProgram(Python.own + ["\(DiscordServer.place)/check.py"] + document)
    #expect(try await check.end() == 0, "\(check.said)")
  }

  @Test(arguments: ["zlib", "zstd"])
  func `point 27: discord.py logs in, hears, answers and resumes`(compression: String) async throws {
    guard let peer = try await Conversation(compression: compression) else { return }
    let (server, channel) = (peer.server, peer.channel)
    try await server.say("ping 1", in: channel)
    try await server.wait(for: "posted", where: ["channel": .string(channel)])

    // It misses one while its connection is broken, and is told when it has resumed.
    try await server.fault("reset")
    try await server.say("ping 2", in: channel)
    try await server.wait(for: "posted", count: 2)
    try await server.fault("reconnect")
    try await server.wait(for: "resumed", count: 2)
    try await server.fault("close", ["code": 4000])
    try await server.wait(for: "resumed", count: 3)
    try await server.say("ping 3", in: channel)
    try await server.wait(for: "posted", count: 3)

    #expect(try await server.texts(in: channel) == ["ping 1", "pong 1", "ping 2", "pong 2", "ping 3", "pong 3"])
    #expect(try await server.record("identify").count == 1)
    let resumes = try await server.record("connect").dropFirst().compactMap { $0["path"]?.stringValue }
    #expect(resumes.count == 3 && resumes.allSatisfy { $0.hasPrefix("/resume/") }, "\(resumes)")
    #expect(try await server.violations() ?? [] == [])
  }

  @Test func `point 27: discord.py resumes with a server that was killed and started again`() async throws {
    guard let peer = try await Conversation(compression: "zlib") else { return }
    try await peer.server.say("ping 1", in: peer.channel)
    try await peer.server.wait(for: "posted")
    peer.server.kill()
    let server = try await peer.server.started()
    try await server.say("ping 2", in: peer.channel)
    try await server.wait(for: "posted", count: 2)
    #expect(try await server.texts(in: peer.channel) == ["ping 1", "pong 1", "ping 2", "pong 2"])
    #expect(try await server.record("identify").count == 1)
  }
}

/// A server, and discord.py as a bot that answers each `ping` there.
private struct Conversation {
  let server: DiscordServer
  let channel: String
  private let directory: TemporaryDirectory
  private let peer: ForeignProgram

  /// nil, having said so, where there is no discord.py.
  init?(compression: String) async throws {
    guard let python = try await blocking({ Python.having(["discord.py==2.7.1", "zstandard==0.25.0"]) }) else {
      return nil
    }
    directory = try TemporaryDirectory()
    var options = DiscordServer.Options()
    options.state = directory.file("state")
    server = try await DiscordServer(options)
    let bot = try #require(server.bots.first)
    channel = try #require(bot.channels.first)
    let words = [
      "\(DiscordServer.place)/peer.py", "\(server.ports["plain"] ?? 0)", bot.token, "--compress", compression,
    ]
    peer = try ForeignProgram(python + words)
    try await server.wait(for: "ready")
  }
}
