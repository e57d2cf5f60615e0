internal import PluginKit
internal import ProviderKit

/// A page of things as Reddit gives it, or all that it says of a submission and its comments.
struct Listing {
  /// The things, in Reddit's order: newest first where it lists what is new, a comment before its answers.
  private(set) var things: [JSON] = []
  /// What stands before the next page; nil: there is none.
  private(set) var after: String?

  /// Reads an answer.
  ///
  /// - Throws: What was expected, of an answer that is none, such as a page for people.
  init(_ answer: RESTAnswer) throws(ProviderError) {
    guard let json = try? JSON.parse(answer.body) else {
      let type = answer.header("content-type") ?? "no type"
      throw ProviderError("expected a listing in JSON, found \(answer.body.count) bytes of \(type)")
    }
    for listing in json.arrayValue ?? [json] {
      guard listing["kind"] == "Listing", let children = listing["data"]?["children"]?.arrayValue else {
        throw ProviderError("expected a listing, found \(listing.summary)")
      }
      for child in children { add(child, depth: 0) }
    }
    // A submission with its comments is two listings, of which none goes on.
    after = json["data"]?["after"]?.stringValue
  }

  /// The deepest answer that is looked for: Reddit shows ten levels, and more under another address.
  private static let depthMax = 64

  private mutating func add(_ thing: JSON, depth: Int) {
    // What Reddit leaves out for its length is there under an address of its own.
    guard thing["kind"] != "more" else { return }
    things.append(thing)
    guard depth < Self.depthMax, let answers = thing["data"]?["replies"]?["data"]?["children"]?.arrayValue else {
      return
    }
    for answer in answers { add(answer, depth: depth + 1) }
  }
}
