import Envelope
import Testing

@testable import Host

@Suite struct SubscriptionTrieTests {
  @Test(arguments: [
    ("promethean.p.echo.t.demo.events.SocialMessageCreated", [1, 2, 3, 5]),
    ("promethean.p.echo.t.demo.events.SocialMessageDeleted", [2, 5]),
    ("promethean.p.echo.t.other.events.SocialMessageCreated", [3, 5]),
    ("promethean.p.echo.t.demo.jobs.backfill.messages.done", [4, 5]),
    ("promethean.sys.audit.denied", []),
    ("promethean.p.echo.t.demo.events", []),
  ])
  func `a topic finds those whose patterns match it, each once`(topic: String, expected: [Int]) throws {
    var trie = SubscriptionTrie<Int>()
    trie.insert(1, under: try TopicPattern("promethean.p.echo.t.demo.events.SocialMessageCreated"))
    trie.insert(
      2,
      under: try TopicPattern("promethean.p.echo.t.demo.events.(SocialMessageCreated|SocialMessageDeleted)")
    )
    trie.insert(3, under: try TopicPattern("promethean.p.*.t.*.events.SocialMessageCreated"))
    trie.insert(3, under: try TopicPattern("promethean.p.echo.t.*.events.SocialMessageCreated"))
    trie.insert(4, under: try TopicPattern("promethean.p.*.t.*.jobs.>"))
    trie.insert(5, under: try TopicPattern("promethean.p.*.t.*.*.>"))
    #expect(trie.subscribers(of: topic) == expected)
  }

  @Test func `who was removed is found no more`() throws {
    var trie = SubscriptionTrie<Int>()
    trie.insert(1, under: try TopicPattern("promethean.p.>"))
    trie.insert(2, under: try TopicPattern("promethean.p.>"))
    trie.remove(1)
    #expect(trie.subscribers(of: "promethean.p.echo.t.demo.events.a") == [2])
  }

  @Test(arguments: 0..<10)
  func `it agrees with matching pattern by pattern`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let alphabet = ["a", "b", "c"]
    func token() -> String { alphabet[Int.random(in: 0..<3, using: &random)] }
    var trie = SubscriptionTrie<Int>()
    var patterns: [TopicPattern] = []
    for number in 0..<40 {
      var tokens = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        [token(), "*", "(a|b)"][Int.random(in: 0..<3, using: &random)]
      }
      if Bool.random(using: &random) { tokens.append(">") }
      let pattern = try TopicPattern(tokens.joined(separator: "."))
      patterns.append(pattern)
      trie.insert(number, under: pattern)
    }
    for _ in 0..<200 {
      let topic = (0..<Int.random(in: 1...5, using: &random)).map { _ in token() }.joined(separator: ".")
      #expect(trie.subscribers(of: topic) == patterns.indices.filter { patterns[$0].matches(topic) })
    }
  }
}

@Suite struct RouteTableTests {
  private func find(_ text: String, in table: RouteTable) -> Route? {
    unsafe Array(text.utf8).withUnsafeBytes { unsafe table.find($0) }
  }

  @Test func `a topic that was inserted is found by its bytes, and no other`() throws {
    var table = RouteTable()
    let topics = try (0..<500).map { try Topic("promethean.p.echo.t.demo.events.E\($0)") }
    for topic in topics { _ = table.insert(topic, consumers: [], isTapped: false) }
    for (index, topic) in topics.enumerated() {
      #expect(find(topic.description, in: table)?.index == index)
    }
    #expect(find("promethean.p.echo.t.demo.events.E500", in: table) == nil)
    #expect(find("", in: table) == nil)
  }

  @Test func `a full table starts anew, and says so by its epoch`() throws {
    var table = RouteTable()
    for number in 0...RouteTable.capacity {
      _ = table.insert(try Topic("promethean.p.echo.t.demo.events.E\(number)"), consumers: [], isTapped: false)
    }
    #expect(table.epoch == 1)
    #expect(find("promethean.p.echo.t.demo.events.E0", in: table) == nil)
    #expect(find("promethean.p.echo.t.demo.events.E\(RouteTable.capacity)", in: table)?.index == 0)
  }
}

@Suite struct HopTableTests {
  private static let trace: UInt64 = 0xfeed

  @Test func `what an instance sends has passed one plugin more than what it was sent`() {
    var table = HopTable()
    #expect(table.next(trace: Self.trace, from: 1) == 0)
    table.delivered(trace: Self.trace, to: 1, hops: 3)
    #expect(table.next(trace: Self.trace, from: 1) == 4)
    #expect(table.next(trace: Self.trace, from: 1) == 4)
  }

  @Test func `two plugins that answer each other reach the limit`() {
    var table = HopTable()
    var hops: UInt32 = 0
    for round in 0... {
      table.delivered(trace: Self.trace, to: round % 2, hops: hops)
      hops = table.next(trace: Self.trace, from: round % 2)
      if hops > HopTable.limit { break }
    }
    #expect(hops == HopTable.limit + 1)
  }

  @Test(arguments: [
    ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", UInt64?.some(0x8448_eb21_1c80_319c)),
    ("00-00000000000000000000000000000000-b7ad6b7169203331-01", nil),
    ("00-0af7651916cd43dd8448eb211c80319C-b7ad6b7169203331-01", nil),
    ("", nil), ("00-short", nil),
  ])
  func `a traceparent is told by half of its trace id`(text: String, expected: UInt64?) {
    #expect(unsafe Array(text.utf8).withUnsafeBytes { unsafe HopTable.identity(of: $0) } == expected)
  }
}

@Suite struct DeliveryTableTests {
  @Test func `a token finds its delivery once, and a made-up one finds none`() {
    var table = DeliveryTable()
    let token = table.add(DeliveryTable.Delivery(consumer: 1, sequence: 5, request: nil, since: 10, due: 30))
    #expect(token != 0)
    let found = [table.remove(token + 1), table.remove(token), table.remove(token)].map { $0?.sequence }
    #expect(found == [nil, 5, nil])
    let next = table.add(DeliveryTable.Delivery(consumer: 1, sequence: 6, request: nil, since: 20, due: 40))
    #expect(next != token)
    #expect(table.firstDue == 40)
    let open = table.removeAll()
    #expect(open.map(\.sequence) == [6])
    #expect(table.count == 0)
  }
}

@Suite struct BackoffTests {
  @Test func `starts in vain wait longer and longer, and then no more`() {
    var backoff = Backoff()
    var waits: [Int64] = []
    var now: Int64 = 0
    while let wait = backoff.ended(inVain: true, at: now, random: 0.5) {
      waits.append(wait)
      now += wait + 10 * Backoff.interval
    }
    #expect(waits.count == Backoff.budget - 1)
    #expect(waits == waits.sorted())
    #expect(waits.first == Backoff.first)
  }

  @Test func `an instance that worked is started at once, with a new budget`() {
    var backoff = Backoff()
    _ = backoff.ended(inVain: true, at: 0, random: 0.5)
    let wait = backoff.ended(inVain: false, at: Backoff.interval, random: 0.5)
    #expect(wait == 0)
    #expect(backoff.failures == 0)
  }

  @Test func `one that ends again and again is started a few times at once, and then at intervals`() {
    var backoff = Backoff()
    let waits = (0..<6).map { _ in backoff.ended(inVain: false, at: 7, random: 0.5) }
    #expect(waits == [0, 0, 0, 1, 2, 3].map { $0 * Backoff.interval })
    // Each interval without an end gives back one of those at once.
    var now = 7 + 4 * Backoff.interval
    #expect(backoff.ended(inVain: false, at: now, random: 0.5) == 0)
    #expect(backoff.ended(inVain: false, at: now, random: 0.5) == Backoff.interval)
    now += 60 * Backoff.interval
    let atOnce = (0..<5).map { _ in backoff.ended(inVain: false, at: now, random: 0.5) == 0 }
    #expect(atOnce == [true, true, true, false, false])
  }
}
