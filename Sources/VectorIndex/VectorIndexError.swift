/// Why there is no index, no vector, or no answer.
package struct VectorIndexError: Error, Hashable, CustomStringConvertible {
  /// What can be done about it.
  package enum Kind: Sendable, Hashable {
    /// There is not enough memory; nothing was changed.
    case memory
    /// A file is no index, or not the one it should be: it is to be made again.
    case damaged
    /// The file cannot be read or written.
    case io
    /// What was given is not what is expected.
    case misuse
  }

  package let kind: Kind
  package let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
