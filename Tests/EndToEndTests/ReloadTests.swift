import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// A generation takes the place of another: with all that was in memory, or not at all.
  @Suite struct ReloadTests {
    private let ledger: Ledger

    init() throws { ledger = try Ledger() }

    @Test func `the next generation goes on with what was in memory`() throws {
      try ledger.publish(50)
      let before = try ledger.settled()
      try ledger.build(version: 2, state: 2)
      try ledger.reload()
      try ledger.publish(50)
      try ledger.expect(version: 2)
      let after = try ledger.settled()
      #expect(after["generation"] == 2 && after["restarts"] == 0 && after["refused"]?.isNull == true)
      let pid = try #require(before["pid"]?.intValue)
      #expect(kill(pid_t(pid), 0) == -1 && errno == ESRCH, "the old process is there still")
      #expect(try ledger.host.stop() == .status(0))
    }

    @Test(arguments: LedgerFault.all)
    func `one that is broken leaves the one before it serving, and says why`(fault: LedgerFault) throws {
      try ledger.publish(20)
      try ledger.build(version: 2, fault: fault)
      try ledger.whilePublishing { try ledger.expectRefusal(of: fault) }
      try ledger.publish(20)
      try ledger.expect(version: 1)
      let instance = try ledger.settled()
      #expect(instance["generation"] == 1 && instance["restarts"] == 0)
      #expect(instance["refused"]?.stringValue?.contains(fault.reason) == true, "\(instance)")
      #expect(try ledger.client.deadLetters().isEmpty)
      #expect(try ledger.host.stop() == .status(0))
    }

    @Test func `one that breaks once it has handled something takes nothing of that with it`() throws {
      // At which point of its being recorded it breaks is for the machine to say, so it is tried some times.
      for _ in 0..<3 {
        try ledger.build(version: 2, fault: .late)
        try ledger.whilePublishing { try ledger.expectRefusal(of: .late) }
        try ledger.publish(20)
        try ledger.expect(version: 1)
        let instance = try ledger.settled()
        #expect(instance["generation"] == 1 && instance["restarts"] == 0)
      }
      #expect(try ledger.client.deadLetters().isEmpty)
      // What runs is what is recorded, whatever was recorded meanwhile.
      #expect(try ledger.recorded().libraries == ledger.generations.generation(1).libraries)
    }

    @Test func `one that reads no state of that version is refused, and so is one that does not give`() throws {
      try ledger.build(version: 2, state: 2)
      try ledger.reload()
      try ledger.publish(10)
      try ledger.build(version: 3, state: 1)
      let reason = "the generation before gives version 2, this one takes at most 1"
      #expect { try ledger.reload() } throws: { "\($0)".contains(reason) }
      try ledger.expect(version: 2)
      try ledger.build(version: 4, state: 2, fault: LedgerFault(name: "FAIL_IN_GIVE", reason: ""))
      try ledger.reload()
      try ledger.build(version: 5, state: 2)
      #expect { try ledger.reload() } throws: {
        "\($0)".contains("the generation before it could not hand over: no key")
      }
      try ledger.publish(10)
      try ledger.expect(version: 4)
    }

    /// How often the plugin is reloaded in a row: as many as take half a minute, or as the long proof asks for.
    private static let rounds = Products.isSoak ? 200 : 20
    /// What memory may be more in the end than after a quarter of the reloads: a tenth is what the allocator's arenas and
    /// the journal's cache vary by, and less than a leak of a ring for each generation would come to.
    private static let growthMax = 1.1

    @Test func `a series of reloads under load, good ones and bad, loses nothing and leaves nothing`() throws {
      var random = SeededRandom(seed: Products.seed("the order of reloads"))
      // Three in ten are bad.
      let bad = Self.rounds * 3 / 10
      let faults = LedgerFault.all.shuffled(using: &random)
      let order = (0..<Self.rounds).map { $0 < bad ? faults[$0 % faults.count] : nil }.shuffled(using: &random)
      try ledger.publish(20)
      let host = try #require(ledger.host.process?.pid)
      let before = try Footprint(of: host, in: ledger.host.directory)
      var version: Int64 = 1
      var resident = 0
      try ledger.whilePublishing {
        for (round, fault) in order.enumerated() {
          try ledger.build(version: version + 1, fault: fault)
          if let fault {
            try ledger.expectRefusal(of: fault)
          } else {
            try ledger.reload()
            version += 1
          }
          // What the first few bring with them is there to stay.
          if round == order.count / 4 { resident = try Footprint.residentBytes(host) }
        }
      }
      try ledger.expect(version: version)
      let instance = try ledger.settled()
      #expect(instance["generation"] == .int(version) && instance["restarts"] == 0)
      #expect(try ledger.client.deadLetters().isEmpty)
      let after = try Footprint.residentBytes(host)
      Products.say(
        """
        \(order.count) reloads, \(bad) of them bad, at \(Int(ledger.rate)) messages a second; memory \(resident) bytes \
        after a quarter of them, \(after) in the end
        """
      )
      if !Products.isSanitized { #expect(Double(after) <= Double(resident) * Self.growthMax) }
      // The end of the publisher's connection is seen in its own time.
      var left: Footprint?
      _ = try? ledger.host.until("nothing is left") { () -> Void? in
        // What is closed while it is looked at cannot be listed; then it is looked at again.
        guard let found = try? Footprint(of: host, in: ledger.host.directory) else { return nil }
        left = found
        return left == before ? () : nil
      }
      #expect(left == before)
    }
  }
}
