import Locking
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct HTTPTransfersTests {
  static let server = Result { try WebServer(isSecure: true) }

  let server: WebServer

  init() throws {
    server = try Self.server.get()
  }

  /// A host that counts dials.
  private final class Dials: Sendable {
    private let dialled = Locked(0)

    var count: Int { dialled.withLock { $0 } }

    func host(_ config: JSON) -> FakeHost {
      FakeHost(
        Stage.self,
        config: config,
        dialAnswer: { [self] _, port in
          dialled.withLock { $0 += 1 }
          return .loopback(port)
        }
      )
    }
  }

  /// What comes of requests, one after the other, and how many connections they took.
  private func send(
    _ requests: [HTTPRequest],
    within time: Duration = .seconds(60)
  ) async throws -> (results: [Result<RESTAnswer, RESTFailure>], dials: Int) {
    let dials = Dials()
    let authority = server.authority
    let results = try await Stage.run(
      on: dials.host,
      { context, _ in
        let transfers = try HTTPTransfers(context: context, authorities: authority)
        defer { transfers.stop() }
        var results: [Result<RESTAnswer, RESTFailure>] = []
        for request in requests {
          let deadline = context.clock.now.nanoseconds + Int64(time / .nanoseconds(1))
          do throws(RESTFailure) {
            results.append(.success(try await transfers.send(request, until: deadline)))
          } catch {
            results.append(.failure(error))
          }
        }
        return results
      }
    )
    return (results, dials.count)
  }

  private func request(_ method: String, _ path: String, on listener: String = "good", body: String = "") -> HTTPRequest
  {
    let headers = [(name: "User-Agent", value: "DiscordBot (test, 1)")]
    return HTTPRequest(method: method, url: server.url(path, on: listener), headers: headers, body: Array(body.utf8))
  }

  @Test func `one connection serves one request after the other`() async throws {
    let (results, dials) = try await send(
      [
        request("GET", "/hello"), request("POST", "/echo", body: "{}"), request("PUT", "/echo"),
        request("DELETE", "/echo"),
      ]
    )
    #expect(dials == 1)
    let answers = try results.map { try $0.get() }
    #expect(answers.map(\.status) == [200, 200, 200, 200])
    #expect(answers[0].header("x-twice") == "a")
    #expect(answers[0].body == Array("hello".utf8))
    let texts = answers.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(texts[1].contains("\"body\": \"{}\"") && texts[1].contains("DiscordBot (test, 1)"))
    #expect(texts[2].contains("[\"content-length\", \"0\"]"))
    #expect(!texts[3].contains("content-length"))
  }

  @Test func `a connection that has been closed meanwhile costs nothing but another`() async throws {
    let (results, dials) = try await send(
      [
        request("GET", "/leave?name=rest-left"), request("GET", "/wait?name=rest-left", on: "plain"),
        request("POST", "/echo", body: "{}"),
      ]
    )
    #expect(try results.map { try $0.get().status } == [200, 200, 200])
    #expect(dials == 3)
  }

  @Test func `a request that may have been done is not sent again, and said to be unknown`() async throws {
    let (results, dials) = try await send(
      [request("GET", "/hello"), request("POST", "/drop?once=rest", body: "{}"), request("GET", "/seen", on: "plain")]
    )
    guard case .failure(.unknown(let words)) = results[1] else {
      Issue.record("expected what is unknown, found \(results[1])")
      return
    }
    #expect(words.hasPrefix("https://localhost:\(server.ports["good"] ?? 0): expected an answer to the end"))
    #expect(!words.contains("drop"), "a path may be a secret")
    let seen = String(decoding: try results[2].get().body, as: UTF8.self)
    #expect(seen.split(separator: "POST /drop?once=rest").count == 2)
    #expect(dials == 2)
  }

  @Test func `what was not sent is unreachable`() async throws {
    let (results, _) = try await send([request("POST", "/hello", on: "expired", body: "{}")])
    guard case .failure(.unreachable(let words)) = results[0] else {
      Issue.record("expected what is unreachable, found \(results[0])")
      return
    }
    #expect(words.contains("certificate has expired") && words.contains(server.authority), "\(words)")
  }

  @Test func `an answer that does not come in time is unknown, and a body that is too large`() async throws {
    let (late, _) = try await send([request("GET", "/silent")], within: .milliseconds(500))
    let (large, _) = try await send([request("GET", "/stream?n=17000000")])
    for (result, words) in [(late[0], "an answer in time"), (large[0], "at most 16777216 bytes")] {
      guard case .failure(.unknown(let found)) = result else {
        Issue.record("expected what is unknown, found \(result)")
        continue
      }
      #expect(found.contains(words), "\(found)")
    }
  }

  @Test func `requests that come at once share few connections`() async throws {
    let dials = Dials()
    let (authority, url) = (server.authority, server.url("/hello", on: "good"))
    let statuses = try await Stage.run(
      on: dials.host,
      { context, _ in
        let transfers = try HTTPTransfers(context: context, authorities: authority)
        defer { transfers.stop() }
        let deadline = context.clock.now.nanoseconds + 60_000_000_000
        let tasks = (0..<200).map { _ in
          Task { @PluginActor in
            let request = HTTPRequest(method: "GET", url: url, headers: [], body: [])
            return try await transfers.send(request, until: deadline).status
          }
        }
        var statuses: [Int] = []
        for task in tasks { statuses.append(try await task.value) }
        return statuses
      }
    )
    #expect(statuses == [Int](repeating: 200, count: 200))
    #expect(dials.count < 200)
  }

  @Test func `a deadline that has passed sends nothing`() async throws {
    let (results, dials) = try await send([request("GET", "/hello")], within: .zero)
    guard case .failure(.deadline) = results[0] else {
      Issue.record("expected the deadline, found \(results[0])")
      return
    }
    #expect(dials == 0)
  }

  @Test func `a task that is cancelled ends its request`() async throws {
    let (url, authority) = (server.url("/silent", on: "good"), server.authority)
    let failure = try await Stage.run { context, _ -> RESTFailure? in
      let transfers = try HTTPTransfers(context: context, authorities: authority)
      defer { transfers.stop() }
      let deadline = context.clock.now.nanoseconds + 60_000_000_000
      let task = Task { @PluginActor () -> RESTFailure? in
        let request = HTTPRequest(method: "GET", url: url, headers: [], body: [])
        do throws(RESTFailure) {
          _ = try await transfers.send(request, until: deadline)
          return nil
        } catch {
          return error
        }
      }
      task.cancel()
      return await task.value
    }
    #expect(failure == .cancelled)
  }
}
