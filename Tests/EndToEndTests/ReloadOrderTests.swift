import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// Whatever is changed meanwhile, and in which order: what comes of the messages is what would have come of them.
  @Suite struct ReloadOrderTests {
    /// Something that is done to a plugin while it works.
    private enum Step {
      case reload(state: Int)
      case fail(LedgerFault)
      /// Another configuration, which takes new instances.
      case configure
      /// Another limit, which takes none.
      case limit
      case rollback
    }

    /// How many orders are tried, and of how many steps each is.
    private static let orders = Products.isSoak ? 40 : 3
    private static let length = Products.isSoak ? 20 : 10

    @Test func `the state in the end is the same for any order of changes`() throws {
      var random = SeededRandom(seed: Products.seed("the choice of orders"))
      for order in 1...Self.orders {
        let steps = (0..<Self.length).map { _ in Self.step(using: &random) }
        let changed = try Ledger()
        let run = Run(ledger: changed)
        try changed.whilePublishing { for step in steps { try run.take(step, using: &random) } }
        try changed.expect(version: run.version)
        let undisturbed = try Ledger()
        try undisturbed.publish(changed.last)
        let (hash, expected) = (try changed.report()["hash"], try undisturbed.report()["hash"])
        #expect(hash == expected && hash != nil, "order \(order): \(steps)")
        #expect(try changed.client.deadLetters().isEmpty)
        Products.say("order \(order): \(changed.last) messages, \(Int(changed.rate)) a second, \(run.summary)")
      }
    }

    private static func step(using random: inout SeededRandom) -> Step {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3: .reload(state: .random(in: 1...2, using: &random))
      case 3..<6: .fail((LedgerFault.all + [.late]).randomElement(using: &random) ?? .late)
      case 6: .configure
      case 7: .limit
      default: .rollback
      }
    }

    /// What is known of a plugin that is changed.
    private final class Run {
      /// A library, as it says of itself.
      private struct Library {
        var version: Int64
        var state: Int
      }

      private let ledger: Ledger
      /// The library of each generation that is there to go back to, by its number.
      private var libraries: [Int: Library] = [1: Library(version: 1, state: 1)]
      private var serving = Library(version: 1, state: 1)
      /// The version that was built last.
      private var newest: Int64 = 1
      private var settings = 1
      private var counts: [String: Int] = [:]

      init(ledger: Ledger) { self.ledger = ledger }

      var version: Int64 { serving.version }
      var summary: String { counts.sorted { $0.key < $1.key }.map { "\($1) \($0)" }.joined(separator: ", ") }

      func take(_ step: Step, using random: inout SeededRandom) throws {
        switch step {
        case .reload(let state):
          newest += 1
          try ledger.build(version: newest, state: state)
          try change("reload", ["plugin": "ledger"], to: Library(version: newest, state: state))
        case .fail(let fault):
          try ledger.build(version: newest + 1, state: 2, fault: fault)
          try ledger.expectRefusal(of: fault)
          libraries[try ledger.recorded().number] = serving
          counts["broken", default: 0] += 1
        case .configure, .limit:
          // The library is as it was, or would be changed too.
          try ledger.build(version: serving.version, state: serving.state)
          settings += 1
          let isLimit = if case .limit = step { true } else { false }
          try ledger.host.write(
            Ledger.manifest(rate: isLimit ? 20_000 + settings : 20_000, delay: isLimit ? 0 : settings)
          )
          try change("apply", ["approve": true], to: serving)
        case .rollback:
          let place = try ledger.recorded().place
          guard let target = libraries.keys.filter({ $0 < place }).max(), let library = libraries[target] else {
            return
          }
          try change("rollback", to: library)
        }
      }

      /// Has something run that is expected to, unless it does not read the state that there is.
      private func change(_ operation: String, _ fields: JSONObject = [:], to library: Library) throws {
        do {
          try ledger.change(operation, fields)
          #expect(library.state >= serving.state, "\(operation) of \(library) after \(serving)")
          serving = library
          libraries[try ledger.recorded().number] = library
          counts[operation, default: 0] += 1
        } catch let refusal as Ledger.Refusal {
          #expect(refusal.description.contains("this one takes at most 1"), "\(operation): \(refusal)")
          #expect(library.state < serving.state, "\(operation) of \(library) after \(serving)")
          counts["refused", default: 0] += 1
        }
      }
    }
  }
}
