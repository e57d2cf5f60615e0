import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// A host, or a plugin of what is to come, that is killed at a step of a change while it works; and so at each.
  @Suite struct ApplyKillTests {
    /// More steps than there are.
    private static let stepsMax = 200
    /// The first step to kill at, and how many further the next one is: all of them, or some that are drawn.
    private static func next(after step: Int, using random: inout SeededRandom) -> Int {
      step + (Products.isSoak ? 1 : .random(in: 1...8, using: &random))
    }

    // MARK: - Of the host

    @Test func `a host that is killed while it applies runs the old or the new afterwards, whole`() throws {
      var random = SeededRandom(seed: Products.seed("the choice of steps to kill the host at"))
      var isNew = false
      var kills = 0
      var step = Self.next(after: 0, using: &random)
      while step < Self.stepsMax {
        let change = try KilledChange(at: step)
        let end = try change.apply()
        let comment: Comment = "\(try change.host.steps.last ?? "no step")"
        try #require(end == nil || end == .signal(SIGKILL), comment)
        let left = try change.recorded()
        #expect(left == change.old || left == change.new, comment)
        #expect(left == change.new || !isNew, "it was the old one again: \(comment)")
        isNew = left == change.new
        if end == nil {
          let steps = try change.host.steps.count
          Products.say("\(kills) of \(steps) steps at which the host was killed")
          // Those of files alone are more.
          #expect(isNew && steps > 40)
          return
        }
        kills += 1
        change.host.stand = nil
        try change.host.start()
        #expect(try change.recorded() == left, comment)
        try change.expect(isNew ? 2 : 1, comment)
        try change.expectMessages(comment)

        // Both ways are open from there, and what is gone back to is what was.
        if !isNew { #expect(try change.perform("apply", ["approve": true]), comment) }
        #expect(try change.recorded() == change.new, comment)
        #expect(try change.host.run("diff", "--search-path", Products.sandboxed).end == .status(0), comment)
        #expect(try change.perform("rollback"), comment)
        #expect(try change.recorded() == change.old, comment)
        try change.expect(1, comment)
        try change.expectMessages(comment)
        step = Self.next(after: step, using: &random)
      }
      Issue.record("it never came to its end")
    }

    // MARK: - Of what is to come

    @Test func `a plugin that is killed before its generation is recorded leaves the old one, there and on disk`()
      throws
    {
      var random = SeededRandom(seed: Products.seed("the choice of steps to kill the plugin at"))
      var kills = 0
      var step = Self.next(after: 0, using: &random)
      while step < Self.stepsMax {
        let ledger = try Ledger { $0.stand(killing: "runner", at: step) }
        try ledger.publish(20)
        let old = try ledger.recorded()
        try ledger.build(version: 2)
        try ledger.host.arm()
        var refusal: String?
        try ledger.whilePublishing {
          do { try ledger.reload() } catch let error as Ledger.Refusal { refusal = error.description }
        }
        _ = try ledger.settled()
        try ledger.publish(20)
        let steps = try ledger.host.steps
        let comment: Comment = "\(step): \(steps.prefix(step).last ?? "no step")"
        try ledger.expect(version: refusal == nil ? 2 : 1)
        #expect(try ledger.client.deadLetters().isEmpty, comment)
        #expect(try (ledger.recorded().libraries == old.libraries) == (refusal != nil), comment)
        if let refusal {
          // The host may have wanted to tell it something before it heard of its end.
          let reasons = ["it was killed by signal 9 (SIGKILL)", "the runner has hung up"]
          #expect(reasons.contains { refusal.contains($0) }, "\(refusal): \(comment)")
          kills += 1
        }
        #expect(try ledger.host.stop() == .status(0), comment)
        if steps.count < step {
          Products.say("\(kills) of \(steps.count) steps at which a plugin was killed")
          #expect(refusal == nil && kills > 0)
          return
        }
        step = Self.next(after: step, using: &random)
      }
      Issue.record("it never came to its end")
    }
  }
}
