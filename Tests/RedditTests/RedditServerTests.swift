import Envelope
import Foundation
import TestSupport
import Testing

/// The Reddit that other tests use: whether it is like Reddit.
///
/// Its own tests are in Python, in check.py; what PRAW is made to do is in peer.py.
@Suite("The Reddit for tests", .timeLimit(.minutes(Patience.minutes * 5)))
struct RedditServerTests {
  private static let hasRecordings = FileManager.default.fileExists(atPath: RedditServer.recordings)

  @Test func `the server says no where Reddit does, goes wrong when told to and forgets nothing`() async throws {
    let recordings = Self.hasRecordings ? [RedditServer.recordings] : []
    let check = try ForeignProgram(Python.own + ["-W", "ignore", "\(RedditServer.place)/check.py"] + recordings)
    #expect(try await check.end() == 0, "\(check.said)")
  }

  @Test func `PRAW logs in, streams, posts, reads its mail and is told no`() async throws {
    try await praw(RedditServer(), [])
  }

  @Test(.enabled(if: hasRecordings)) func `PRAW streams what was recorded of Reddit`() async throws {
    var options = RedditServer.Options()
    options.recordings = [RedditServer.recordings]
    try await praw(RedditServer(options), ["--replay"])
  }

  @Test func `a server that was killed and started again has what was said, listed and posted`() async throws {
    let directory = try TemporaryDirectory()
    var options = RedditServer.Options()
    options.state = directory.file("state")
    var server = try await RedditServer(options)
    let subreddit = try #require(server.subreddits.first)
    let link = try await server.submit("title", text: "words & words", to: subreddit)
    let answers = try await server.answer(try #require(link.first), "answer {n}", count: 20)
    let comments = try await server.comment("last", in: subreddit)
    server.kill()
    server = try await server.started()
    let truth = try await server.truth(of: subreddit)
    #expect(truth.map(\.name) == link + answers + comments)
    #expect(truth.map(\.text) == ["words & words"] + (0..<20).map { "answer \($0)" } + ["last"])
    #expect(truth.allSatisfy { $0.state == "live" && !$0.isListed && !$0.fellOff })
    #expect(try await server.violations() == [])
  }

  /// Lets PRAW speak to a server; does nothing, having said so, where there is none.
  private func praw(_ server: RedditServer, _ options: [String]) async throws {
    guard let python = try await blocking({ Python.having(["praw==7.8.1"]) }) else { return }
    let words = ["-W", "ignore", "\(RedditServer.place)/peer.py", "\(server.ports["control"] ?? 0)"]
    let peer = try ForeignProgram(python + words + options)
    #expect(try await peer.end() == 0, "\(peer.said)")
  }
}
