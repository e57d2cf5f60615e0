/// Why a model cannot be used: which file, what was expected there and what was found.
public struct TransformerError: Error, Hashable, CustomStringConvertible {
  /// The words for people.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
