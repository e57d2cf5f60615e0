/// What an access token lets its bearer do.
///
/// Source: https://www.reddit.com/api/v1/scopes
struct Scopes: Sendable, Hashable, CustomStringConvertible {
  /// Nil: everything, which Reddit writes as `*`.
  private let names: Set<String>?

  /// Reads what Reddit says of a token: names between spaces or commas.
  init(_ text: String) {
    let words = text.split { $0 == " " || $0 == "," }.map(String.init)
    names = words.contains("*") ? nil : Set(words)
  }

  var description: String { names.map { $0.sorted().joined(separator: " ") } ?? "*" }

  func contains(_ scope: String) -> Bool { names?.contains(scope) ?? true }

  /// What is missing of what is needed, in order.
  func missing(of needed: Set<String>) -> [String] { needed.filter { !contains($0) }.sorted() }
}
