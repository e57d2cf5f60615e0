/// What went wrong in an access plugin, in words that say what to do about it.
public struct ProviderError: Error, Hashable, CustomStringConvertible {
  /// The words.
  public let description: String

  /// An error in those words.
  public init(_ description: String) {
    self.description = description
  }
}
