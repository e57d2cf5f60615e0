import Foundation
import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct KeptTokenTests {
  private static let refresh = [
    "reddit_client_id": "an-app", "reddit_client_secret": "canary-secret", "reddit_refresh_token": "canary-refresh-0",
  ]

  @Test func `the next process goes on with the token of the one before`() async throws {
    let (texts, asked) = try await RedditStage.run { bench in
      var texts = [try await bench.token().get().text]
      bench.restart()
      var scopes: Scopes?
      bench.process.authorizer.onToken = { scopes = $0 }
      texts.append(try await bench.token().get().text)
      return (texts + [scopes?.description ?? ""], bench.reddit.tokenCalls.count)
    }
    #expect(texts == ["canary-token-1", "canary-token-1", "*"])
    #expect(asked == 1)
  }

  @Test func `a refresh token that replaces another is used next time, and by the next process`() async throws {
    let used = try await RedditStage.run(secrets: Self.refresh, step: .seconds(1)) { bench in
      bench.reddit.isRotating = true
      _ = try await bench.token().get()
      try await bench.sleep(3590)
      _ = try await bench.token().get()
      bench.restart()
      try await bench.sleep(3590)
      _ = try await bench.token().get()
      bench.restart()
      try await bench.sleep(7200)
      // Reddit may give none with a token: the last one stays.
      bench.reddit.isRotating = false
      _ = try await bench.token().get()
      bench.restart()
      try await bench.sleep(7200)
      _ = try await bench.token().get()
      return bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
    }
    #expect(used == (0...3).map { "canary-refresh-\($0)" } + ["canary-refresh-3"])
  }

  @Test func `one that was replaced stays replaced when other credentials turn out to be the same`() async throws {
    let used = try await RedditStage.run(secrets: Self.refresh) { bench in
      bench.reddit.isRotating = true
      let token = try await bench.token().get()
      bench.process.authorizer.secretsChanged()
      _ = try await bench.token().get()
      bench.process.authorizer.refused(token)
      _ = try await bench.token().get()
      return bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
    }
    #expect(used == ["canary-refresh-0", "canary-refresh-1"])
  }

  @Test func `when Reddit refuses the one that replaced it, the operator's own is tried`() async throws {
    let (used, refusal) = try await RedditStage.run(secrets: Self.refresh) { bench in
      bench.reddit.isRotating = true
      let token = try await bench.token().get()
      bench.process.authorizer.refused(token)
      bench.reddit.tokenAnswer = { $0.form["refresh_token"] == "canary-refresh-0" ? nil : .json(400, [:]) }
      _ = await bench.token()
      _ = try await bench.token().get()
      let used = bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
      return (used, bench.process.authorizer.refusal)
    }
    #expect(used == ["canary-refresh-0", "canary-refresh-1", "canary-refresh-0"])
    #expect(refusal == nil)
  }

  @Test func `a refresh token without a letter replaces none`() async throws {
    let used = try await RedditStage.run(secrets: Self.refresh) { bench in
      bench.reddit.tokenAnswer = { _ in .json(200, ["access_token": "canary-x", "refresh_token": ""]) }
      bench.process.authorizer.refused(try await bench.token().get())
      _ = await bench.token()
      return bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
    }
    #expect(used == ["canary-refresh-0", "canary-refresh-0"])
  }

  @Test(arguments: [refresh, RedditStage.script])
  func `what lies in the state holds no credential, in whatever writing`(secrets: [String: String]) async throws {
    let documents = try await RedditStage.run(secrets: secrets) { bench in
      bench.reddit.isRotating = true
      _ = try await bench.token().get()
      return bench.host.record.documents.mapValues(\.bytes)
    }
    #expect(documents.keys.sorted() == ["reddit/demo/reddit-token"])
    let hidden = secrets.values.filter { $0.contains("canary") } + ["canary-token-1", "canary-refresh-1"]
    for bytes in documents.values {
      let text = String(decoding: bytes, as: UTF8.self)
      for secret in hidden {
        for offset in 0..<3 {
          // In base64 a text looks in three ways, by what stands before it.
          let padded = Data(Array(repeating: 0x20, count: offset) + Array(secret.utf8)).base64EncodedString()
          #expect(!text.contains(padded.dropFirst(4).dropLast(4)))
        }
        #expect(!text.contains(secret))
        #expect(!text.lowercased().contains(Hex.encode(Array(secret.utf8))))
      }
    }
  }

  @Test func `an app without any secret keeps nothing`() async throws {
    let documents = try await RedditStage.run(secrets: ["reddit_client_id": "a", "reddit_username": "duck"]) { bench in
      _ = try await bench.token().get()
      bench.restart()
      _ = try await bench.token().get()
      return (bench.host.record.documents.count, bench.reddit.tokenCalls.count)
    }
    #expect(documents == (0, 2))
  }

  @Test(arguments: [
    "reddit_client_id", "reddit_client_secret", "reddit_refresh_token", "reddit_username", "reddit_password",
  ])
  func `what was kept under other credentials is as good as none`(name: String) async throws {
    var all = Self.refresh
    (all["reddit_username"], all["reddit_password"]) = ("duck", "canary-password")
    let secrets = all
    let asked = try await RedditStage.run(secrets: secrets) { bench in
      _ = try await bench.token().get()
      bench.restart()
      var others = secrets
      others[name] = "canary-other"
      await bench.host.give(credentials: others)
      _ = try await bench.token().get()
      return bench.reddit.tokenCalls.count
    }
    #expect(asked == 2)
  }

  @Test func `of what was kept no byte can be changed, left out or added`() async throws {
    let (asked, tries) = try await RedditStage.run { bench in
      _ = try await bench.token().get()
      let bytes = try await bench.context.state.get(Authorizer.document)?.bytes ?? []
      var broken = [Array(bytes.dropLast()), Array(bytes.dropFirst()), bytes + [0], [], Array("{}".utf8)]
      for place in stride(from: 0, to: bytes.count, by: 7) {
        broken.append(bytes)
        broken[broken.count - 1][place] ^= 1
      }
      for bytes in broken {
        try await bench.context.state.put(Authorizer.document, bytes)
        bench.restart()
        _ = try await bench.token().get()
      }
      return (bench.reddit.tokenCalls.count, broken.count)
    }
    #expect(asked == tries + 1)
  }

  @Test func `a token that has ended meanwhile is not used, its refresh token is`() async throws {
    let used = try await RedditStage.run(secrets: Self.refresh, step: .seconds(1)) { bench in
      bench.reddit.isRotating = true
      _ = try await bench.token().get()
      bench.restart()
      try await bench.sleep(3580)
      return [try await bench.token().get().text] + bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
    }
    #expect(used == ["canary-token-2", "canary-refresh-0", "canary-refresh-1"])
  }
}
