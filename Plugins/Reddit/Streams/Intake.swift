internal import PluginKit
internal import ProviderKit

/// Takes things in: has what they mean recorded, and logs what is wrong with them.
@PluginActor
final class Intake {
  /// Envelopes that somebody waits for.
  @PluginActor
  private final class Batch {
    /// How many of them are not recorded yet.
    var open = 0
  }

  /// Kinds of problems that are told apart; what comes beyond is counted alone.
  private static let problemsMax = 100

  let normaliser: Normaliser
  private let context: Context
  private let recorder: Recorder
  /// Told of each thing that is read.
  private let saw: (Thing) -> Void
  private var problems: Set<String> = []

  init(context: Context, normaliser: Normaliser, saw: @escaping (Thing) -> Void) {
    (self.context, self.normaliser, self.saw) = (context, normaliser, saw)
    recorder = Recorder(context)
  }

  /// Publishes envelopes in their order, and returns when they are recorded; false: not before all ends.
  func record(_ envelopes: [Envelope]) async -> Bool {
    let batch = Batch()
    for envelope in envelopes where recorder.takes(envelope.topic) {
      await recorder.room()
      batch.open += 1
      recorder.publish(envelope) { _ in batch.open -= 1 }
    }
    while batch.open > 0, recorder.isWorking { await recorder.change() }
    return batch.open == 0
  }

  /// Whether events of an intent are published at all, as far as is known: what nobody hears of is not recorded.
  func publishes(_ intent: String) -> Bool { recorder.takes(normaliser.account.topic("events", intent)) }

  /// Reads the things of a page; those that are none are left out.
  func read(_ listing: Listing, of path: String) -> [Thing] {
    listing.things.compactMap { json in
      do throws(ProviderError) {
        let thing = try Thing(json)
        saw(thing)
        return thing
      } catch {
        context.metrics.add("thing_problems_total")
        if problems.count < Self.problemsMax, problems.insert(error.description).inserted {
          context.log.warning("a thing is not as Reddit describes it: \(error)", ["listing": .string(path)])
        }
        return nil
      }
    }
  }

  /// Ends: nothing is published again, and nobody waits for that any more.
  func close() { recorder.close() }
}
