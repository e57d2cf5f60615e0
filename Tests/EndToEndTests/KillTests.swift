import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// `kill -9` in the middle of the work: what was reported accepted is there afterwards, once.
  @Suite struct KillTests {
    enum Victim: String, CaseIterable, Sendable {
      case indexer = "message-indexer"
      case storage
      case echo = "echo@demo"
      case host
    }

    /// A moment of the work to kill somebody at.
    struct Point: Sendable, CustomTestStringConvertible {
      let victim: Victim
      /// How many messages have been accepted by then; beyond all of them: when that many have been, and their indexing
      /// goes on.
      let accepted: Int

      var testDescription: String { "\(victim.rawValue) after \(accepted)" }
    }

    /// Real messages, all of them or as many as take a second or two.
    static let messages = Array(Message.all.prefix(Products.isSoak ? .max : 240))

    static let points: [Point] = {
      var random = SeededRandom(seed: Products.seed("the choice of points to kill at"))
      let count = Products.isSoak ? 52 : 12
      return (0..<count).map { index in
        let victim = Victim.allCases[index % Victim.allCases.count]
        return Point(
          victim: victim,
          accepted: min(.random(in: 1...messages.count * 5 / 4, using: &random), messages.count)
        )
      }
    }()

    @Test(arguments: points)
    func `what was accepted is there after somebody was killed, once`(point: Point) throws {
      let host = try TestHost(TestHost.echo())
      try host.start()
      // What the one who is killed had in hand is answered with an error; whatever else is, is not meant.
      let isRefused = point.victim == .echo
      let accepted = try send(to: host, mayBeRefused: isRefused) { count, client in
        if count == point.accepted { try kill(point.victim, of: host, client) }
      }
      if point.victim == .host {
        #expect(accepted.count >= point.accepted)
        #expect(try host.process?.wait() == .signal(SIGKILL))
        try host.start()
      } else if !isRefused {
        #expect(accepted.count == Self.messages.count)
      }
      let client = try host.client()
      try host.waitUntilIdle(client)
      let stored = try client.storedMessages()
      #expect(Set(stored).count == stored.count)
      #expect(accepted.subtracting(stored) == [])
      #expect(Set(stored).subtracting(Self.messages.map(\.id)) == [])
      if point.victim != .host {
        let restarts = try client.instance(point.victim.rawValue)["restarts"]?.intValue ?? 0
        #expect(restarts >= 1)
      }

      // Whoever sends again what was not answered has all of it, still once.
      #expect(try send(to: host) { _, _ in }.count == Self.messages.count)
      try host.waitUntilIdle(client)
      #expect(try client.storedMessages().sorted() == Self.messages.map(\.id).sorted())
      #expect(try client.deadLetters() == [])
    }

    /// Sends every message, and returns the ids of those that were accepted before the connection ended.
    private func send(
      to host: TestHost,
      mayBeRefused: Bool = false,
      _ accept: (Int, AdminClient) throws -> Void
    ) throws -> Set<String> {
      let client = try host.client()
      let killer = try host.client()
      var open: [Int64: String] = [:]
      for message in Self.messages {
        open[try client.send(echoing: message)] = message.id
      }
      var accepted: Set<String> = []
      do throws(AdminClientError) {
        while !open.isEmpty {
          let event = try client.receive()
          guard let id = open.removeValue(forKey: event.request) else { continue }
          // Nobody was there to take it, or whoever had taken it was killed.
          if mayBeRefused, case .error(.refused(let code, let message)) = event.content,
            code == "unavailable" || message.contains("ended while it handled the request")
          {
            continue
          }
          guard case .ok = event.content else {
            Issue.record("\(id): \(event.content)")
            continue
          }
          accepted.insert(id)
          do { try accept(accepted.count, killer) } catch { Issue.record(error) }
        }
      } catch {
        #expect(error == .closed)
      }
      return accepted
    }

    private func kill(_ victim: Victim, of host: TestHost, _ client: AdminClient) throws {
      guard victim != .host else { return host.process?.kill(SIGKILL) ?? () }
      try client.kill(victim.rawValue)
    }
  }
}
