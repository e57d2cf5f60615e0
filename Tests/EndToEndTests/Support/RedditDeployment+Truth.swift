import Envelope
import TestSupport
import Testing

/// The index against what those who wrote know.
extension RedditDeployment {
  /// Waits until the index of the first tenant is what things say, and records what differs if it never is.
  func becomes(_ things: [RedditServer.Thing]) {
    var difference = ""
    do {
      _ = try indexed(of: tenants[0], "the index is the truth") { found in
        difference = Self.difference(things, found)
        return difference.isEmpty
      }
    } catch {
      Issue.record("\(error): \(difference)")
    }
  }

  /// What the index says otherwise than those who wrote, in some examples; empty: nothing.
  private static func difference(_ things: [RedditServer.Thing], _ found: [String: JSON]) -> String {
    let missing = things.filter { found[$0.name] == nil }.map(\.name)
    let beyond = Set(found.keys).subtracting(things.map(\.name)).sorted()
    let other = things.filter { found[$0.name] != nil && !isTold($0, found[$0.name]) }.map(\.name)
    return [("missing", missing), ("beyond", beyond), ("other", other)].filter { !$0.1.isEmpty }
      .map { "\($0.1.count) \($0.0): \($0.1.prefix(10).joined(separator: " "))" }.joined(separator: "; ")
  }

  /// Whether a document says what a thing says; of a submission the title stands before.
  private static func isTold(_ thing: RedditServer.Thing, _ document: JSON?) -> Bool {
    document?["text"]?.stringValue?.hasSuffix(thing.text) == true
  }
}
