import PluginKit
import TestSupport
import Testing

@testable import Fetch

@Suite(.timeLimit(.minutes(Patience.minutes))) struct FairnessTests {
  @Test func `of one requester only so many are under way, and others are not kept waiting`() async throws {
    let fetch = try await FetchFixture(config: ["concurrency": 1, "waiting": 1])
    let name = UInt64.random(in: 0 ... .max)
    let wait = FetchFixture.request("GET \(fetch.server.url("/wait?name=\(name)")) 100", from: "slow")
    let hello = "GET \(fetch.server.url("/hello")) 100"
    let first = await fetch.host.deliver(wait)
    await fetch.host.until { $0.dialled.isEmpty ? nil : () }
    let second = await fetch.host.deliver(FetchFixture.request(hello, from: "slow"))
    let third = FetchFixture.request(hello, from: "slow")
    #expect(
      await fetch.refusal(third) == "slow: expected at most 1 fetches to wait, found 1 under way and 1 waiting"
    )
    #expect(try await fetch.host.request(FetchFixture.request(hello, from: "other"))["body"] == "hello")
    #expect(fetch.host.record.settled.allSatisfy { $0.delivery != first && $0.delivery != second })
    let release = "GET \(fetch.server.url("/release?name=\(name)")) 100"
    _ = try await fetch.host.request(FetchFixture.request(release, from: "other"))
    // The second has its turn when the first has ended.
    guard case .response(let response) = await fetch.host.outcome(of: second) else {
      Issue.record("expected a response")
      return
    }
    #expect(try JSON.parse(response.payload)["body"] == "hello")
    #expect(fetch.host.record.outcome(of: first) != nil)
    try await fetch.host.stop()
  }

  @Test func `of one requester only so many begin in a second`() async throws {
    let fetch = try await FetchFixture(config: ["rate": 1, "burst": 2])
    let hello = FetchFixture.request("GET \(fetch.server.url("/hello")) 100")
    for _ in 0..<2 { _ = try await fetch.host.request(hello) }
    let third = await fetch.host.deliver(hello)
    // Others come and go meanwhile.
    let other = FetchFixture.request("GET \(fetch.server.url("/hello")) 100", from: "other")
    _ = try await fetch.host.request(other)
    #expect(fetch.host.record.outcome(of: third) == nil)
    await fetch.host.advance(by: .seconds(1))
    await fetch.host.advance(by: .milliseconds(1))
    guard case .response = await fetch.host.outcome(of: third) else {
      Issue.record("expected a response")
      return
    }
    #expect(fetch.host.record.dialled.count == 4)
    try await fetch.host.stop()
  }

  @Test func `whose turn comes too late is told so`() async throws {
    let fetch = try await FetchFixture(config: ["rate": 1, "burst": 1])
    let hello = "GET \(fetch.server.url("/hello")) 100"
    _ = try await fetch.host.request(FetchFixture.request(hello))
    let late = await fetch.host.deliver(FetchFixture.request(hello, within: 500_000_000))
    await fetch.host.advance(by: .milliseconds(1001))
    guard case .response(let response) = await fetch.host.outcome(of: late) else {
      Issue.record("expected a response")
      return
    }
    #expect(try JSON.parse(response.payload)["message"]?.stringValue?.contains("its turn did not come") == true)
    try await fetch.host.stop()
  }
}
